"""How commands print: tables and colours on a terminal, plain lines into a pipe, JSON for programs."""

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PIPE_WIDTH = 200


EXAMPLE = "Example: "


def example(command: str) -> str:
    """The end of a command's help: one call as somebody types it."""
    return EXAMPLE + command


def console(*, stderr: bool = False) -> "Console":
    """A console for people; into a pipe it neither colours nor folds what fits into a long line."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(stderr=stderr, highlight=False)
    return Console(stderr=stderr, highlight=False, width=_PIPE_WIDTH, no_color=True)


def table(*columns: str) -> "Table":
    """A table without frames, whose cells fold rather than lose their ends."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_json(value: object, *, indent: int | None = 2) -> None:
    """One JSON value on standard output; with `indent=None` as one line."""
    print(json.dumps(value, indent=indent, ensure_ascii=False), flush=True)
