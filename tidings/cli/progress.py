"""A bar on the terminal for what takes long, such as reading a whole topic; it goes when the work is done."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidings.cli.output import console
from tidings.progress import heard_by

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0
"""A command that is done sooner shows none."""


class Bar:
    """Hears how far the work has come, and shows it once a command takes long."""

    def __init__(self, screen: "Console", clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._since: float | None = None
        self._shown: Progress | None = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """So much is done."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        if done >= total or what != self._what:
            self.end()
        self._what = what
        if done < total and now - self._since >= PATIENCE_SECONDS:
            self._show(done, total)

    def end(self) -> None:
        """Take the bar away: what a command says stands there alone."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None

    def _show(self, done: int, total: int) -> None:
        from rich.progress import Progress

        if self._shown is None:
            self._shown = Progress(console=self._screen, transient=True)
            self._shown.add_task(self._what, total=total)
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=done)


@contextmanager
def shown() -> Iterator[None]:
    """What takes long inside the block is shown on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    bar = Bar(console(stderr=True))
    try:
        with heard_by(bar):
            yield
    finally:
        bar.end()
