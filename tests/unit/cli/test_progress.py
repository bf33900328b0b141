"""What takes long is shown on a terminal, and leaves nothing behind."""

import io

from rich.console import Console
from typer.testing import CliRunner

from tidings.cli.progress import PATIENCE_SECONDS, Bar
from tidings.cli.root import app
from tidings.progress import counted, heard_by, tell

HIDE_CURSOR = "\x1b[?25l"


class Terminal:
    """A terminal and a clock by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._file = io.StringIO()
        screen = Console(file=self._file, force_terminal=True, width=80)
        self.bar = Bar(screen, lambda: self.now)

    @property
    def text(self) -> str:
        return self._file.getvalue()


def test_what_is_done_soon_is_not_shown() -> None:
    terminal = Terminal()
    for done in (0, 50, 100):
        terminal.bar("Reading topic events", done, 100)
    terminal.bar.end()
    assert terminal.text == ""


def test_what_takes_long_is_shown_until_it_is_done() -> None:
    terminal = Terminal()
    terminal.bar("Reading topic events", 0, 200)
    terminal.now = PATIENCE_SECONDS
    terminal.bar("Reading topic events", 50, 200)
    assert "Reading topic events" in terminal.text
    terminal.bar("Reading topic events", 100, 200)
    terminal.bar("Reading topic events", 200, 200)
    assert "50%" in terminal.text
    assert terminal.text.count(HIDE_CURSOR) == 1
    assert terminal.text.endswith("\x1b[2K"), "the line is empty again"


def test_the_next_work_of_a_command_that_takes_long_is_shown_at_once() -> None:
    terminal = Terminal()
    terminal.bar("Reading topic events", 0, 10)
    terminal.now = PATIENCE_SECONDS
    terminal.bar("Reading topic events", 10, 10)
    terminal.bar("Trying events", 0, 10)
    terminal.bar("Publishing", 0, 10)
    terminal.bar.end()
    assert "Reading topic events" not in terminal.text
    assert "Trying events" in terminal.text
    assert "Publishing" in terminal.text


def test_work_says_how_far_it_has_come_to_whoever_listens() -> None:
    heard: list[tuple[str, int, int]] = []
    tell("Nobody hears", 1, 2)
    with heard_by(lambda *told: heard.append(told)):
        assert list(counted("Trying events", range(150))) == list(range(150))
        assert list(counted("Trying none", [])) == []
    tell("Nobody hears", 2, 2)
    assert heard == [
        ("Trying events", 0, 150),
        ("Trying events", 100, 150),
        ("Trying events", 150, 150),
        ("Trying none", 0, 0),
    ]


def test_into_a_pipe_nothing_of_it_goes() -> None:
    events = "\n".join(["{}"] * 3_000)
    result = CliRunner().invoke(app, ["publish", "-"], input=events)
    assert "Publishing" not in result.output
