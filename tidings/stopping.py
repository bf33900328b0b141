"""Stopping: a process that was told to stop ends within a bounded time, whatever it still waits for.

An idempotent producer tries for ever to send what it has taken (aiokafka 0.14.0), so without its broker a process in
the middle of a unit of work would never end in order. Then it ends as after a power cut, which loses nothing: what was
not stored is performed again by the next start.
"""

import os
import threading

WORKER_STOP_SECONDS = 10.0
"""No longer than a session: later, others may own what this process would still write."""

GATEWAY_STOP_SECONDS = 25.0
"""A gateway waits for the answers of its provider first, for 20 s at most (`gateways.consumer`)."""


def end_within(limit_seconds: float, name: str) -> None:
    """Call when told to stop: what has not ended in order by then says so and exits with 70.

    A thread counts, since the event loop may be what hangs.
    """
    timer = threading.Timer(limit_seconds, _end, (limit_seconds, name))
    timer.daemon = True
    timer.start()


def _end(limit_seconds: float, name: str) -> None:
    waited = f"{name} ends: it was told to stop {limit_seconds:g} s ago and still waits"
    os.write(2, f"{waited}; what is not stored is done again\n".encode())
    os._exit(os.EX_SOFTWARE)
