"""Laws over whatever order things happen in: old times are never reminded of, tenants never meet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.processors.world import ANN, APPOINTMENT, MONDAY, ORDER, PANTRY, World

HOUR = timedelta(hours=1)
EMAIL_BEFORE, SMS_BEFORE = timedelta(hours=48), timedelta(hours=24)
REMIND = {"kinds": {"appointment_reminder": {"sms_hours_before": 24, "email_hours_before": 48}}}

Step = tuple[str, str, int, int]
"""What happens, to which appointment, so many hours away, and for how many hours nothing follows."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["scheduled", "rescheduled", "rescheduled", "cancelled", "again", "late"]),
        st.sampled_from(["a1", "a2"]),
        st.sampled_from([0, 23, 24, 25, 47, 48, 49, 60, 72, 100]),
        st.sampled_from([0, 0, 1, 12, 24, 25, 48, 50]),
    ),
    min_size=1,
    max_size=12,
)


class Diary:
    """The model: what was told of each appointment, by the time at which it happened."""

    def __init__(self) -> None:
        self.known: dict[str, dict[datetime, tuple[str, datetime | None]]] = {}
        self.told: list[tuple[str, str, datetime, datetime | None]] = []

    def standing(self) -> set[datetime]:
        """The starts that hold now; a cancelled appointment can be scheduled again, not moved."""
        held = set()
        for known in self.known.values():
            start = None
            for _, (word, told) in sorted(known.items()):
                start = start if word == "rescheduled" and start is None else told
            held |= {start} if start else set()
        return held


@settings(max_examples=120)
@given(STEPS)
def test_while_time_passes_nobody_is_reminded_of_an_old_or_cancelled_time(steps: list[Step]) -> None:
    """At each instant, all that leaves is about a start that holds then; what holds until its hour is reminded of."""
    world, diary, wanted = World(settings={**PANTRY, **REMIND}), Diary(), set()
    world.ann()
    world.now += timedelta(seconds=1)
    for number, (step, appointment, hours, silence) in enumerate([*steps, ("again", "a1", 0, 200)]):
        world.now += timedelta(seconds=1)
        _tell(world, diary, number, step, appointment, hours)
        begins = world.now
        world.runs_until(begins + silence * HOUR)
        for message in (each for each in world.messages if each.commanded_at >= begins):
            assert message.useful_until in diary.standing()
            ahead = EMAIL_BEFORE if message.channel == "email" else SMS_BEFORE
            assert message.useful_until - ahead <= message.commanded_at <= message.useful_until
        wanted |= {
            (start, channel)
            for start in diary.standing()
            for channel, ahead in (("email", EMAIL_BEFORE), ("sms", SMS_BEFORE))
            if begins < start - ahead <= world.now
        }
    assert wanted <= {(message.useful_until, message.channel) for message in world.messages}
    assert max(Counter(message.message_id for message in world.messages).values(), default=1) == 1


def _tell(world: World, diary: Diary, number: int, step: str, appointment: str, hours: int) -> None:
    """One event; `again` is one that was told before, `late` a move older than all that is known."""
    happened, start = world.now, (world.now + hours * HOUR).replace(microsecond=0)
    if step == "again":
        if not diary.told:
            return
        id_, appointment, happened, known = diary.told[hours % len(diary.told)]
        _publish(world, id_, appointment, happened, known)
        return
    if step == "scheduled" or appointment not in diary.known:
        step = "scheduled"
    if step == "late":
        happened = min(diary.known[appointment]) - timedelta(hours=1, seconds=number)
    known = None if step == "cancelled" else start
    word = "rescheduled" if step == "late" else step
    diary.known.setdefault(appointment, {})[happened] = (word, known)
    diary.told.append((f"{step}{number}", appointment, happened, known))
    _publish(world, f"{step}{number}", appointment, happened, known)


def _publish(world: World, id_: str, appointment: str, happened: datetime, start: datetime | None) -> None:
    fields: dict[str, Any] = {"appointment_id": appointment}
    if start is not None:
        fields["starts_at"] = start.isoformat()
    word = id_.rstrip("0123456789").replace("late", "rescheduled")
    if word == "scheduled":
        fields["made_by"] = "staff"
    world.happens(f"appointment.{word}", id=id_, time=happened.isoformat(), subject="c1", data=fields)


