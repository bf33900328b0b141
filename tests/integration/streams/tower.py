"""Workers of the stage chimes as real processes, and what goes in and comes out of them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas import wire
from schemas.dead_letter import DeadLetter
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.topics import AUDIENCE, DEAD_LETTERS, EVENTS, Topic
from streams import topics_admin
from streams.client import publisher, read_to_end
from tests.integration.streams.chimes import CHIMES, installation
from tidings.config import Installation

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 120.0


@dataclass(kw_only=True)
class Tower:
    """One installation with the stage chimes; `close` ends all of its workers."""

    installation: Installation
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    async def build(cls, bootstrap_servers: str, prefix: str, home: Path) -> "Tower":
        tower = cls(installation=installation(bootstrap_servers, prefix, home, "none"))
        await topics_admin.apply(tower.installation, (CHIMES,))
        return tower

    async def start(self, name: str = "w1", **settings: Any) -> subprocess.Popen[bytes]:
        """A worker that is ready."""
        process, ready = self.launch(name, **settings)
        line = await asyncio.to_thread(os.read, ready, 100)
        os.close(ready)
        assert line == b"ready\n", self.log(name)
        return process

    def launch(self, name: str, **settings: Any) -> tuple[subprocess.Popen[bytes], int]:
        """A worker that is starting, and the descriptor on which it will say that it is ready."""
        read, write = os.pipe()
        kafka, home = self.installation.kafka, self.installation.home
        with self.log_path(name).open("ab") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.integration.streams.chimes"),
                    *(kafka.bootstrap_servers, kafka.topic_prefix, str(home), name, str(write), json.dumps(settings)),
                ],
                cwd=ROOT,
                pass_fds=(write,),
                stdout=log,
                stderr=log,
            )
        os.close(write)
        self.workers.append(process)
        return process, read

    def log_path(self, name: str) -> Path:
        return self.installation.home / f"{name}.log"

    def log(self, name: str) -> str:
        return self.log_path(name).read_text()[-5000:]

    async def ring(self, ids: Iterable[str], *, poison: str | None = None) -> None:
        """Publish one event per id."""
        async with publisher(self.installation.kafka, EVENTS) as to:
            events = [_event(each, poison) for each in ids]
            sendings = []
            for event in events:
                encoded = wire.encode(event)
                sendings.append(to.send(EVENTS, event.key.encode(), encoded.value, encoded.headers))
            await asyncio.gather(*sendings)

    async def publish_raw(self, value: bytes, key: bytes = b"chimes|x") -> None:
        async with publisher(self.installation.kafka, EVENTS) as to:
            await to.send(EVENTS, key, value)

    async def answers(self, until: Callable[[Counter[str]], bool]) -> Counter[str]:
        """How often each answer stands in the log, as soon as `until` holds, or at the end of our patience."""
        return await self._read(AUDIENCE, lambda record: record.id, until)

    async def dead_letters(self, count: int) -> list[DeadLetter]:
        letters: dict[str, DeadLetter] = {}

        def remember(letter: DeadLetter) -> str:
            letters[letter.id] = letter
            return letter.id

        await self._read(DEAD_LETTERS, remember, lambda ids: len(ids) >= count)
        return [letters[each] for each in sorted(letters)]

    async def _read(
        self, topic: Topic, name: Callable[..., str], until: Callable[[Counter[str]], bool]
    ) -> Counter[str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [
                name(wire.decode(topic, each.key, each.value, each.headers))
                async for each in read_to_end(self.installation.kafka, topic)
            ]
            counted = Counter(found)
            if until(counted) or time.monotonic() > deadline:
                return counted
            await asyncio.sleep(0.1)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when the condition holds; fail at the end of our patience."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.1)

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


def _event(event_id: str, poison: str | None) -> Event:
    values = {} if poison is None else {"poison": poison}
    subject = f"c{sum(event_id.encode()) % 100}"
    data = FreeRecord(values=values)
    return Event(id=event_id, type="bell.rung", tenant="chimes", subject=subject, time=datetime.now(UTC), data=data)
