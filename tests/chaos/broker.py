"""The broker of a chaos run: one of its own, which may be killed and comes back with its data."""

import asyncio
import os
import signal
import time
from pathlib import Path

from deploy import local_kafka
from tests.ports import free_port

_DOWN_SECONDS = 1.0


class Broker:
    """Started by `start`, thrown away by `close`; its port stays the same."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._settings = local_kafka.BrokerSettings(
            port=free_port(), log_cleaner_backoff_ms=1000, start_limit_seconds=180.0
        )
        self._running: local_kafka.RunningBroker | None = None
        self.kills = 0

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given."""
        return f"127.0.0.1:{self._settings.port}"

    async def start(self) -> None:
        """Return when it serves."""
        self._running = await asyncio.to_thread(local_kafka.start, self._home, self._settings)

    async def kill_and_restart(self) -> float:
        """SIGKILL, a moment without any broker, and the same broker again; the time of the kill."""
        self.kill()
        at = time.time()
        self.kills += 1
        await asyncio.sleep(_DOWN_SECONDS)
        await self.start()
        return at

    def kill(self) -> None:
        """SIGKILL; when this returns it is gone, and `start` brings the same broker back."""
        assert self._running is not None
        os.kill(self._running.pid, signal.SIGKILL)
        os.waitpid(self._running.pid, 0)
        self._running = None

    def close(self) -> None:
        """Kill it, since nobody needs its data any more, and let its home forget it."""
        if self._running is not None:
            self.kill()
        local_kafka.stop(self._home)
