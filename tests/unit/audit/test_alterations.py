"""What becomes of an audit when a record of any kind is removed from a log, or says something else than it did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.allowance import PlaceGivenBack
from schemas.billing import Charge, CreditChange, Invoice, Usage
from schemas.candidate import ContactUpdate
from schemas.consent import Consent, ConsentChange
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.envelope import Event
from schemas.inbound import Heard
from schemas.message import Message
from schemas.reports import Whereabouts
from schemas.state import LastSent, TenantSettings
from schemas.words import Channel, Lane, Status
from tests.unit.audit.test_audit import BILLED, SCENARIOS, log_of, says
from tidings.audit.auditing import audited
from tidings.audit.placed import Placed
from tidings.audit.scope import Scope

STOPPED = SCENARIOS / "shop" / "stop-is-confirmed-once-and-then-silence.yaml"
BOUNCED = SCENARIOS / "common" / "a-bounced-address-is-not-mailed-again.yaml"
REFUSED = SCENARIOS / "common" / "invalid-settings-are-refused-as-a-whole.yaml"
CREDITS = SCENARIOS / "billing" / "prepaid-texts-leave-when-credits-come.yaml"
CONSENT = SCENARIOS / "edges" / "start-to-a-short-code-leaves-a-stop-to-the-long-number.yaml"
PAID = next(SCENARIOS.rglob("an-invoice-paid-at-night-takes-back-the-held-reminder.yaml"))
GIVEN_BACK = next(SCENARIOS.rglob("a-failed-text-gives-back-its-part-of-the-cap.yaml"))
JOINED = next(SCENARIOS.rglob("who-leaves-a-programme-may-join-again.yaml"))
CAPPED = SCENARIOS / "only-what-leaves-counts-into-a-cap.yaml"
RULES = SCENARIOS / "rules-write-letters-and-call-webhooks.yaml"
CHARGE = Charge(units=9, unit="segment", amount=Decimal(9), currency="USD", paid_by="invoice", timezone="UTC")  # type: ignore[arg-type]
Is = Callable[[Any], bool]


def every(record: type, **fields: object) -> Is:
    """Whether a value is such a record, with these fields."""

    def is_meant(value: object) -> bool:
        return isinstance(value, record) and all(getattr(value, name) == wanted for name, wanted in fields.items())

    return is_meant


def first(records: Sequence[Placed], is_meant: Is) -> Placed:
    return next(each for each in records if is_meant(each.value))


def last(records: Sequence[Placed], is_meant: Is) -> Placed:
    return next(each for each in reversed(records) if is_meant(each.value))


@pytest.mark.parametrize(
    ("path", "is_meant", "wanted"),
    [
        pytest.param(REFUSED, every(DeadLetter), "settings.versions nor a dead letter", id="a refusal"),
        pytest.param(REFUSED, every(TenantSettings), "settings.versions nor a dead letter", id="a version"),
        pytest.param(REFUSED, every(Event, type="settings.changed"), "no such event", id="a change of settings"),
        pytest.param(CREDITS, every(CreditChange, message_id=None), "charges nor a dead letter", id="credits"),
        pytest.param(CREDITS, every(Event, type="credits.purchased"), "no such event", id="a purchase"),
        pytest.param(CONSENT, every(Event, type="consent.changed"), "no such event", id="a change of consent"),
        pytest.param(CONSENT, every(ConsentChange), "consent-changes nor a dead letter", id="its consequence"),
        pytest.param(STOPPED, every(Consent), "topic consents was not written since", id="a consent"),
        pytest.param(STOPPED, every(Heard), "no change says so", id="a STOP"),
        pytest.param(BOUNCED, every(ConsentChange), "no change of consent says so", id="a suppression"),
        pytest.param(BOUNCED, every(DeliveryStatus, status=Status.BOUNCED), "no status says so", id="a bounce"),
        pytest.param(PAID, every(Event, type="invoice.paid"), "no such event", id="an end of what was held"),
        pytest.param(BILLED, every(Event, type="contact.changed"), "no such event", id="a contact"),
        pytest.param(BILLED, every(ContactUpdate), "neither on topic audience or messages", id="its trace"),
        pytest.param(BILLED, every(Whereabouts), "lacks the Whereabouts", id="whereabouts"),
        pytest.param(GIVEN_BACK, every(PlaceGivenBack), "lacks the PlaceGivenBack", id="a place given back"),
        pytest.param(CAPPED, every(LastSent), "lacks its last words", id="last words"),
        pytest.param(RULES, every(Decision, among=1, message_id=None), "none of its decisions", id="a lone decision"),
    ],
)
def test_a_record_that_is_removed_is_missed_elsewhere(path: Path, is_meant: Is, wanted: str) -> None:
    records, _ = log_of(path)
    gone = first(records, is_meant)
    now = gone.at + timedelta(days=3)  # while all of it is kept
    without = [each for each in records if each is not gone]
    assert wanted in says(audited(without, Scope(now=now, settled=now)))


@pytest.mark.parametrize(
    ("is_meant", "other", "wanted"),
    [
        (every(Message), {"to": "+12025550199"}, "its to differs"),
        (every(Message), {"tenant": "other"}, "its tenant differs"),
        (every(Message), {"kind": "document"}, "its kind differs"),
        (every(Message), {"channel": Channel.VOICE}, "its topic differs"),
        (every(Message), {"lane": Lane.URGENT}, "its topic differs"),
        (every(Message), {"category": "marketing"}, "its category differs"),
        (every(Message), {"charge": CHARGE}, "its charge differs"),
        (every(Decision, outcome="sent"), {"to": "+12025550199"}, "its to differs"),
        (every(Decision, outcome="sent"), {"contact": "c9"}, "its contact differs"),
        (every(Decision, outcome="sent"), {"channel": Channel.VOICE}, "its channel differs"),
        (every(Decision, outcome="sent"), {"settings_version": 99}, "its settings_version differs"),
        (every(DeliveryStatus), {"to": "+12025550199"}, "its to differs"),
        (every(DeliveryStatus), {"segments": 9}, "its segments differs"),
        (every(DeliveryStatus), {"charge": CHARGE}, "its charge differs"),
        (every(Usage), {"tenant": "other"}, "its statuses do not say so"),
        (every(Usage), {"channel": Channel.VOICE}, "its statuses do not say so"),
        (every(Invoice), {"tenant": "other"}, "topic billing.usage lacks it"),
        (every(Invoice), {"currency": "EUR"}, "topic billing.usage lacks it"),
    ],
)
def test_a_record_that_says_something_else_than_the_others_is_found(
    is_meant: Is, other: Mapping[str, Any], wanted: str
) -> None:
    records, scope = log_of(BILLED)
    meant = last(records, is_meant)
    altered = replace(meant, value=replace(meant.value, **other))  # type: ignore[type-var]
    found = audited([altered if each is meant else each for each in records], scope)
    assert wanted in says(found)


@pytest.mark.parametrize(
    ("path", "other", "wanted"),
    [
        (STOPPED, {"opted_out": ()}, "is not opted out of all"),
        (STOPPED, {"opted_out": ("all", "marketing")}, "or how it came to be, and not both"),
        (BOUNCED, {"suppressed": None}, "is not suppressed by"),
    ],
)
def test_a_consent_that_forgets_or_adds_a_no_is_found(path: Path, other: Mapping[str, Any], wanted: str) -> None:
    records, scope = log_of(path)
    meant = last(records, every(Consent))
    altered = replace(meant, value=replace(meant.value, **other))  # type: ignore[type-var]
    assert wanted in says(audited([altered if each is meant else each for each in records], scope))


def test_a_report_that_comes_long_after_the_message_left_is_no_breach() -> None:
    records, _ = log_of(STOPPED)
    late = last(records, every(Consent)).at + timedelta(hours=2)
    left = first(records, every(DeliveryStatus, category="service"))
    report: Any = replace(left, value=replace(left.value, status=Status.DELIVERED, kind="document", at=late), at=late)  # type: ignore[type-var]
    only = [each for each in records if each.topic in ("consents", "consent-changes", "messages")]
    before = replace(report, at=left.at, value=replace(report.value, status=Status.ACCEPTED, at=left.at))
    scope = Scope(now=late, settled=late)
    assert "had said no" not in says(audited([*only, before, report], scope))
    assert "had said no" in says(audited([*only, report], scope))


def test_an_id_that_a_source_used_for_two_subjects_is_named() -> None:
    records, scope = log_of(BILLED)
    event = next(each for each in records if every(Event)(each.value) and each.value.subject)  # type: ignore[attr-defined]
    other_source = replace(event, value=replace(event.value, subject="c77", source="crm"), offset=999)  # type: ignore[type-var]
    assert says(audited([*records, other_source], scope)) == ""
    again = replace(event, value=replace(event.value, subject="c77"), offset=999)  # type: ignore[type-var]
    found = audited([*records, again], scope)
    assert [(each.law, "used the id for subject" in each.says) for each in found.differences] == [(2, True)]


def test_what_was_sent_again_after_a_doubt_is_no_difference() -> None:
    records, scope = log_of(BILLED)
    meant = last(records, every(Decision, outcome="sent"))
    facts = {"status": "delivered", "attempt": 2, "detail": None}
    again = replace(meant, value=replace(meant.value, number=None, among=None, facts=facts), offset=999)  # type: ignore[type-var]
    assert "with facts" not in says(audited([*records, again], scope))
    told = replace(meant, value=replace(meant.value, facts=facts))  # type: ignore[type-var]
    assert "with facts" in says(audited([told if each is meant else each for each in records], scope))


def test_a_consent_is_not_made_again_where_words_in_between_are_kept_no_more() -> None:
    records, _ = log_of(JOINED)
    oldest, newest = first(records, every(Consent)), last(records, every(Consent))
    word = last(records, lambda value: every(Heard)(value) and value.change is not None)
    other = replace(newest, value=replace(newest.value, opted_in=()))  # type: ignore[type-var]
    for later, is_named in ((timedelta(days=1), True), (timedelta(days=20), False)):
        now = newest.at + later
        found = audited([word, oldest, other], Scope(now=now, settled=now))
        assert ("makes of the one before" in says(found)) == is_named
