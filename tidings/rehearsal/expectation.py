"""What a scenario expects of its run: parts that are absent are not looked at (contract section 10)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from schemas.faults import Fault, Refused
from schemas.validation import joined
from tidings.rehearsal.outcome import FIELDS

Wanted = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignExpectation:
    """What became of one campaign: rows per state (those named), and the accounts left out."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    state: str | None = None
    rows: Mapping[str, tuple[str, ...]] | None = None
    failed: tuple[Mapping[str, str], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageExpectation:
    """The sum over one channel of one tenant."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    units: int | None = None
    amount: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must, and must not, have happened."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    messages: tuple[Wanted, ...] | None = None
    decisions: tuple[Wanted, ...] | None = None
    no_decisions: tuple[Wanted, ...] | None = None
    campaigns: Mapping[str, CampaignExpectation] | None = None
    usage: Mapping[str, Mapping[str, UsageExpectation]] | None = None
    invoices: tuple[Wanted, ...] | None = None
    consents: tuple[Wanted, ...] | None = None
    refused: tuple[Wanted, ...] | None = None
    statuses: tuple[Wanted, ...] | None = None


MATCHERS = {
    "messages": ("contains", "lacks", "subject_contains"),
    "refused": ("contains",),
}
"""Keys that are no field but say what the texts of a record hold."""


def check(expectation: Expectation, path: str) -> None:
    """Raise Refused for every key that no record of its part has: a slip of the pen must not look like a success."""
    faults: list[Fault] = []
    for part in ("messages", "decisions", "no_decisions", "invoices", "consents", "refused", "statuses"):
        known = (*FIELDS[part.removeprefix("no_")], *MATCHERS.get(part, ()))
        for index, wanted in enumerate(getattr(expectation, part) or ()):
            faults += _faults_of(wanted, known, joined(path, part, index))
    for name, campaign in (expectation.campaigns or {}).items():
        for index, failed in enumerate(campaign.failed or ()):
            faults += _faults_of(failed, ("account", "reason"), joined(path, "campaigns", name, "failed", index))
    if faults:
        raise Refused(*faults)


def _faults_of(wanted: Wanted, known: Iterable[str], path: str) -> Iterator[Fault]:
    known = tuple(known)
    for key, value in wanted.items():
        if key not in known:
            yield Fault(path=joined(path, key), reason=f"unknown key; known are {', '.join(known)}")
        elif key in ("contains", "lacks", "subject_contains") and not _is_texts(value):
            yield Fault(path=joined(path, key), reason="must be text or a list of texts")


def _is_texts(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