CLIENT = {"kind": "client", "id": "c1"}
STAFF = {"kind": "staff", "id": "s1"}
DOCUMENT = {"document": "quote", "number": "7", "link": "https://portal.example/7", "email": True, "sms": True}
ELSEWHERE = {"appointment_id": "l1", "starts_at": "2026-06-11T09:00:00+12:00", "made_by": "staff"}
DAY: tuple[Mapping[str, Any], ...] = (
    {"id": "o1", "type": "order.completed", "actor": CLIENT, "data": ORDER},
    {"id": "o2", "type": "order.edited", "actor": CLIENT, "data": ORDER},
    {"id": "p1", "type": "password.chosen", "data": {"username": "ann"}},
    {"id": "v1", "type": "visit.edited", "actor": STAFF, "data": {"visit_id": "v1", "order_id": "o1"}},
    {"id": "a1", "type": "appointment.scheduled", "data": {**APPOINTMENT, "title": "Boxes", "location": "Hall 3"}},
    {
        "id": "a2",
        "type": "appointment.rescheduled",
        "data": {"appointment_id": "a1", "starts_at": "2026-06-12T09:00:00-04:00"},
    },
    {"id": "l1", "type": "appointment.scheduled", "data": {**ELSEWHERE, "timezone": "Pacific/Auckland"}},
    {
        "id": "l2",
        "type": "appointment.rescheduled",
        "data": {"appointment_id": "l1", "starts_at": "2026-06-13T09:00:00+12:00"},
    },
    {"id": "b1", "type": "appointment.scheduled", "data": {**APPOINTMENT, "appointment_id": "b1"}},
    {"id": "b2", "type": "appointment.cancelled", "data": {"appointment_id": "b1"}},
    {"id": "d1", "type": "document.sent", "data": DOCUMENT},
    {"id": "k1", "type": "cart.changed", "data": {"cart_id": "k1", "items": [{"name": "Rice", "quantity": 1}]}},
    {"id": "u1", "type": "pallet.arrived", "data": {"pallet": 4}},
)
"""Events of one client's day: of each a time of its own, in this order."""
FULL = {
    **PANTRY,
    "senders": {"email": "hello@tidings.example", "sms": "+12025550111"},
    "kinds": {**REMIND["kinds"], "cart": {"idle": "PT2H", "warning": "PT24H", "expire": "PT48H"}},
    "new_contacts": {"sms": True},
}


def after(tenants: Iterable[str], arrivals: Iterable[tuple[str, int]], *, partitions: int = 4) -> World:
    """A month after these events (tenant, number within `DAY`) have arrived in this order, all at one instant."""
    world = World(partitions=partitions)
    for tenant in tenants:
        own = {"name": f"The {tenant}", "staff": [{**PANTRY["staff"][0], "email": f"sam@{tenant}.example"}]}
        world.happens("settings.changed", tenant=tenant, id=f"settings-{tenant}", data={**FULL, **own})
        email = f"ann@{tenant}.example"
        world.happens("contact.changed", tenant=tenant, id="ann", subject="c1", data={**ANN, "email": email})
    world.now = MONDAY + HOUR
    for tenant, number in arrivals:
        event = dict(DAY[number])
        time = (MONDAY + timedelta(minutes=number)).isoformat()
        world.happens(event.pop("type"), tenant=tenant, subject="c1", time=time, **event)
    world.passes(days=30)
    return world


def said(world: World, tenant: str | None = None) -> Counter[tuple[str, ...]]:
    """All that left: id, hour, address and words of each message of a tenant, or of all."""
    left = [message for message in world.messages if tenant in (None, message.tenant)]
    return Counter(
        (message.message_id, message.commanded_at.isoformat(), message.to, message.subject or "", message.text)
        for message in left
    )


IN_ORDER = [("pantry", number) for number in range(len(DAY))]


@cache
def wanted() -> Counter[tuple[str, ...]]:
    """What the day says when everything arrives in order."""
    return said(after(["pantry"], IN_ORDER))


def test_the_day_has_something_to_say() -> None:
    kinds = {message.kind for message in after(["pantry"], IN_ORDER).messages}
    assert kinds >= {"order_confirmation", "order_notification", "order_altered", "appointment_reminder", "document"}
    assert kinds >= {"cart_idle", "cart_expiring", "cart_expired", "password_chosen"}


@settings(max_examples=30)
@given(st.data())
def test_any_order_of_arrival_of_redelivered_events_gives_the_same_messages(data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(IN_ORDER), max_size=8))
    order = data.draw(st.permutations(IN_ORDER + again))
    assert said(after(["pantry"], order, partitions=data.draw(st.sampled_from([1, 4])))) == wanted()


@settings(max_examples=15)
@given(st.data())
def test_tenants_never_see_each_other(data: st.DataObject) -> None:
    """With the same ids for everything, each tenant's messages are those that it gets alone."""
    theirs = data.draw(st.lists(st.sampled_from([("other", number) for number in range(len(DAY))]), max_size=15))
    world = after(["pantry", "other"], data.draw(st.permutations(IN_ORDER + theirs)))
    assert said(world, "pantry") == wanted()
    alone = after(["other"], theirs)
    assert set(said(world, "other")) == set(said(alone))
    assert not any("pantry" in field for row in said(world, "other") for field in row)
    assert {decision.tenant for decision in world.decisions} <= {"pantry", "other"}
