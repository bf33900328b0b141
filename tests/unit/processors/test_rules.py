"""A tenant's rules: on whose behalf, when, for whom, and what becomes of them when settings change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.timing import DaysBefore, business_day
from schemas.rule_settings import RuleSettings
from tests.unit.processors.telling import Told
from tests.unit.processors.world import PANTRY, World

RULE: dict[str, Any] = {
    "id": "r",
    "on": ["parcel.lost"],
    "to": ["contact"],
    "channel": "email",
    "subject": "Parcel {{ parcel }}",
    "text": "We look for it.",
}
FILE = {"name": "a.pdf", "media_type": "application/pdf", "content": "JVBERi0xLjcK"}
IMAGE = {"name": "logo.png", "media_type": "image/png", "content": "iVBORw0KGgo="}
SHOWN = "<p><img src='cid:logo.png' alt='Logo'></p>"
BOOKING: dict[str, Any] = {
    "booking_id": "b1",
    "project": "spring",
    "starts_at": "2026-06-10T09:00:00",
    "timezone": "Europe/Stockholm",
}
FIRST, LAST = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2035-01-01")
"""Without a zone: what clocks show."""
ZONES = ("America/New_York", "Europe/Stockholm", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")


def shop(*rules: dict[str, Any], **settings: Any) -> World:
    world = World(settings={**PANTRY, **settings, "rules": [{**RULE, **rule} for rule in rules]})
    world.ann()
    return world


def refused_paths(world: World) -> list[str]:
    return [fault.path for letter in world.refused for fault in letter.faults]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"attachments": [{**FILE, "name": "a/b.pdf"}]}, "attachments.0.name"),
        ({"attachments": [{**FILE, "media_type": "multipart/mixed"}]}, "attachments.0.media_type"),
        ({"attachments": [{**FILE, "content": "no base64"}]}, "attachments.0.content"),
        ({"attachments": [{**FILE, "content": "AAAA"}]}, "attachments.0.content"),
        ({"attachments": [{**FILE, "media_type": "text/plain", "content": "A" * 400_004}]}, "attachments"),
        ({"images": [{**IMAGE, "media_type": "image/svg+xml"}], "html": SHOWN}, "images.0.media_type"),
        ({"images": [{**IMAGE, "content": FILE["content"]}], "html": SHOWN}, "images.0.content"),
        ({"images": [IMAGE, IMAGE], "html": SHOWN}, "images.1.name"),
        ({"images": [IMAGE]}, "images.0.name"),
        ({"html": SHOWN}, "html"),
        ({"channel": "letter", "to": ["contact", "staff:admin"]}, "to.1"),
        ({"channel": "letter", "to": ["Springfield"]}, "to.0"),
        ({"channel": "letter", "to": ["1 High Street\x07, Springfield"]}, "to.0"),
        ({"channel": "letter", "from": "Desk\nUnder"}, "from"),
        ({"channel": "letter", "html": "<p>Hello</p>"}, "html"),
        ({"channel": "letter", "class": "marketing"}, "class"),
        ({"channel": "letter", "text": None}, "text"),
        ({"channel": "webhook", "to": ["staff:admin"]}, "to.0"),
        ({"channel": "webhook", "to": ["http://hooks.example/in"]}, "to.0"),
        ({"channel": "webhook", "to": ["https://user@hooks.example/in"]}, "to.0"),
        ({"channel": "webhook", "from": "Desk"}, "from"),
        ({"channel": "webhook", "attachments": [FILE]}, "attachments"),
        ({"channel": "short_code", "class": "marketing", "subject": None, "from": "+12025550111"}, "from"),
        ({"business_days_only": True}, "business_days_only"),
        ({"on": ["delivery.reported"], "subject": "Reported"}, "on.0"),
        ({"from": "Desk\nBcc: x@example.org"}, "from"),
        ({"channel": "sms", "subject": None, "from": "12"}, "from"),
        ({"channel": "sms", "subject": None, "to": ["contact", "desk@pantry.example"]}, "to.1"),
        ({"to": ["+1 202 555 0101"]}, "to.0"),
        ({"when": "country =="}, "when"),
        ({"when": "(" * 60 + "1" + ")" * 60}, "when"),
        ({"text": "{{ oops"}, "text"),
        ({"subject": "{% if %}"}, "subject"),
        ({"html": "{{ oops"}, "html"),
        ({"html": "<p>Hello</p><script>alert(1)</script>"}, "html"),
    ],
)
def test_what_a_rule_cannot_do_is_refused_with_its_place(change: dict[str, Any], path: str) -> None:
    world = shop()
    world.happens("settings.changed", data={"rules": [RULE, {**RULE, "id": "other", **change}]})
    assert refused_paths(world) == [f"rules.1.{path}"]


@pytest.mark.parametrize(
    ("rule", "data", "answers"),
    [
        ({}, {}, True),
        ({"project": "spring"}, {"project": "spring"}, True),
        ({"project": "spring"}, {"project": "autumn"}, False),
        ({"project": "spring"}, {}, False),
        ({"outcome": "No answer"}, {"outcome": "No answer"}, True),
        ({"outcome": ["No answer", "Busy"]}, {"outcome": "Busy"}, True),
        ({"outcome": "No answer"}, {"outcome": "Order"}, False),
        ({"attempt": 2}, {"attempt": 2}, True),
        ({"attempt": 1}, {"attempt": True}, False),
        ({"attempt": 2}, {"attempt": 3}, False),
    ],
)
def test_a_rule_answers_what_it_is_linked_to(rule: dict[str, Any], data: dict[str, Any], answers: bool) -> None:
    world = shop(rule)
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1", **data})
    expected = [("sent", "email", None)] if answers else [("dropped", None, "no_rule_matched")]
    assert world.reasons(event) == expected


def test_the_files_of_a_rule_travel_with_its_mails() -> None:
    world = shop({"html": SHOWN, "images": [IMAGE], "attachments": [FILE]})
    world.happens("parcel.lost", subject="c1", data={"parcel": "P1"})
    [message] = world.messages
    assert [(file.name, file.content_id) for file in message.attachments] == [("logo.png", "logo.png"), ("a.pdf", None)]
    assert "cid:logo.png" in str(message.html)


def test_a_false_criterion_says_which_value_it_found() -> None:
    world = shop({"when": "country == 'SE'"})
    world.happens("parcel.lost", subject="c1", data={"parcel": "P1", "country": "NO"})
    [decision] = [each for each in world.decisions if each.kind == "rule:r"]
    assert (decision.reason, decision.facts) == ("criteria_false:country == 'SE'", {"country": "'NO' != 'SE'"})


@pytest.mark.parametrize(
    ("entry", "data", "to", "reason"),
    [
        ("contact", {}, "ann@example.org", None),
        ("desk@pantry.example", {}, "desk@pantry.example", None),
        ("field:owner.mail", {"owner": {"mail": " bob@example.org "}}, "bob@example.org", None),
        ("field:owner.mail", {"owner": "bob"}, None, "no_address:field:owner.mail"),
        ("field:owner.mail", {"owner": {"mail": "b@x.org\nBcc: c@x.org"}}, None, "no_address:field:owner.mail"),
        ("staff:storefront_notification", {}, "sam@pantry.example", None),
        ("staff:nobody", {}, None, "no_address:email"),
        ("role:bride", {"roles": {"bride": "c2"}}, "zoe@example.org", None),
        ("role:bride", {"roles": {"bride": "c1"}}, "ann@example.org", None),
        ("role:bride", {"roles": {"bride": "c7"}}, None, "no_address:email"),
        ("role:bride", {}, None, "no_address:field:roles.bride"),
    ],
)
@pytest.mark.parametrize("timing", [{"at": "now"}, {"after": "PT1H"}], ids=["now", "later"])
def test_each_entry_names_its_people(
    entry: str, data: dict[str, Any], to: str | None, reason: str | None, timing: dict[str, Any]
) -> None:
    world = shop({"to": [entry], "timing": timing})
    world.happens("contact.changed", subject="c2", data={"name": "Zoe", "email": "zoe@example.org"})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1", **data})
    world.passes(hours=2)
    assert [message.to for message in world.messages] == ([to] if to else [])
    assert world.reasons(event)[-1][2] == reason


def test_an_address_named_twice_gets_one_copy() -> None:
    world = shop({"to": ["contact", "ANN@example.org", "contact"]})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1"})
    assert set(world.reasons(event)) == {("sent", "email", None), ("dropped", "email", "duplicate_recipient")}


def test_of_an_exclusive_group_only_the_first_match_answers() -> None:
    group = {"exclusive_group": "g"}
    world = shop({"id": "a", "when": "vip", **group}, {"id": "b", **group}, {"id": "c", **group})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1", "vip": False})
    assert world.reasons(event, "rule:a") == [("dropped", "email", "criteria_false:vip")]
    assert world.reasons(event, "rule:b") == [("sent", "email", None)]
    assert world.reasons(event, "rule:c") == [("dropped", "email", "not_exclusive")]


@pytest.mark.parametrize("starts_at", [None, "soon", 5, "0001-01-01T00:00:00"])
def test_without_a_time_to_count_from_a_timed_rule_says_so(starts_at: object) -> None:
    world = shop({"timing": {"days_before": 1}}, {"id": "other"})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1", "starts_at": starts_at})
    assert world.reasons(event, "rule:r") == [("dropped", "email", "missing_variable:starts_at")]
    assert world.reasons(event, "rule:other") == [("sent", "email", None)]


def test_a_zone_that_does_not_exist_stops_only_the_timed_rule() -> None:
    world = shop({"timing": {"hours_before": 1}}, {"id": "other"})
    data = {"parcel": "P1", "starts_at": "2026-06-10T09:00:00", "timezone": "Mars/Olympus"}
    event = world.happens("parcel.lost", subject="c1", data=data)
    assert world.reasons(event, "rule:r") == [("dropped", "email", "missing_variable:starts_at")]
    assert world.refused == []


@pytest.mark.parametrize(
    ("opening", "ending", "data"),
    [
        ("booking.created", "booking.cancelled", BOOKING),
        ("order.placed", "order.deleted", {"order_id": "o1", "project": "spring"}),
        (
            "appointment.scheduled",
            "appointment.cancelled",
            {"appointment_id": "a9", "starts_at": "2026-06-10T09:00:00Z", "made_by": "staff"},
        ),
    ],
)
@pytest.mark.parametrize("to", ["contact", "desk@pantry.example", "role:bride"])
def test_the_end_of_a_thing_drops_what_its_beginning_scheduled(
    opening: str, ending: str, data: dict[str, Any], to: str
) -> None:
    world = shop({"on": [opening], "to": [to], "timing": {"after": "PT1H"}, "subject": "Soon"}, kinds={})
    event = world.happens(opening, subject="c1", data=data)
    fields = {"appointment_id": "a9"} if "appointment_id" in data else data
    world.happens(ending, subject="c1", data=fields)
    world.passes(hours=2)
    assert world.messages == []
    assert world.reasons(event, "rule:r")[-1] == ("cancelled", "email", "cancelled_by_event")


def test_a_moved_appointment_moves_what_is_counted_from_its_start_and_nothing_else() -> None:
    on = {"on": ["appointment.scheduled"], "subject": "Soon"}
    world = shop({**on, "timing": {"hours_before": 24}}, {**on, "id": "after", "timing": {"after": "PT1H"}}, kinds={})
    world.happens(
        "appointment.scheduled",
        subject="c1",
        data={"appointment_id": "a1", "starts_at": "2026-06-10T15:00:00Z", "made_by": "staff"},
    )
    world.happens(
        "appointment.rescheduled", subject="c1", data={"appointment_id": "a1", "starts_at": "2026-06-12T15:00:00Z"}
    )
    world.runs_until(datetime(2026, 6, 20, tzinfo=UTC))
    left = {message.kind: message.commanded_at for message in world.messages if message.kind.startswith("rule:")}
    assert left == {
        "rule:after": datetime(2026, 6, 1, 15, tzinfo=UTC),
        "rule:r": datetime(2026, 6, 11, 15, tzinfo=UTC),
    }


def test_what_a_rule_that_is_gone_had_planned_is_dropped_and_explained() -> None:
    world = shop({"timing": {"after": "PT1H"}})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": "P1"})
    world.happens("settings.changed", data={"rules": []})
    world.passes(hours=2)
    assert world.messages == []
    assert world.reasons(event)[-1] == ("dropped", "email", "setting_off:rules")


def test_a_rule_names_its_own_sender() -> None:
    world = shop({"from": "Desk <desk@pantry.example>"})
    world.happens("parcel.lost", subject="c1", data={"parcel": "P1"})
    assert [message.from_ for message in world.messages] == ["Desk <desk@pantry.example>"]


def test_caps_count_the_days_and_weeks_of_the_recipient() -> None:
    world = shop({"class": "marketing"}, caps={"marketing": {"per_day": 2, "per_week": 3}})
    for _ in range(3):
        world.happens("parcel.lost", subject="c1", data={"parcel": "Monday"})
    world.passes(days=1)
    for _ in range(2):
        world.happens("parcel.lost", subject="c1", data={"parcel": "Tuesday"})
    world.passes(days=6)
    world.happens("parcel.lost", subject="c1", data={"parcel": "next Monday"})
    assert [message.subject for message in world.messages] == [
        "Parcel Monday",
        "Parcel Monday",
        "Parcel Tuesday",
        "Parcel next Monday",
    ]
    monday, again, tuesday, _ = [message.message_id for message in world.messages]
    by = [
        {"message_id": monday, "at": "2026-06-01T14:00:00Z"},
        {"message_id": again, "at": "2026-06-01T14:00:00Z"},
        {"message_id": tuesday, "at": "2026-06-02T14:00:00Z"},
    ]
    assert [each.facts for each in world.decisions if each.reason == "frequency_capped"] == [
        {"caps.marketing.per_day": 2, "in": "2026-06-01", "by": by[:2]},
        {"caps.marketing.per_week": 3, "in": "2026-W23", "by": by},
    ]


@given(
    start=st.datetimes(FIRST, LAST),
    zone=st.sampled_from(ZONES),
    days=st.integers(0, 30),
    at=st.times(),
)
def test_days_before_keeps_to_the_clock_of_the_place(start: datetime, zone: str, days: int, at: time) -> None:
    own = RuleSettings(days_before=days, at=at)
    telling = Told(
        time=datetime(2019, 1, 1, tzinfo=UTC),
        data={"starts_at": start.isoformat(), "timezone": zone},
        timezone="UTC",
        contact_timezone="UTC",
    )
    [hour] = DaysBefore(setting="days_before", of="starts_at").hours(telling, own)
    local = hour.due.astimezone(ZoneInfo(zone))
    wanted = datetime.combine(hour.moment.astimezone(ZoneInfo(zone)).date() - timedelta(days=days), at)
    gap = local.replace(tzinfo=None) - wanted
    assert gap == timedelta(0) or timedelta(0) < gap <= timedelta(days=1)
    if gap == timedelta(0):
        assert local.fold == 0
    else:  # the clock never showed it
        assert (
            wanted.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            != wanted
        )


@given(
    day=st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    holidays=st.frozensets(st.dates(date(2020, 1, 1), date(2020, 3, 1))),
)
def test_a_business_day_is_the_nearest_one_at_or_before(day: date, holidays: frozenset[date]) -> None:
    found = business_day(day, holidays)
    between = [found + timedelta(days=number) for number in range(1, (day - found).days + 1)]
    assert found <= day
    assert found.weekday() < 5
    assert found not in holidays
    assert all(each.weekday() >= 5 or each in holidays for each in between)
