"""Every command that somebody types shows one whole call of itself, which its own parser takes."""

import shlex
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tidings.cli.described import Command, commands
from tidings.cli.output import example
from tidings.cli.root import app

TYPED = [command for command in commands() if not command.is_group]


def parsed(words: list[str]) -> tuple[str, ...]:
    """The command that a call leads to, all its options and arguments having been taken; nothing is run."""
    parser: Any = typer.main.get_command(app)
    context = parser.make_context(words[0], words[1:])
    found = [words[0]]
    while hasattr(parser, "commands"):
        # Typer 0.29 keeps the name of the next command there, and has no public way to ask for it.
        name, parser, rest = parser.resolve_command(context, [*context._protected_args, *context.args])
        found.append(name)
        context = parser.make_context(name, rest, parent=context)
    return tuple(found)


@pytest.mark.parametrize("command", TYPED, ids=lambda command: " ".join(command.words))
def test_the_example_of_a_command_is_a_call_of_it(command: Command) -> None:
    assert parsed(shlex.split(command.example)) == command.words


@pytest.mark.parametrize("command", TYPED, ids=lambda command: " ".join(command.words))
def test_help_ends_with_the_example_on_one_line(command: Command) -> None:
    shown = CliRunner().invoke(app, [*command.words[1:], "--help"], env={"COLUMNS": "80"})
    assert shown.output.rstrip().splitlines()[-1].strip() == example(command.example)


def test_a_call_that_the_parser_does_not_take_is_noticed() -> None:
    for call in ("tidings why --event e", "tidings settings shwo", "tidings invoice --tenant a --perid 2026-04"):
        with pytest.raises(typer.TyperException):
            parsed(call.split())
