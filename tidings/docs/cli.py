"""docs/reference/cli.md: every command with its arguments and options."""

from tidings.cli.described import Command, Parameter, commands
from tidings.docs.markdown import block, code, heading, page, table

_INTRO = """
`--json` prints for programs. Exit status: 0 done, 1 something is not as it should be, 2 the input or the settings are
wrong. Settings of the installation are [variables](configuration.md).
"""


def cli() -> str:
    """The page."""
    parts: list[str] = []
    for command in commands():
        level = 2 if len(command.words) < 3 else 3
        parts += [heading(code(" ".join(command.words)), level), command.sentence, command.rest]
        if not command.is_group:
            parts += [block(_usage(command)), f"For example {code(command.example)}."]
        parts.append(_parameters(command.parameters))
    return page("Commands", "`tidings/cli/`", _INTRO, *parts)


def _usage(command: Command) -> str:
    arguments = [each.shown for each in command.parameters if not each.is_option]
    options = ["[options]"] if any(each.is_option for each in command.parameters) else []
    return " ".join((*command.words, *options, *arguments))


def _parameters(parameters: tuple[Parameter, ...]) -> str:
    if not parameters:
        return ""
    rows = [(code(each.shown), _default(each), each.sentence) for each in parameters]
    return table(("argument or option", "default", "meaning"), rows)


def _default(parameter: Parameter) -> str:
    return "must be given" if parameter.is_option and parameter.is_required else code(parameter.default or "")
