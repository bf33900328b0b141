"""The command line as data, for its reference page and for tests of what documents say about it."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NAME = "tidings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument or option, as help shows it."""

    shown: str
    sentence: str
    default: str | None
    is_option: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command or group of commands; `words` is how it is called."""

    words: tuple[str, ...]
    sentence: str
    rest: str
    parameters: tuple[Parameter, ...]
    is_group: bool


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
        parameters=tuple(_parameter(each) for each in command.params if not _is_common(each)),
        is_group=bool(members),
    )
    for name, member in members.items():
        yield from _described((*words, name), member)


def _is_common(parameter: Any) -> bool:
    """What Typer adds to the root of every program."""
    return parameter.name in ("help", "install_completion", "show_completion")


def _parameter(parameter: Any) -> Parameter:
    is_option = parameter.param_type_name == "option"
    shown = ", ".join(parameter.opts) if is_option else parameter.metavar or str(parameter.name).upper()
    takes_value = is_option and not parameter.is_flag
    if takes_value:
        shown += f" {parameter.metavar or parameter.type.name.upper()}"
    default = parameter.default
    has_default = default is not None and default is not False and not callable(default)
    return Parameter(
        shown=shown,
        sentence=parameter.help or "",
        default=str(default) if has_default and not parameter.required else None,
        is_option=is_option,
    )
