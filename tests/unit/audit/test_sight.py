"""What is said of each kind of record in the catalogue is so: one removed, one doubled, one that says another thing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, cast

import pytest

import schemas.replacing
from schemas.topics import TOPICS
from tests.unit.audit.test_audit import SCENARIOS, log_of
from tidings.audit.auditing import audited
from tidings.audit.placed import Placed
from tidings.audit.scope import Scope
from tidings.audit.sight import SIGHTS

_CAPPED = "only-what-leaves-counts-into-a-cap"
_ERASED = "erasure-finds-what-is-held-parked-and-collected"
_BLOCKS = "each-further-block-is-billed-the-month-after"
_PARKED = "parked-texts-leave-oldest-first-and-a-new-one-does-not-queue"
_UNSUBSCRIBED = "an-unsubscribe-link-names-its-message-and-stops-marketing"
_JOINED = "who-leaves-a-programme-may-join-again"
SAMPLES = {
    ("audience", "Answered"): ("gates-are-asked-in-their-order", 0),
    ("audience", "Candidate"): (_PARKED, 4),
    ("audience", "Message"): (_CAPPED, 2),
    ("audience", "PlaceGivenBack"): (_CAPPED, 1),
    ("audience", "Portion"): ("starting-a-route-tells-each-stop-once", 5),
    ("audience", "Unsaid"): ("who-was-not-told-may-be-invited-again", 0),
    ("audience", "Unsayable"): ("quiet-hours-come-before-caps-and-money-comes-last", 0),
    ("billing.invoices", "Invoice"): (_BLOCKS, 9),
    ("billing.terms", "Terms"): (_ERASED, 1),
    ("billing.usage", "Usage"): (_PARKED, 1),
    ("charges", "CreditChange"): (_CAPPED, 0),
    ("charges", "Message"): (_CAPPED, 2),
    ("charges", "Withdrawal"): (_ERASED, 6),
    ("consent-changes", "ConsentChange"): (_CAPPED, 0),
    ("consents", "Consent"): (_JOINED, 3),
    ("dead-letters", "DeadLetter"): (_UNSUBSCRIBED, 0),
    ("decisions", "Decision"): (_BLOCKS, 21),
    ("delivery.commands.*", "Message"): (_PARKED, 1),
    ("delivery.commands.*", "Withdrawal"): (_ERASED, 31),
    ("delivery.reports", "LaterReport"): ("a-providers-later-report-may-stop-an-address", 1),
    ("delivery.reports", "Unsubscribed"): (_UNSUBSCRIBED, 0),
    ("delivery.reports", "Whereabouts"): ("quiet-hours-come-before-caps-and-money-comes-last", 0),
    ("delivery.statuses", "DeliveryStatus"): (_BLOCKS, 10),
    ("events", "Event"): (_BLOCKS, 16),
    ("messages", "Candidate"): (_BLOCKS, 6),
    ("messages", "ContactUpdate"): (_ERASED, 2),
    ("messages", "Heard"): (_JOINED, 2),
    ("messages", "LastSent"): (_CAPPED, 3),
    ("messages", "Withdrawal"): (_ERASED, 3),
    ("settings", "TenantSettings"): (_ERASED, 0),
    ("settings.versions", "TenantSettings"): ("starting-a-route-tells-each-stop-once", 1),
}
"""Topic and record → a scenario, and which record of this kind in it."""
NO_SAMPLE = {
    ("audience", "Event"): "comes under a wrong key only",
    ("audience", "Withdrawal"): "needs a text that waits at its recipient's allowance",
    ("audience", "ParkingOver"): "nothing depends on it",
    ("ticks", "Tick"): "is not read",
    ("ticks", "Alarm"): "is not read",
    ("delivery.commands.*", "Verdict"): "is a person's",
    ("ledger.*", "LedgerEntry"): "is a gateway's (test_audit.py)",
    ("dead-letters", "Replay"): "is a person's",
}
KINDS = {(each.topic, each.record.__name__): each for each in SIGHTS}


def family(topic: str) -> str:
    for beginning in ("delivery.commands.", "ledger."):
        if topic.startswith(beginning):
            return f"{beginning}*"
    return topic


def test_every_kind_of_record_in_the_catalogue_is_spoken_of_and_sampled() -> None:
    catalogue = {(family(topic.name), record.__name__) for topic in TOPICS for record in topic.records}
    assert {*KINDS} == catalogue
    assert {*SAMPLES} | {*NO_SAMPLE} == catalogue
    assert not {*SAMPLES} & {*NO_SAMPLE}


@cache
def log(name: str) -> tuple[Placed, ...]:
    records, _ = log_of(next(SCENARIOS.rglob(f"{name}.yaml")))
    return tuple(records)


def sample(kind: tuple[str, str]) -> tuple[list[Placed], int]:
    name, number = SAMPLES[kind]
    records = [*log(name)]
    alike = [at for at, each in enumerate(records) if (family(each.topic), type(each.value).__name__) == kind]
    return records, alike[number]


def differences(records: list[Placed], meant: Placed) -> Counter[tuple[str, bool]]:
    """What an audit finds while all of it is kept; who cuts a log in its middle may leave some of it undone."""
    now = meant.at + timedelta(days=5)
    return Counter((str(each), each.is_repeat) for each in audited(records, Scope(now=now, settled=now)).differences)


@pytest.mark.parametrize("kind", SAMPLES, ids="-".join)
def test_a_removed_one_and_a_doubled_one_are_found_as_it_is_said(kind: tuple[str, str]) -> None:
    sight, (records, at) = KINDS[kind], sample(kind)
    before = differences(records, records[at])
    without = differences([*records[:at], *records[at + 1 :]], records[at]) - before
    if not sight.removed:
        assert without
    twice = differences([*records, records[at]], records[at]) - before
    assert bool(twice) == (not sight.doubled)
    assert all(is_repeat for _, is_repeat in twice)


@pytest.mark.parametrize("kind", SAMPLES, ids="-".join)
def test_one_that_says_another_thing_is_found_as_it_is_said(kind: tuple[str, str]) -> None:
    sight, (records, at) = KINDS[kind], sample(kind)
    before, meant = differences(records, records[at]), records[at]
    found: dict[str, bool] = {}
    for name, value in others(meant.value).items():
        altered = replace(meant, value=schemas.replacing.replace(cast("Any", meant.value), **{name: value}))
        found[name] = bool(differences([*records[:at], altered, *records[at + 1 :]], meant) - before)
    assert found
    assert {name for name, is_found in found.items() if not is_found} <= {*sight.unseen}, sight


def test_what_is_said_to_be_unseen_is_a_field() -> None:
    for sight in SIGHTS:
        known = {each.name for each in fields(cast("Any", sight.record))}
        assert {*sight.unseen} <= known, sight


def others(value: object) -> Mapping[str, object]:
    """Another value for each field that has one which can be changed."""
    made = {each.name: other(getattr(value, each.name)) for each in fields(cast("Any", value))}
    return {name: another for name, another in made.items() if another is not None}


def other(value: object) -> object:  # noqa: PLR0911 - one for each type that records are made of
    match value:
        case bool():
            return not value
        case StrEnum():
            return next(each for each in type(value) if each is not value)
        case str():
            return f"{value}x"
        case int() | Decimal():
            return value + 7
        case datetime():
            return value + timedelta(minutes=7)
        case bytes():
            return value + b"x"
        case tuple():
            return value[:-1] if value else None
        case dict():
            return {**value, "another": b"x" if any(isinstance(each, bytes) for each in value.values()) else "x"}
        case _ if is_dataclass(value):
            name, changed = next(iter(others(value).items()))
            return schemas.replacing.replace(cast("Any", value), **{name: changed})
    return None
