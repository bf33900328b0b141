"""Trials: the same events under two settings, and what differs in what leaves."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.consent import Consent
from schemas.contact import Contact
from schemas.merge_patch import merge_patch
from schemas.state import TenantSettings
from schemas.validation import parse
from schemas.wire import event_from_mapping
from tests.unit.processors.world import ANN, PANTRY
from tidings.preview import Happened, Setting
from tidings.trial import Change, Trial, try_out

START = datetime(2026, 6, 1, 14, tzinfo=UTC)
RULE: dict[str, Any] = {"id": "r", "on": ["parcel.lost"], "to": ["contact"], "channel": "sms", "text": "Lost: {{ p }}"}
BASE: Mapping[str, Any] = {
    **PANTRY,
    "currency": "USD",
    "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
    "rules": [RULE],
}


def happened(*events: tuple[str, dict[str, Any]]) -> list[Happened]:
    read = []
    for number, (event_type, data) in enumerate(events):
        at = START + timedelta(minutes=number)
        subject = "" if event_type == "settings.changed" else "c1"
        envelope = {"id": f"e{number}", "type": event_type, "tenant": "pantry", "subject": subject, "data": data}
        read.append(Happened(event=event_from_mapping({**envelope, "time": at.isoformat()}), at=at))
    return read


LATELY = happened(
    ("parcel.lost", {"p": "P1"}),
    ("appointment.scheduled", {"appointment_id": "a1", "starts_at": "2026-06-10T15:00:00-04:00", "made_by": "staff"}),
    ("parcel.lost", {"p": "P2"}),
)


def tried(change: Mapping[str, Any], events: list[Happened] = LATELY, consents: tuple[Consent, ...] = ()) -> Trial:
    settings = TenantSettings(tenant="pantry", version=3, document=BASE, changed_at=START, event_id="s")
    setting = Setting(settings=settings, contacts=(parse(Contact, {**ANN, "id": "c1"}),), consents=consents)
    candidate = TenantSettings(
        tenant="pantry", version=3, document=merge_patch(BASE, change), changed_at=START, event_id="s"
    )
    return try_out(setting, candidate, events, START + timedelta(days=30))


def test_the_same_settings_make_no_difference() -> None:
    trial = tried({})
    assert (trial.differences, trial.alike) == ([], 4)
    assert trial.price_before == trial.price_after == Decimal("0.06")


@pytest.mark.parametrize(
    ("change", "differences", "price"),
    [
        ({"rules": []}, [(Change.REMOVED, "rule:r"), (Change.REMOVED, "rule:r")], "-0.04"),
        (
            {"rules": [RULE, {**RULE, "id": "s", "channel": "email", "subject": "Lost"}]},
            [(Change.ADDED, "rule:s"), (Change.ADDED, "rule:s")],
            "0.00",
        ),
        (
            {"kinds": {"appointment_reminder": {"sms_hours_before": 2}}},
            [(Change.MOVED, "appointment_reminder")],
            "0.00",
        ),
        (
            {"rules": [{**RULE, "text": "Lost: {{ p }}. " + "We look for it. " * 10}]},
            [(Change.CHANGED, "rule:r"), (Change.CHANGED, "rule:r")],
            "0.04",
        ),
        ({"rules": [{**RULE, "timing": {"after": "PT40H"}}]}, [(Change.MOVED, "rule:r")] * 2, "0.00"),
        ({"channels": {"email": {"requested": False}}}, [(Change.REMOVED, "appointment_reminder")], "0.00"),
    ],
    ids=["a rule goes", "a rule comes", "an hour changes", "words grow", "a rule waits", "a channel is off"],
)
def test_what_differs_is_named(change: Mapping[str, Any], differences: list[Any], price: str) -> None:
    trial = tried(change)
    assert [(each.change, each.shown.kind) for each in trial.differences] == differences
    assert trial.price_after - trial.price_before == Decimal(price)
    assert sum((each.price for each in trial.differences), Decimal()) == Decimal(price)


def test_a_moved_message_says_from_when_to_when_and_a_changed_one_in_what() -> None:
    [moved] = tried({"kinds": {"appointment_reminder": {"email_hours_before": 24}}}).differences
    assert (moved.before and moved.before.at, moved.after and moved.after.at) == (
        datetime(2026, 6, 8, 19, tzinfo=UTC),
        datetime(2026, 6, 9, 19, tzinfo=UTC),
    )
    changed = tried({"senders": {"sms": "+12025550119"}}).differences
    assert {each.parts for each in changed} == {("from_",)}


def test_people_settings_and_consents_are_as_they_are_now() -> None:
    events = [
        *happened(
            ("contact.changed", {"email": "other@example.org", "phones": []}),
            ("settings.changed", {"rules": []}),
            ("consent.changed", {"address": "+12025550101", "opted_out": ["all"]}),
        ),
        *LATELY[2:],
    ]
    trial = tried({"rules": []}, events)
    assert [(each.change, each.shown.to) for each in trial.differences] == [(Change.REMOVED, "+12025550101")]
    silent = Consent(tenant="pantry", address="+12025550101", opted_out=("all",))
    assert tried({"rules": []}, events, (silent,)).differences == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"templates": {"appointment_reminder": {"sms": {"text": "Soon"}}}}, [("changed", "sms", ("text",))]),
        ({"kinds": {"appointment_reminder": {"enabled": False}}}, [("removed", "email", ()), ("removed", "sms", ())]),
        ({"kinds": {"appointment_reminder": {"sms_hours_before": 30}}}, [("moved", "sms", ())]),
        ({"footers": {"sms": "x" * 160}, "rules": []}, [("changed", "sms", ("text",)), *[("removed", "sms", ())] * 2]),
        ({"holidays": ["2026-12-25"], "portal_url": None}, []),
    ],
    ids=["a template", "a kind that is off", "another hour", "a footer", "nothing that is said"],
)
def test_built_in_messages_differ_as_rules_do(change: Mapping[str, Any], found: list[tuple[str, str, object]]) -> None:
    trial = tried(change)
    assert sorted((each.change.value, each.shown.channel, each.parts) for each in trial.differences) == found
    assert sum(each.price for each in trial.differences) == trial.price_after - trial.price_before


def test_rules_on_changed_people_are_tried_on_their_changes() -> None:
    events = happened(("contact.changed", {"name": "Ann B"}), ("settings.changed", {"rules": []}))
    own = {**RULE, "id": "own", "on": ["contact.changed", "settings.changed"], "text": "Hello {{ contact.name }}"}
    [added] = tried({"rules": [RULE, own]}, events).differences
    assert (added.change, added.shown.says) == (Change.ADDED, "Hello Ann B")


def test_credits_are_not_asked_for() -> None:
    prepaid = {"billing": {"sms": {"model": "per_segment", "price": "0.02", "prepaid": True}}}
    assert (tried(prepaid).differences, tried(prepaid).alike) == ([], 4)
