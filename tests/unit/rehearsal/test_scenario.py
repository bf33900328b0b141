"""Scenario files: what is taken, what is derived, what is refused and where."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.faults import Refused
from tidings.rehearsal.scenario import read_scenario, scenario_from_text

UNTIL = 'until: "2026-06-02T00:00:00Z"\n'
EVENT = "events: [{at: 2026-06-01T10:00:00+02:00, tenant: t, type: note.added, subject: c1, data: {}}]\n"


def test_only_until_is_mandatory() -> None:
    scenario = scenario_from_text(UNTIL, name="empty")
    assert scenario.name == "empty"
    assert scenario.start == scenario.until == datetime(2026, 6, 2, tzinfo=UTC)
    assert scenario.items == ()


def test_the_start_is_the_first_items_time_unless_it_is_said() -> None:
    assert scenario_from_text(UNTIL + EVENT).start == datetime(2026, 6, 1, 8, tzinfo=UTC)
    said = scenario_from_text(UNTIL + EVENT + "start: 2026-06-01T12:00:00Z\n")
    assert said.start == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_at_is_time_and_an_id_is_made_of_type_and_place() -> None:
    (item,) = scenario_from_text(UNTIL + EVENT).items
    assert item.document["time"] == "2026-06-01T10:00:00+02:00"
    assert "at" not in item.document
    assert item.document["id"] == "note.added#1"


@pytest.mark.parametrize("time", ["yesterday", "2026-06-01T10:00:00", "5", "null"])
def test_an_item_whose_time_cannot_be_read_is_left_to_the_run(time: str) -> None:
    (item,) = scenario_from_text(f"{UNTIL}events: [{{at: {time}, tenant: t, type: note.added}}]\n").items
    assert item.time is None


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("name: x\n", "until", "is missing"),
        ("until: tomorrow\n", "until", "must be a time with an offset"),
        ('until: "2026-06-02T00:00:00"\n', "until", "must be a time with an offset"),
        (UNTIL + "settings: [1]\n", "settings", "must be a map"),
        (UNTIL + "setings: {}\n", "setings", "unknown key"),
        (UNTIL + "events: [5]\n", "events.0", "must be a map"),
        (UNTIL + "contacts: {t: [{name: Ann}]}\n", "contacts.t.0.id", "must be text"),
        (UNTIL + "contacts: {t: [{id: 5}]}\n", "contacts.t.0.id", "must be text"),
        (UNTIL + "consents: {t: [{opted_out: []}]}\n", "consents.t.0.address", "is missing"),
        (UNTIL + "consents: {t: [{adress: x}]}\n", "consents.t.0.adress", "did you mean 'address'?"),
        (UNTIL + 'providers: {"a@x.example": [bounce]}\n', "providers.a@x.example.0", "'bounce' is no answer"),
        (UNTIL + 'providers: {"a@x.example": ["failed:"]}\n', "providers.a@x.example.0", "is no answer"),
        (UNTIL + "expect: {messages: [{knd: x}]}\n", "expect.messages.0.knd", "unknown key"),
        (UNTIL + "expect: {decisions: [{contains: x}]}\n", "expect.decisions.0.contains", "unknown key"),
        (UNTIL + "expect: {messages: [{contains: 5}]}\n", "expect.messages.0.contains", "must be text"),
        (UNTIL + "expect: {usage: {t: {sms: {unit: 1}}}}\n", "expect.usage.t.sms.unit", "unknown key"),
        (UNTIL + "expect: {mesages: []}\n", "expect.mesages", "unknown key"),
        ("- 1\n", "", "must be a map"),
        (UNTIL + "start: 2026-06-03T00:00:00Z\n", "start", "must not be after until"),
    ],
)
def test_a_file_that_is_not_valid_says_where(text: str, path: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        scenario_from_text(text)
    assert [reason for fault in refused.value.faults if fault.path == path and reason in fault.reason], refused.value


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: No such file"):
        read_scenario(tmp_path / "none.yaml")
