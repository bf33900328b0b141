import logging

import pytest

from schemas.faults import Fault
from schemas.topics import TICKS
from streams.quarantine_alarm import LEAST_RECORDS, QuarantineAlarm
from tidings.health import Health
from tidings.metrics import StageMetrics, exposition

MISSING = Fault(path="data.order_id", reason="is missing")
UNKNOWN = Fault(path="", reason="has schema id 99, which nobody knows")
SUBJECT = "source events of stage bells"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def alarm(clock: Clock, health: Health) -> QuarantineAlarm:
    return QuarantineAlarm("bells", pause_seconds=30.0, metrics=StageMetrics("bells"), health=health, clock=clock)


def set_aside(alarm: QuarantineAlarm, count: int, *, topic: str = "events", fault: Fault = MISSING) -> int:
    """So many bad records in a row; how many of them were let into quarantine."""
    return sum(alarm.allows(topic, fault, 0) for _ in range(count))


def test_a_source_that_is_all_bad_rests_after_fifty(alarm: QuarantineAlarm, health: Health) -> None:
    assert set_aside(alarm, 20, fault=UNKNOWN) == 20
    assert set_aside(alarm, 31) == 30
    assert alarm.rest_seconds("events") == 30.0
    reason = "50 of the last minute's 0 records were set aside, most often because of: data.order_id: is missing"
    assert health.reasons == {SUBJECT: reason}
    assert b'tidings_source_paused{stage="bells",topic="events"} 1.0' in exposition()


def test_one_bad_record_in_a_hundred_stops_nothing(alarm: QuarantineAlarm, clock: Clock) -> None:
    for _ in range(200):
        assert set_aside(alarm, 1) == 1
        alarm.performed("events", 100)
        clock.seconds += 0.1
    assert alarm.rest_seconds("events") == 0.0


def test_records_earlier_in_the_same_batch_count(alarm: QuarantineAlarm) -> None:
    """One in thirty-three of a fresh backlog is no more than one in twenty."""
    assert all(alarm.allows("events", MISSING, number * 33) for number in range(1, 100))
    assert not all(alarm.allows("events", MISSING, 99 * 33 + number) for number in range(200))


def test_what_is_older_than_a_minute_is_forgotten(alarm: QuarantineAlarm, clock: Clock) -> None:
    for _ in range(10):
        assert set_aside(alarm, LEAST_RECORDS - 1) == LEAST_RECORDS - 1
        clock.seconds += 60.0
    assert alarm.rest_seconds("events") == 0.0


def test_other_sources_go_on(alarm: QuarantineAlarm) -> None:
    set_aside(alarm, 51)
    assert alarm.rest_seconds("audience") == 0.0
    assert set_aside(alarm, 1, topic="audience") == 1


def test_ticks_never_rest_but_somebody_is_told(
    alarm: QuarantineAlarm, health: Health, caplog: pytest.LogCaptureFixture
) -> None:
    assert set_aside(alarm, 200, topic=TICKS.name) == 200
    assert alarm.rest_seconds(TICKS.name) == 0.0
    assert health.reasons == {}
    assert "source ticks of stage bells goes on, but 50 of the last minute's" in caplog.text


def test_after_the_pause_it_is_probed_with_as_many_again(
    alarm: QuarantineAlarm, clock: Clock, health: Health, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    set_aside(alarm, 51)
    clock.seconds += 30.0
    assert alarm.rest_seconds("events") == 0.0
    assert health.reasons == {}
    assert b'tidings_source_paused{stage="bells",topic="events"} 0.0' in exposition()
    assert set_aside(alarm, 51) == 50
    assert alarm.rest_seconds("events") == 30.0
    assert health.reasons.keys() == {SUBJECT}
    said = [record.getMessage() for record in caplog.records]
    assert [each.split(":")[0] for each in said] == [
        "source events of stage bells rests for 30 s",
        "source events of stage bells is taken up again, as a probe",
        "source events of stage bells rests for 30 s",
    ]


def test_a_silent_alarm_lets_everything_be_set_aside() -> None:
    silent = QuarantineAlarm.silent("bells", StageMetrics("bells"))
    assert set_aside(silent, 10_000) == 10_000
    assert silent.rest_seconds("events") == 0.0


def test_what_a_fault_quotes_of_a_record_is_not_logged(
    alarm: QuarantineAlarm, health: Health, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(51):
        reason = f"'ann{number}@example.org' is no number like +1202555012{number}, but ann{number}@example.org"
        alarm.allows("events", Fault(path="data.from", reason=reason), 0)
    assert health.reasons[SUBJECT].endswith("because of: data.from: … is no number like …, but …")
    assert "example.org" not in caplog.text


def test_a_rest_ends_also_when_the_source_has_gone_to_another_worker(
    alarm: QuarantineAlarm, clock: Clock, health: Health
) -> None:
    set_aside(alarm, 51)
    alarm.look()
    assert health.reasons.keys() == {SUBJECT}
    clock.seconds += 30.0
    alarm.look()
    assert health.reasons == {}
