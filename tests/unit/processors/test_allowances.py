"""Allowances: counted once per recipient, exact while purses are asked, and nothing counted that did not leave."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from processors.allowance import used_up
from processors.decide.tables import PLACES, QUEUED
from processors.dispatch.tables import LAST_SENT
from schemas.allowance import Allowance, PlaceGivenBack
from schemas.billing import Charge, CreditChange, PaidBy
from schemas.candidate import Withdrawal
from schemas.decision import Decision
from schemas.message import Message
from schemas.places import Place
from schemas.reasons import Reason
from schemas.topics import AUDIENCE, CHARGES, DECISIONS, command_topic
from schemas.wire import event_from_mapping
from schemas.words import Channel, InDoubt, Lane, Status
from streams.topology import DECIDE
from tests.unit.processors.test_hours_and_caps import OFFER, ready, world
from tests.unit.processors.world import ANN, MONDAY, PANTRY, World
from tidings.memory import MemoryRunner

ONE_A_DAY = {"marketing": {"per_day": 1}}
IN_CREDITS = Charge(
    units=1, unit="segment", amount=Decimal("0.02"), currency="USD", paid_by=PaidBy.CREDITS, timezone="UTC"
)


class Counter:
    """Stage decide alone: what asks a purse goes out of it, and answers come when the test says so."""

    def __init__(self) -> None:
        self.runner = MemoryRunner((DECIDE,), partitions=4, through_codec=True)
        self._commands = self.runner.watch(command_topic(Channel.SMS, Lane.NORMAL))
        self._charges = self.runner.watch(CHARGES.name)
        self._decisions = self.runner.watch(DECISIONS.name)
        self.now = MONDAY
        self.happens("settings.changed", PANTRY)
        self.happens("contact.changed", ANN, subject="c1")

    def happens(self, event_type: str, data: object, **attributes: Any) -> None:
        envelope = {"id": event_type, "tenant": "pantry", "type": event_type, "time": self.now.isoformat()}
        self.runner.publish(event_from_mapping({**envelope, **attributes, "data": data}), self.now)

    def hears(self, value: object, key: str = "pantry|c1") -> None:
        self.runner.send(AUDIENCE.name, key, value, self.now)

    @property
    def left(self) -> list[str]:
        return [record.value.message_id for record in self._commands if isinstance(record.value, Message)]

    @property
    def asked_purse(self) -> list[str]:
        return [record.value.message_id for record in self._charges if isinstance(record.value, Message)]

    @property
    def paid_back(self) -> list[str | None]:
        return [record.value.message_id for record in self._charges if isinstance(record.value, CreditChange)]

    @property
    def reasons(self) -> list[tuple[str | None, str, str | None]]:
        said = [record.value for record in self._decisions if isinstance(record.value, Decision)]
        return [(each.message_id, each.outcome, each.reason) for each in said]


def text(message_id: str, *, charge: Charge | None = IN_CREDITS, per_day: int = 1, **more: Any) -> Message:
    fields: dict[str, Any] = {
        "message_id": message_id,
        "tenant": "pantry",
        "kind": "rule:offer",
        "channel": Channel.SMS,
        "to": "+12025550101",
        "from_": "+12025550111",
        "event_id": "e1",
        "lane": Lane.NORMAL,
        "category": "marketing",
        "in_doubt": InDoubt.DROP,
        "text": "Veils",
        "settings_version": 1,
        "template_version": "t",
        "commanded_at": MONDAY,
        "contact": "c1",
        "charge": charge,
        "allowance": Allowance(per_day=per_day, per_week=None, timezone="America/New_York"),
    }
    return Message(**{**fields, **more})


def paid(message: Message) -> Message:
    assert message.allowance is not None
    return replace(message, allowance=replace(message.allowance, is_paid=True))


def test_what_asks_for_a_place_in_doubt_waits_until_it_is_taken() -> None:
    counter = Counter()
    first, second = text("m1"), text("m2", charge=None)
    counter.hears(first)
    counter.hears(second)
    assert (counter.asked_purse, counter.left, counter.reasons) == (["m1"], [], [])
    counter.hears(paid(first))
    assert counter.left == ["m1"]
    assert counter.reasons == [("m1", "sent", None), ("m2", "dropped", "frequency_capped")]


def test_what_asks_for_a_place_in_doubt_gets_it_when_it_comes_free() -> None:
    counter = Counter()
    for message in (text("m1"), text("m2", charge=None), text("m3", charge=None)):
        counter.hears(message)
    counter.now += timedelta(minutes=1)
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    assert counter.left == ["m2"]
    assert counter.reasons == [("m2", "sent", None), ("m3", "dropped", "frequency_capped")]
    assert counter.runner.rows("decide", QUEUED) == {}


def test_one_queued_message_after_the_other_asks_its_purse() -> None:
    counter = Counter()
    for name in ("m1", "m2", "m3"):
        counter.hears(text(name))
    assert counter.asked_purse == ["m1"]
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    assert counter.asked_purse == ["m1", "m2"]
    counter.hears(paid(text("m2")))
    assert (counter.asked_purse, counter.left) == (["m1", "m2"], ["m2"])


def test_a_text_that_is_paid_later_asks_again_and_gets_its_money_back() -> None:
    counter = Counter()
    parked = text("m1")
    counter.hears(parked)
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    counter.hears(text("m2", charge=None))
    counter.hears(paid(parked))
    assert (counter.left, counter.paid_back) == (["m2"], ["m1"])
    assert counter.reasons[-1] == ("m1", "dropped", "frequency_capped")


def test_a_text_that_is_paid_on_another_day_leaves_on_that_day() -> None:
    counter = Counter()
    parked = text("m1")
    counter.hears(parked)
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    counter.hears(text("m2", charge=None))
    counter.now += timedelta(days=1)
    counter.hears(paid(parked))
    counter.hears(text("m3", charge=None))
    assert counter.left == ["m2", "m1"]
    assert counter.reasons[-1] == ("m3", "dropped", "frequency_capped")


@pytest.mark.parametrize("names", ["m1", "m1 m2", "m2 m1 m2"])
def test_records_that_a_crash_repeats_change_nothing(names: str) -> None:
    """A unit of work is repeated as a whole, in its order."""
    counter = Counter()
    asking = {"m1": text("m1", charge=None), "m2": text("m2", charge=None)}
    for name in ("m1", "m2"):
        counter.hears(asking[name])
    before = (list(counter.left), counter.reasons, dict(counter.runner.rows("decide", PLACES)))
    for name in names.split():
        counter.hears(asking[name])
    assert (counter.left, counter.reasons, dict(counter.runner.rows("decide", PLACES))) == before
    assert counter.left == ["m1"]


def test_what_was_decided_stays_decided_when_a_place_comes_free() -> None:
    counter = Counter()
    counter.hears(text("m1", charge=None))
    counter.hears(text("m2", charge=None))
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    counter.hears(text("m2", charge=None))
    counter.hears(text("m3", charge=None))
    assert counter.left == ["m1", "m3"]


def test_a_withdrawal_finds_what_is_queued_and_follows_what_asks_its_purse() -> None:
    counter = Counter()
    counter.hears(text("m1"))
    counter.hears(text("m2"))
    for name in ("m2", "m1"):
        counter.hears(Withdrawal(tenant="pantry", event_id="e9", reason=Reason.CANCELLED_BY_EVENT, message_id=name))
    assert counter.reasons == [("m2", "cancelled", "cancelled_by_event")]
    withdrawn = [each.value.message_id for each in counter._charges if isinstance(each.value, Withdrawal)]
    assert withdrawn == ["m2", "m1"]
    counter.hears(PlaceGivenBack(tenant="pantry", message_id="m1"))
    assert counter.left == []


def test_nothing_leaves_to_a_contact_who_is_erased_meanwhile() -> None:
    counter = Counter()
    counter.hears(text("m1"))
    counter.hears(text("m2"))
    counter.happens("contact.changed", None, subject="c1", id="gone")
    assert counter.runner.rows("decide", PLACES) == counter.runner.rows("decide", QUEUED) == {}
    counter.hears(paid(text("m1")))
    counter.hears(text("m3", charge=None))
    assert (counter.left, counter.paid_back) == ([], ["m1"])
    assert [(name, outcome) for name, outcome, _ in counter.reasons] == [
        ("m2", "cancelled"),
        ("m1", "cancelled"),
        ("m3", "cancelled"),
    ]


def test_a_contact_and_a_member_of_staff_of_one_name_are_two() -> None:
    counter = Counter()
    counter.hears(text("m1", charge=None))
    counter.hears(text("m2", charge=None, contact=None, staff="c1"))
    counter.hears(text("m3", charge=None, contact=None, staff="c1", to="+12025550102"))
    assert counter.left == ["m1", "m2"]


def test_what_was_long_ago_is_forgotten() -> None:
    counter = Counter()
    for number in range(30):
        counter.hears(text(f"m{number}", charge=None))
        counter.now += timedelta(days=1)
    [places] = counter.runner.rows("decide", PLACES).values()
    assert len(counter.left) == 30
    assert len(places.taken) < 10  # type: ignore[attr-defined]  # the runner does not say what a table holds


@pytest.mark.parametrize(
    ("status", "takes_a_place"),
    [
        (Status.DELIVERED, True),
        (Status.BOUNCED, True),
        (Status.DOUBTFUL, True),
        (Status.FAILED, False),
        (Status.EXPIRED, False),
        (Status.SUPPRESSED, False),
        (Status.CANCELLED, False),
    ],
)
def test_a_message_that_never_left_its_gateway_frees_its_place(status: Status, takes_a_place: bool) -> None:
    happening = world("2026-06-01T10:00:00-04:00", caps=ONE_A_DAY, rules=[OFFER])
    ready(happening, "first")
    [first] = happening.messages
    happening.reports(first, status, code="400" if status is Status.FAILED else None)
    happening.happens("contact.changed", subject="c1", data={"email": "other@example.org"})
    second = ready(happening, "second")
    assert (happening.reasons(second)[0][2] == "frequency_capped") is takes_a_place


def test_an_appointment_that_is_cancelled_takes_its_capped_text_along() -> None:
    """The withdrawal goes the way of the message: through its allowance to the purse where it waits."""
    kinds = {"appointment_reminder": {"sms_hours_before": 24}}
    billing = {"sms": {"model": "per_segment", "price": "0.02", "prepaid": True}}
    caps = {"service": {"per_day": 1}}
    happening = World(settings={**PANTRY, "currency": "USD", "kinds": kinds, "caps": caps, "billing": billing})
    happening.ann()
    data = {"appointment_id": "a1", "starts_at": "2026-06-10T15:00:00-04:00", "made_by": "staff"}
    event = happening.happens("appointment.scheduled", subject="c1", data=data)
    happening.runs_until(datetime.fromisoformat("2026-06-09T20:00:00+00:00"))
    happening.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    happening.happens("credits.purchased", data={"channel": "sms", "quantity": 500, "paid_by": "card"})
    assert [outcome for outcome, channel, _ in happening.reasons(event) if channel == "sms"] == [
        "scheduled",
        "held",
        "cancelled",
    ]
    assert happening.messages == []


def test_what_is_capped_is_not_what_somebody_answers() -> None:
    happening = world("2026-06-01T10:00:00-04:00", caps=ONE_A_DAY, rules=[OFFER])
    ready(happening, "first")
    ready(happening, "second")
    [said] = happening.runner.rows("dispatch", LAST_SENT).values()
    assert said.words == "first"  # type: ignore[attr-defined]  # as above


def test_the_facts_name_what_took_the_places() -> None:
    happening = world("2026-06-01T10:00:00-04:00", caps=ONE_A_DAY, rules=[OFFER])
    ready(happening, "first")
    ready(happening, "second")
    [first] = happening.messages
    facts = happening.decisions[-1].facts
    by = [{"message_id": first.message_id, "at": "2026-06-01T14:00:00Z"}]
    assert facts == {"caps.marketing.per_day": 1, "in": "2026-06-01", "by": by}


def test_a_place_of_another_clock_counts_on_the_day_that_the_recipient_has_now() -> None:
    """Half past three in the morning in Kiev is half past eight of the evening before in New York."""
    place = Place(message_id="m1", at=datetime.fromisoformat("2026-06-02T03:30:00+03:00"))
    noon = datetime.fromisoformat("2026-06-02T12:00:00+00:00")
    by_zone = {
        zone: used_up(Allowance(per_day=1, per_week=None, timezone=zone), "marketing", [place], noon) is not None
        for zone in ("Europe/Kyiv", "America/New_York")
    }
    assert by_zone == {"Europe/Kyiv": True, "America/New_York": False}
