from datetime import UTC, datetime, timedelta

import pytest

from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.faults import Fault, Refused
from schemas.wire import event_from_mapping
from schemas.words import Channel, Outcome, Status
from tidings.demo.day import day
from tidings.demo.happening import MAILED, Happening
from tidings.demo.watch import Watch

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = day(NOW, "r1")
BROKEN = next(each for each in DAY.happenings if each.is_broken)
VISIT = next(each for each in DAY.happenings if each.event["type"] == "appointment.scheduled")


def test_every_event_of_the_day_is_valid_but_the_broken_one() -> None:
    for happening in (*DAY.tenants, *DAY.clients, *DAY.happenings):
        if happening.is_broken:
            with pytest.raises(Refused, match=r"data\.items"):
                event_from_mapping(happening.event)
        else:
            assert event_from_mapping(happening.event).key == happening.key


def test_reminders_of_the_day_fall_due_within_the_minute() -> None:
    visits = [each for each in DAY.happenings if any(one.word == MAILED for one in each.awaits)]
    starts = [str(each.event["data"]["starts_at"]) for each in visits if "visit" in each.event_id]  # type: ignore[index]
    due = [datetime.fromisoformat(at) - timedelta(hours=24) - NOW for at in starts]
    assert len(due) == 3
    assert all(timedelta(0) < each <= timedelta(minutes=1) for each in due)


def test_one_event_comes_twice_and_all_others_have_ids_of_their_own() -> None:
    ids = [each.event_id for each in (*DAY.tenants, *DAY.clients, *DAY.happenings)]
    assert len(ids) - len(set(ids)) == 1


def test_the_day_is_done_when_all_that_is_awaited_was_seen() -> None:
    watch = Watch(DAY.happenings)
    assert list(watch.missing())
    for happening in DAY.happenings:
        for record in outcome_of(happening):
            watch.take(record)
    assert list(watch.missing()) == []
    assert list(watch.doubled()) == []


def test_a_status_that_is_read_before_its_decision_stays() -> None:
    watch = Watch([VISIT])
    watch.take(accepted(VISIT, "carla", "m1"))
    decision = Decision(
        tenant=VISIT.tenant,
        event_id=VISIT.event_id,
        outcome=Outcome.SENT,
        at=NOW,
        kind="appointment_reminder",
        contact="carla",
        channel=Channel.EMAIL,
    )
    assert watch.take(decision) is None
    assert [line.mark for line in watch.lines(VISIT)] == ["✓"]


def test_a_second_message_for_one_event_is_told() -> None:
    watch = Watch([VISIT])
    watch.take(accepted(VISIT, "carla", "m1"))
    watch.take(accepted(VISIT, "carla", "m1"))
    assert list(watch.doubled()) == []
    watch.take(accepted(VISIT, "carla", "m2"))
    assert len(list(watch.doubled())) == 1


def test_events_of_another_day_change_nothing() -> None:
    watch = Watch(DAY.happenings)
    other = day(NOW, "r2").happenings
    assert [watch.take(record) for each in other for record in outcome_of(each)] == [None] * sum(
        len(outcome_of(each)) for each in other
    )


def accepted(happening: Happening, who: str, message_id: str, kind: str = "appointment_reminder") -> DeliveryStatus:
    return DeliveryStatus(
        message_id=message_id,
        tenant=happening.tenant,
        kind=kind,
        channel=Channel.EMAIL,
        to=f"{who}@example.org",
        event_id=happening.event_id,
        category="service",
        status=Status.ACCEPTED,
        attempt=1,
        at=NOW,
        commanded_at=NOW,
        staff=who if kind == "order_notification" else None,
        contact=who if kind != "order_notification" else None,
    )


def outcome_of(happening: Happening) -> list[object]:
    """The records that make an event's awaited end."""
    if happening.is_broken:
        fault = Fault(path="data.items", reason="must be a list")
        letter = DeadLetter(
            topic="events",
            partition=0,
            offset=1,
            stage="decide",
            at=NOW,
            faults=(fault,),
            event_id=happening.event_id,
            tenant=happening.tenant,
        )
        return [letter]
    return [
        accepted(happening, awaited.who, f"{happening.event_id}/{awaited.kind}/{awaited.who}", awaited.kind or "")
        if awaited.word == MAILED
        else Decision(
            tenant=happening.tenant,
            event_id=happening.event_id,
            outcome=Outcome.DROPPED,
            at=NOW,
            kind=awaited.kind,
            contact=awaited.who or None,
            channel=Channel.EMAIL,
            reason=awaited.word,
        )
        for awaited in happening.awaits
    ]
