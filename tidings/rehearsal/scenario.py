"""A scenario file: a story with a known end, typed and checked (contract section 10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from schemas.faults import Fault, Refused
from schemas.validation import joined, parse
from schemas.values import Instant, instant_from_text
from schemas.words import Status
from tidings.rehearsal.expectation import Expectation, check
from tidings.yaml_text import read_yaml

Document = Mapping[str, object]

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBefore:
    """What one address had agreed to before the start."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    address: str
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event as the file has it; `time` is None when it cannot be read. What is wrong with it the run will say."""

    document: Document
    time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The state before the start, what happens, what the providers answer, and what is expected."""

    name: str
    why: str | None
    start: datetime
    until: datetime
    settings: Mapping[str, Document]
    contacts: Mapping[str, tuple[Document, ...]]
    consents: Mapping[str, tuple[ConsentBefore, ...]]
    providers: Mapping[str, tuple[str, ...]]
    items: tuple[Item, ...]
    expect: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """The file, key by key."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    until: Instant
    name: str | None = None
    why: str | None = None
    start: Instant | None = None
    settings: Mapping[str, Document] = field(default_factory=dict)
    contacts: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    consents: Mapping[str, tuple[ConsentBefore, ...]] = field(default_factory=dict)
    providers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    events: tuple[Document, ...] = ()
    expect: Expectation = field(default_factory=Expectation)


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file; raises Refused with a path, or a line, for each thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(Fault(path="", reason=f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError as error:
        raise Refused(Fault(path="", reason=f"is not UTF-8: byte {error.object[error.start]:#04x}")) from None
    return scenario_from_text(text, name=path.stem)


def scenario_from_text(text: str, *, name: str = "scenario") -> Scenario:
    """The scenario that a YAML text says; `name` is taken when it has none."""
    written = parse(_Written, read_yaml(text))
    check(written.expect, "expect")
    _check_contacts(written.contacts)
    _check_answers(written.providers)
    if written.start is not None and written.start > written.until:
        raise Refused(Fault(path="start", reason="must not be after until"))
    items = tuple(_item(number, document) for number, document in enumerate(written.events, start=1))
    return Scenario(
        name=written.name or name,
        why=written.why,
        start=written.start or _first_time(items, written.until),
        until=written.until,
        settings=written.settings,
        contacts=written.contacts,
        consents=written.consents,
        providers=written.providers,
        items=items,
        expect=written.expect,
    )


def _item(number: int, document: Document) -> Item:
    """`at` is another word for `time`; an id that is left out is the type and the place in the file."""
    made = dict(document)
    if "at" in made and "time" not in made:
        made["time"] = made.pop("at")
    made.setdefault("id", f"{made.get('type', 'event')}#{number}")
    return Item(document=made, time=_time(made.get("time")))


def _time(value: object) -> datetime | None:
    try:
        return instant_from_text(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _first_time(items: tuple[Item, ...], until: datetime) -> datetime:
    first = next((item.time for item in items if item.time is not None), until)
    return min(first, until)


def _check_contacts(contacts: Mapping[str, tuple[Document, ...]]) -> None:
    faults = [
        Fault(path=joined("contacts", tenant, index, "id"), reason="must be text, and be there")
        for tenant, people in contacts.items()
        for index, person in enumerate(people)
        if not isinstance(person.get("id"), str)
    ]
    if faults:
        raise Refused(*faults)


def _check_answers(providers: Mapping[str, tuple[str, ...]]) -> None:
    words = {*Status, "timeout", "machine", "returned"}
    faults = [
        Fault(
            path=joined("providers", address, index),
            reason=f"{answer!r} is no answer; known are failed:<code>, {', '.join(sorted(words))}",
        )
        for address, answers in providers.items()
        for index, answer in enumerate(answers)
        if answer not in words and not (answer.startswith("failed:") and answer != "failed:")
    ]
    if faults:
        raise Refused(*faults)
