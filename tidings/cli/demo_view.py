"""How the demo shows what becomes of each event: a live table on a terminal, plain lines into a pipe."""

import time
from typing import TYPE_CHECKING

from tidings.cli.output import console, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from tidings.demo.happening import Happening
    from tidings.demo.watch import Watch

_COLOURS = {"✓": "green", "…": "cyan", "–": "yellow", "✗": "red"}
_REFRESHES_A_SECOND = 4
_TABLE_HEIGHT = 36
_TABLE_WIDTH = 100


class View:
    """Tells the steps of the demo and then the standing of its events; `begun` is of the monotonic clock."""

    def __init__(self, watch: "Watch", begun: float) -> None:
        self._watch = watch
        self._console = console()
        self._begun = begun
        self._live: Live | None = None
        self._has_room = self._console.width >= _TABLE_WIDTH and self._console.height >= _TABLE_HEIGHT
        self._said: set[str] = set()

    def step(self, sentence: str) -> None:
        """One thing that was done."""
        self._console.print(f"{self._seconds():6.1f} s  {sentence}", soft_wrap=True)

    def begin(self) -> None:
        """Show the table from now on, where there is a terminal that has room for it."""
        if self._console.is_terminal and self._has_room:
            from rich.live import Live

            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=_REFRESHES_A_SECOND)
            self._live.start()

    def changed(self, event_id: str) -> None:
        """An event's standing changed."""
        if self._live is not None:
            return
        for happening in self._watch.happenings:
            if happening.event_id == event_id:
                for line in self._watch.lines(happening):
                    self._say_once(f"{happening.told}: {line.mark} {line.text}")
                return

    def end(self) -> None:
        """Leave the table as it stands."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self.step(sentence)

    def _table(self) -> "RenderableType":
        rows = table("what happens", "what becomes of it")
        told: set[str] = set()
        for happening in self._watch.happenings:
            rows.add_row(happening.told, self._cell(happening, again=happening.event_id in told))
            told.add(happening.event_id)
        return rows

    def _cell(self, happening: "Happening", *, again: bool) -> "RenderableType":
        from rich.text import Text

        if again:
            return Text("– Nothing: it was taken already", style="yellow")
        lines = self._watch.lines(happening)
        if not lines and not happening.awaits and not happening.is_broken:
            return Text("– Nothing of its own", style="dim")
        return Text("\n").join(Text(f"{line.mark} {line.text}", style=_COLOURS[line.mark]) for line in lines)

    def _seconds(self) -> float:
        return time.monotonic() - self._begun
