"""Ports for the servers that tests start: none of them is given to anybody else, though its server has ended."""

from contextlib import ExitStack

from deploy.local_kafka.ports import held_port

_HELD = ExitStack()
"""Until this process ends: a broker that was killed comes back to its port."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that nobody gets by chance, in whichever process."""
    return _HELD.enter_context(held_port())
