"""The command line as data, for its reference page and for tests of what documents say about it."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tidings.cli.output import EXAMPLE

_NAME = "tidings"
_VALUES: Mapping[object, str] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument or option, as help shows it."""

    shown: str
    sentence: str
    default: str | None
    is_option: bool
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command or group of commands; `words` is how it is called, `example` a whole call, empty for a group."""

    words: tuple[str, ...]
    sentence: str
    rest: str
    parameters: tuple[Parameter, ...]
    is_group: bool
    example: str


def commands() -> tuple[Command, ...]:
    """All commands and groups in the order of `tidings --help`, the root first."""
    import typer

    from tidings.cli.root import app

    return tuple(_described((_NAME,), typer.main.get_command(app)))


def _described(words: tuple[str, ...], command: Any) -> Iterator[Command]:
    sentence, _, rest = inspect.cleandoc(command.help or "").partition("\n\n")
    members = getattr(command, "commands", {})
    yield Command(
        words=words,
        sentence=sentence.replace("\n", " "),
        rest=rest,
        parameters=tuple(_parameter(each) for each in command.params if not _is_left_out(each)),
        is_group=bool(members),
        example=(command.epilog or "").removeprefix(EXAMPLE),
    )
    for name, member in members.items():
        yield from _described((*words, name), member)


def _is_left_out(parameter: Any) -> bool:
    """What Typer adds to the root of every program, and what is between programs only."""
    return parameter.name in ("help", "install_completion", "show_completion") or getattr(parameter, "hidden", False)


def _parameter(parameter: Any) -> Parameter:
    is_option = parameter.param_type_name == "option"
    value = parameter.metavar or ("" if is_option and parameter.is_flag else _placeholder(parameter))
    shown = " ".join(part for part in (", ".join(parameter.opts) if is_option else "", value) if part)
    default = parameter.default
    is_told = not parameter.required and default not in (None, False) and not callable(default)
    return Parameter(
        shown=shown,
        sentence=parameter.help or "",
        default=str(default) if is_told else None,
        is_option=is_option,
        is_required=bool(parameter.required),
    )


def _placeholder(parameter: Any) -> str:
    taken = parameter.type_descriptor.annotation
    if isinstance(taken, type) and issubclass(taken, Enum):
        return "|".join(str(each.value) for each in taken)
    words = parameter.name.upper() if parameter.param_type_name == "argument" else _VALUES[taken]
    return f"{words}…" if parameter.nargs == -1 else words
