"""Errors that a command may end with, as one or two plain sentences and an exit status."""

import os
import re
import sys
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from tidings.cli.progress import shown

FAILED = 1
INVALID = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An error class by its name, so that none is imported for a command that cannot raise it."""

    module: str
    name: str
    status: int
    before: str = ""
    after: str = ""


_KNOWN = (
    _Known(module="tidings.config", name="InvalidConfiguration", status=INVALID, before="The settings do not hold. "),
    _Known(module="schemas.faults", name="Refused", status=INVALID),
    _Known(module="streams.unavailable", name="TopicMissing", status=FAILED, after=" `tidings topics apply` makes it."),
    _Known(module="streams.unavailable", name="BrokerRefuses", status=FAILED),
    _Known(module="streams.unavailable", name="NotAllowed", status=os.EX_CONFIG),
    _Known(
        module="streams.unavailable",
        name="Unavailable",
        status=FAILED,
        after=" `tidings broker start` starts one on this machine; "
        "TIDINGS_KAFKA__BOOTSTRAP_SERVERS names another. `tidings doctor` looks closer.",
    ),
    _Known(
        module="schemas.codec",
        name="SchemasUnavailable",
        status=FAILED,
        before="The schema registry does not help. ",
        after=" TIDINGS_SCHEMA_REGISTRY__URL names another.",
    ),
    _Known(module="streams.topics_admin", name="NotApplied", status=FAILED),
    _Known(module="streams.quiescence", name="NotQuiet", status=FAILED),
    _Known(module="tidings.rehearsal.worker_process", name="WorkerEnded", status=FAILED),
    _Known(module="deploy.local_kafka.errors", name="LocalKafkaError", status=FAILED),
    _Known(module="deploy.mailbox.server", name="PortTaken", status=FAILED),
)


class Commands(TyperGroup):
    """The root of all commands: shows what takes long, and turns errors that are no mistake of ours into sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is not in the table above is a mistake of ours and keeps its traceback."""
        try:
            with shown():
                return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _in_plain_words(error.message)
            raise
        except Exception as error:
            known = _recognised(error)
            if known is None:
                raise
            typer.echo(_told(error, known), err=True)
            raise typer.Exit(known.status) from None


def told(error: Exception) -> str:
    """A known error as commands tell it, with what can be done."""
    known = _recognised(error)
    return str(error) if known is None else _told(error, known)


def _told(error: Exception, known: _Known) -> str:
    text = f"{known.before}{str(error).removesuffix('.')}.{known.after}"
    return text if _begins_with_a_name(error) else text[:1].upper() + text[1:]


def fail(message: str, status: int = FAILED) -> typer.Exit:
    """Say why on standard error; the caller raises what is returned."""
    typer.echo(message, err=True)
    return typer.Exit(status)


def _in_plain_words(said: str) -> str:
    """What Typer 0.29 says of a value that an option does not take, without the words of its validation."""
    for pattern, words in _PLAIN.items():
        found = re.search(pattern, said)
        if found is not None:
            return words.format(*found.groups())
    return said


_PLAIN = {
    r"valid integer": "must be a whole number",
    r"valid number": "must be a number",
    r"greater than or equal to ([\d.-]+)": "must be at least {0}",
    r"less than or equal to ([\d.-]+)": "must be at most {0}",
    r"^Value error, (.+?)\.?$": "{0}",
}


def _begins_with_a_name(error: Exception) -> bool:
    """A path, or what somebody typed, stays as it is."""
    return any(fault.path for fault in getattr(error, "faults", ())[:1])


def _recognised(error: Exception) -> _Known | None:
    for known in _KNOWN:
        module = sys.modules.get(known.module)
        if module is not None and isinstance(error, getattr(module, known.name)):
            return known
    return None
