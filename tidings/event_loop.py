"""The event loop of workers and gateways: uvloop, and one that lets go of a TLS connection when told to."""

import asyncio
from typing import Any

import uvloop

TLS_CLOSE_SECONDS = 1.0
"""How long a closed TLS connection may wait for the other side to agree.

uvloop 0.23 waits for 30 s, also for a broker that is still being asked for records, so that a consumer which has read
what it wanted needs that long to stop (https://github.com/MagicStack/uvloop/issues/471 is of this kind).
"""


def use_uvloop() -> None:
    """Let `asyncio.run`, and whatever else makes an event loop in this process, make this one."""
    asyncio.set_event_loop_policy(_Policy())


class Loop(uvloop.Loop):
    """uvloop, for which a TLS connection that we open is closed soon after we close it."""

    async def create_connection(self, *arguments: Any, **named: Any) -> Any:
        if named.get("ssl"):
            named.setdefault("ssl_shutdown_timeout", TLS_CLOSE_SECONDS)
        return await super().create_connection(*arguments, **named)


class _Policy(uvloop.EventLoopPolicy):  # type: ignore[misc]  # uvloop 0.23 makes it when asked for, untyped
    def _loop_factory(self) -> uvloop.Loop:
        return Loop()
