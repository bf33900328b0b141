"""How far a long piece of work has come: whoever does it says so, and nobody hears unless somebody listens."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

Listener = Callable[[str, int, int], None]
"""Is told what is done, how much of it, and how much there is in all."""

_STEP = 100
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(what: str, done: int, total: int) -> None:
    """So much is done; all of it when `done` is `total`."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)


def counted(what: str, items: Sequence[T]) -> Iterator[T]:
    """The items, of which is told how many were taken."""
    for number, item in enumerate(items):
        if number % _STEP == 0:
            tell(what, number, len(items))
        yield item
    tell(what, len(items), len(items))


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Inside the block, and in the tasks that it starts, the listener is told."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
