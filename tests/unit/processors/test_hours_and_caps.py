"""Contract sections 3, 5, 9 and 11, sentence by sentence: quiet hours, caps, holidays, and what is looked at when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from schemas.message import Message
from tests.unit.processors.world import ANN, APPOINTMENT, PANTRY, World


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NEW_YORK, LOS_ANGELES = {"timezone": "America/New_York"}, {"timezone": "America/Los_Angeles"}
NIGHT = {"start": "21:00", "end": "08:00"}


def rule(id_: str = "r1", **fields: Any) -> dict[str, Any]:
    whole = {"id": id_, "on": ["item.ready"], "to": ["contact"], "channel": "sms", "text": "Ready: {{ item }}"}
    return whole | fields


OFFER = rule("offer", channel="email", subject="{{ item }}", **{"class": "marketing"})


def world(begins: str, contact: Mapping[str, Any] | None = None, **settings: Any) -> World:
    """A pantry with these settings, and Ann, at an instant."""
    made = World()
    made.now = at(begins)
    senders = {**PANTRY["senders"], "voice": "+12025550111"}
    channels = {**PANTRY["channels"], "voice": {"requested": True}}
    made.happens("settings.changed", data={**PANTRY, "senders": senders, "channels": channels, **settings})
    made.ann(**(contact or {}))
    return made


def ready(happening: World, item: str = "veil", **attributes: Any) -> str:
    return happening.happens("item.ready", subject=attributes.pop("subject", "c1"), data={"item": item}, **attributes)


def left(happening: World) -> list[tuple[str, str]]:
    """When what left, in UTC, and the last word of it."""
    told = sorted(happening.messages, key=lambda message: message.commanded_at)
    return [(f"{message.commanded_at:%m-%dT%H:%M}", _last_word(message)) for message in told]


def _last_word(message: Message) -> str:
    return (message.subject or message.text).split()[-1]


@pytest.mark.parametrize(
    ("zone", "contact", "leaves"),
    [
        ("recipient", LOS_ANGELES, "06-02T03:30"),
        ("tenant", LOS_ANGELES, "06-02T12:00"),
        ("recipient", {}, "06-02T12:00"),
        ("tenant", {}, "06-02T12:00"),
    ],
)
def test_quiet_hours_go_by_the_clock_that_is_chosen_else_by_the_tenants(
    zone: str, contact: Mapping[str, Any], leaves: str
) -> None:
    """23:30 in New York is 20:30 in Los Angeles."""
    happening = world("2026-06-01T23:30:00-04:00", contact, quiet_hours={**NIGHT, "zone": zone}, rules=[rule()])
    ready(happening)
    happening.passes(days=1)
    assert left(happening) == [(leaves, "veil")]


@pytest.mark.parametrize(
    ("quiet", "channel", "is_held"),
    [
        ({}, "sms", True),
        ({}, "voice", True),
        ({}, "email", False),
        ({"channels": ["email"]}, "email", True),
        ({"channels": ["email"]}, "sms", False),
        ({"exempt": ["service"]}, "sms", False),
        ({"exempt": ["marketing"]}, "sms", True),
    ],
)
def test_quiet_hours_rest_texts_and_calls_unless_they_say_otherwise(
    quiet: Mapping[str, Any], channel: str, is_held: bool
) -> None:
    own = rule(channel=channel, **({"subject": "x"} if channel == "email" else {}))
    happening = world("2026-06-01T23:30:00-04:00", quiet_hours={**NIGHT, **quiet}, rules=[own])
    event = ready(happening)
    assert [outcome for outcome, _, _ in happening.reasons(event)] == ["held" if is_held else "sent"]


@pytest.mark.parametrize(("starts_at", "says"), [("08:00", "held_quiet_hours_until"), ("07:59", "expired")])
def test_the_end_of_the_quiet_hours_may_be_the_last_useful_instant(starts_at: str, says: str) -> None:
    settings = {"quiet_hours": NIGHT, "kinds": {"appointment_reminder": {"sms_hours_before": 3}}}
    happening = world("2026-06-01T12:00:00-04:00", **settings)
    fields = {**APPOINTMENT, "starts_at": f"2026-06-02T{starts_at}:00-04:00"}
    event = happening.happens("appointment.scheduled", subject="c1", data=fields)
    happening.passes(days=1)
    told = [reason for _, channel, reason in happening.reasons(event) if channel == "sms" and reason]
    assert [reason.partition(":")[0] for reason in told] == [says]
    assert len(happening.messages) == (1 if says.startswith("held") else 0)


def test_what_is_held_is_held_again_where_the_quiet_hours_have_grown() -> None:
    happening = world("2026-06-01T23:30:00-04:00", quiet_hours=NIGHT, rules=[rule()])
    ready(happening)
    happening.happens("settings.changed", data={"quiet_hours": {"end": "10:00"}})
    happening.passes(days=1)
    assert left(happening) == [("06-02T14:00", "veil")]


def test_quiet_hours_within_one_day_end_on_that_day() -> None:
    happening = world("2026-06-01T12:30:00-04:00", quiet_hours={"start": "12:00", "end": "13:00"}, rules=[rule()])
    ready(happening)
    happening.runs_until(at("2026-06-01T13:00:00-04:00"))
    ready(happening, "gown")
    assert left(happening) == [("06-01T17:00", "veil"), ("06-01T17:00", "gown")]


def test_what_is_held_counts_on_the_day_on_which_it_leaves() -> None:
    """Of two that wait for the morning only one leaves; the evening before has had its own."""
    text = rule("offer", channel="email", subject="{{ item }}", **{"class": "marketing"})
    quiet = {**NIGHT, "channels": ["email"]}
    happening = world("2026-06-01T20:00:00-04:00", quiet_hours=quiet, caps={"marketing": {"per_day": 1}}, rules=[text])
    ready(happening, "evening")
    happening.runs_until(at("2026-06-01T22:00:00-04:00"))
    ready(happening, "night1")
    second = ready(happening, "night2")
    happening.passes(days=1)
    assert len(left(happening)) == 2
    assert [hour for hour, _ in left(happening)] == ["06-02T00:00", "06-02T12:00"]
    capped = [each.reason for each in happening.decisions if each.reason == "frequency_capped"]
    assert capped == ["frequency_capped"]
    assert happening.reasons(second)[0][0] == "held"


def test_only_what_leaves_is_counted() -> None:
    broken = {**OFFER, "text": "{{ colour }}"}
    happening = world("2026-06-01T10:00:00-04:00", caps={"marketing": {"per_day": 1}}, rules=[broken])
    ready(happening, "first")
    happening.happens("item.ready", subject="c1", data={"item": "second", "colour": "red"})
    assert [word for _, word in left(happening)] == ["second"]


def test_two_people_at_one_address_are_counted_one_by_one() -> None:
    happening = world("2026-06-01T10:00:00-04:00", caps={"marketing": {"per_day": 1}}, rules=[OFFER])
    happening.happens("contact.changed", subject="c2", data={**ANN, "name": "Bo Lee"})
    for subject in ("c1", "c2", "c1"):
        ready(happening, f"to-{subject}", subject=subject)
    assert sorted(word for _, word in left(happening)) == ["to-c1", "to-c2"]


def test_a_category_without_a_cap_is_not_counted() -> None:
    service = rule("note", channel="email", subject="{{ item }}")
    happening = world("2026-06-01T10:00:00-04:00", caps={"marketing": {"per_day": 1}}, rules=[OFFER, service])
    for _ in range(3):
        ready(happening)
    assert len(happening.messages) == 1 + 3


@pytest.mark.parametrize(
    ("second", "leaves"),
    [("2027-01-01T12:00:00-05:00", False), ("2027-01-03T23:59:00-05:00", False), ("2027-01-04T00:00:00-05:00", True)],
)
def test_an_iso_week_goes_on_over_the_new_year(second: str, leaves: bool) -> None:
    happening = world("2026-12-31T12:00:00-05:00", caps={"marketing": {"per_week": 1}}, rules=[OFFER])
    ready(happening, "old")
    happening.runs_until(at(second))
    ready(happening, "new")
    assert [word for _, word in left(happening)] == (["old", "new"] if leaves else ["old"])


def test_a_day_of_a_cap_turns_at_the_recipients_midnight() -> None:
    happening = world("2026-06-01T23:30:00-04:00", LOS_ANGELES, caps={"marketing": {"per_day": 1}}, rules=[OFFER])
    ready(happening, "one")
    happening.runs_until(at("2026-06-02T00:30:00-04:00"))  # 21:30 of the same day there
    ready(happening, "two")
    happening.runs_until(at("2026-06-02T00:00:00-07:00"))
    ready(happening, "three")
    assert [word for _, word in left(happening)] == ["one", "three"]


@pytest.mark.parametrize(
    ("business_days_only", "timing", "leaves"),
    [
        (True, {"days_before": 1, "at": "13:00"}, "12-24T18:00"),
        (False, {"days_before": 1, "at": "13:00"}, "12-27T18:00"),
        (True, {"hours_before": 24}, "12-24T15:00"),
        (False, {"hours_before": 24}, "12-27T15:00"),
    ],
)
def test_holidays_and_weekends_move_only_what_asks_for_business_days(
    business_days_only: bool, timing: Mapping[str, Any], leaves: str
) -> None:
    """Monday the 28th; Sunday and Saturday before it, then the holiday, then Thursday the 24th."""
    own = rule(timing={**timing, "of": "starts_at"}, business_days_only=business_days_only)
    happening = world("2026-12-01T12:00:00-05:00", holidays=["2026-12-25"], rules=[own])
    happening.happens("item.ready", subject="c1", data={"item": "veil", "starts_at": "2026-12-28T10:00:00-05:00"})
    happening.passes(days=40)
    assert left(happening) == [(leaves, "veil")]


@pytest.mark.parametrize(
    ("late_policy", "hours_away", "leaves"),
    [("skip", 24, True), ("skip", 23.99, False), ("send_now", 23.99, True), ("send_now", -1, False)],
)
def test_due_at_the_events_own_time_is_not_late(late_policy: str, hours_away: float, leaves: bool) -> None:
    own = {"sms_hours_before": 24, "late_policy": late_policy}
    happening = world("2026-06-01T10:00:00-04:00", kinds={"appointment_reminder": own})
    seconds = int(happening.now.timestamp() + hours_away * 3600)
    starts_at = datetime.fromtimestamp(seconds, tz=happening.now.tzinfo).isoformat()
    event = happening.happens("appointment.scheduled", subject="c1", data={**APPOINTMENT, "starts_at": starts_at})
    happening.passes(days=2)
    assert len(happening.messages) == (1 if leaves else 0)
    late = ("dropped", "sms", "reminder_window_passed")
    assert (late in happening.reasons(event)) is not leaves


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kinds": {"appointment_reminder": {"enabled": False}}}, None),
        ({"kinds": {"appointment_reminder": {"sms_hours_before": None}}}, None),
        ({"kinds": {"order_confirmation": {"send_confirmation_email": False}}}, None),
        ({"channels": {"sms": {"requested": False}}}, "channel_not_activated"),
        ({"channels": {"sms": {"paid": False}}}, "sms_payment_pending"),
        ({"support_agreement_until": "2026-06-01"}, "entitlement_lapsed"),
    ],
)
def test_switches_count_when_the_event_is_read_and_all_else_when_the_message_is_due(
    change: Mapping[str, Any], reason: str | None
) -> None:
    happening = world("2026-06-01T10:00:00-04:00", kinds={"appointment_reminder": {"sms_hours_before": 24}})
    event = happening.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    happening.happens("settings.changed", data=change)
    happening.passes(days=14)
    last = [each for each in happening.decisions if each.event_id == event and each.channel == "sms"][-1]
    assert (last.reason, last.settings_version) == (reason, 2)
    assert last.due == at("2026-06-09T15:00:00-04:00")


@pytest.mark.parametrize("channel", ["sms", "voice", "email"])
@pytest.mark.parametrize(("now", "leaves"), [("2026-06-01T23:59:00-04:00", True), ("2026-06-02T00:00:00-04:00", False)])
def test_a_support_agreement_covers_every_channel_until_its_last_day_is_over_at_the_tenants(
    channel: str, now: str, leaves: bool
) -> None:
    own = rule(channel=channel, **({"subject": "x"} if channel == "email" else {}))
    happening = world(now, support_agreement_until="2026-06-01", rules=[own])
    event = ready(happening)
    assert happening.reasons(event) == [
        ("sent" if leaves else "dropped", channel, None if leaves else "entitlement_lapsed")
    ]
