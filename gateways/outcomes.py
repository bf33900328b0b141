"""What the sandbox answers: a plan of outcomes, out of a TOML file and the command line.

    seed = 7
    latency_seconds = 0.2

    [[outcomes]]
    to = "+1202555*"
    answer = "failed:30003"
    share = 0.1

The first outcome that fits a message is taken. Shares are drawn from the seed and the message's id, so that the same
message meets the same fate in every run.
"""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, PlainValidator

from schemas.faults import Fault, Refused
from schemas.message import Message
from schemas.validation import parse, shown_value
from schemas.words import Channel, Status

TIMED_OUT = "timeout"
WORDS = {"machine": Status.VOICEMAIL_LEFT, "returned": Status.UNDELIVERED}
"""Words of the contract for what a provider answers that are no status (contract section 10)."""
_OURS = (Status.EXPIRED, Status.SUPPRESSED, Status.CANCELLED)


def _answer(word: str) -> str:
    name, _, code = word.partition(":")
    if word == TIMED_OUT or word in WORDS or (name == Status.FAILED and code):
        return word
    if word in set(Status) - set(_OURS):
        return word
    known = ", ".join((*(each for each in Status if each not in _OURS), "failed:<code>", TIMED_OUT, *WORDS))
    raise ValueError(f"no provider answers {word!r}; there are {known}")


def _answers(value: object) -> str | tuple[str, ...]:
    """One function and no union of types, whose faults would name all of its members."""
    if isinstance(value, str):
        return _answer(value)
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise ValueError(f"must be an answer or a list of answers, not {shown_value(value)}")
    return tuple(map(_answer, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of the messages that fit: the answer to each, or to each attempt in turn and then `delivered`.

    `to` is a pattern with `*`, `?` and `[…]`. `after_seconds` is how long the report of it comes after the acceptance.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    answer: Annotated[str | tuple[str, ...], PlainValidator(_answers)]
    to: str = "*"
    channel: Channel | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    after_seconds: Annotated[float, Field(ge=0)] = 0.0

    def word(self, attempt: int) -> str:
        """The answer to an attempt, counted from 1."""
        if isinstance(self.answer, str):
            return self.answer
        return self.answer[attempt - 1] if attempt <= len(self.answer) else Status.DELIVERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All outcomes, in order; what fits none is delivered. `latency_seconds` passes before every answer."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    outcomes: tuple[Outcome, ...] = ()
    seed: int = 0
    latency_seconds: Annotated[float, Field(ge=0)] = 0.0

    def of(self, message: Message) -> Outcome:
        """The outcome of one message, the same whenever it is asked for."""
        for number, outcome in enumerate(self.outcomes):
            fits = outcome.channel in (None, message.channel) and fnmatchcase(message.to.lower(), outcome.to.lower())
            if fits and _drawn(self.seed, number, message.message_id) < outcome.share:
                return outcome
        return Outcome(answer=Status.DELIVERED)

    def before(self, outcomes: Iterable[Outcome]) -> "Plan":
        """The plan with other outcomes looked at first."""
        return replace(self, outcomes=(*outcomes, *self.outcomes))


def read_plan(path: Path | None) -> Plan:
    """The plan of a file; raises Refused with one fault per thing that is wrong."""
    if path is None:
        return Plan()
    try:
        plain = tomllib.loads(path.read_text())
    except OSError as error:
        raise Refused(Fault(path=str(path), reason=f"cannot be read: {error.strerror}")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(Fault(path=str(path), reason=f"is no TOML: {error}")) from None
    return parse(Plan, plain)


def outcome_of(text: str) -> Outcome:
    """An outcome as the command line says it: `+1202555*=failed:30003`; raises Refused."""
    pattern, equals, word = text.rpartition("=")
    if not equals:
        raise Refused(Fault(path=text, reason="is no PATTERN=ANSWER, such as '+1202555*=failed:30003'"))
    return parse(Outcome, {"to": pattern, "answer": word})


def _drawn(seed: int, number: int, message_id: str) -> float:
    """From 0 to below 1, evenly over message ids."""
    digest = hashlib.sha256(f"{seed}/{number}/{message_id}".encode()).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)
