"""What holds of a whole worker, as a process with a broker."""

import asyncio
import re
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from schemas.topics import PARTITIONS
from streams.crash import ExitCode
from streams.naming import changelog_name
from tests.contracts.upgrade import promised
from tests.integration.streams.chimes import CHIMES
from tests.integration.streams.tower import Tower

_LISTENS = "0A"
_SESSION_SECONDS = 60
"""More than a kill and a start take on any machine that tests run on."""


def _listening(pid: int) -> list[str]:
    """The local addresses on which a process listens."""
    ours = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            ours.add(descriptor.readlink().name)
        except OSError:  # closed meanwhile
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and f"socket:[{fields[9]}]" in ours:
                found.append(fields[1])
    return found


def _generations(log: str) -> list[str]:
    return re.findall(r"Joined group '[^']*tidings-chimes' \(generation (\d+)\)", log)


async def test_a_worker_listens_nowhere_and_comes_back_without_disturbing_its_group(tower: Tower) -> None:
    worker = await tower.start(session_seconds=_SESSION_SECONDS)
    if sys.platform == "linux":
        promised(
            _listening(worker.pid) == [],
            "that a worker opens no port: Faust's web server stays off.",
            "streams.worker._Worker and the setting web_enabled in streams.app",
        )
    worker.kill()
    await asyncio.to_thread(worker.wait)
    await tower.start(session_seconds=_SESSION_SECONDS)
    generations = _generations(tower.log_path("w1").read_text())
    promised(
        len(generations) == 2 and len(set(generations)) == 1,
        f"that a static member keeps its generation when it is killed and comes back; it had {generations}.",
        "streams.app._settings_of, which names the member,",
    )


async def test_a_foreign_append_to_the_changelog_ends_the_worker(tower: Tower) -> None:
    worker = await tower.start()
    producer = AIOKafkaProducer(bootstrap_servers=tower.installation.kafka.bootstrap_servers)
    await producer.start()
    try:
        topic = changelog_name(tower.installation, CHIMES.name)
        foreign = (producer.send_and_wait(topic, b"v", b"\x00foreign", partition=each) for each in range(PARTITIONS))
        await asyncio.gather(*foreign)
    finally:
        await producer.stop()
    await tower.ring(["e0"])
    code = await asyncio.to_thread(worker.wait)
    promised(
        code == ExitCode.CRASHED and "another worker wrote, too" in tower.log("w1"),
        f"that an append which lands elsewhere than expected is noticed; the worker ended with {code}.",
        "streams.journal.Journal.append",
    )
