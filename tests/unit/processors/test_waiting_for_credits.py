"""Texts that wait for credits: oldest first, past all gates once more, and nothing paid for what does not leave."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from processors.credit.tables import PURSES, RELEASED, UNPAID
from processors.credit.waiting import LOOKED_AT_ONCE
from processors.decide.tables import PLACES
from schemas.billing import CreditChange
from schemas.candidate import Candidate, Cause, Recipient, Withdrawal
from schemas.decision import Decision
from schemas.message import Message
from schemas.purse import Purse
from schemas.reasons import Reason
from schemas.topics import AUDIENCE, CHARGES, DECISIONS, MESSAGES, command_topic
from schemas.words import Channel, InDoubt, Lane, Status
from streams.topology import CREDIT
from tests.unit.processors.test_allowances import text
from tests.unit.processors.test_hours_and_caps import NIGHT, left, ready, rule, world
from tests.unit.processors.world import MONDAY, World
from tidings.memory import MemoryRunner

PREPAID = {"sms": {"model": "per_segment", "price": "0.02", "prepaid": True}}
EVENING = "2026-06-01T20:00:00-04:00"
ONE_PART, EIGHT_PARTS = "veil", "v" * 8 * 150


def parked(*items: str, contact: dict[str, Any] | None = None, **settings: Any) -> World:
    """A pantry without credits, and Ann, for whom these texts are held."""
    happening = world(EVENING, contact, **{"currency": "USD", "billing": PREPAID, "rules": [rule()], **settings})
    for item in items:
        ready(happening, item)
        happening.passes(seconds=1)
    return happening


def buys(happening: World, quantity: int = 500) -> None:
    happening.happens("credits.purchased", data={"channel": "sms", "quantity": quantity, "paid_by": "card"})


def finds(happening: World, credits_: int) -> None:
    """So few credits as nobody can buy."""
    found = CreditChange(tenant="pantry", event_id="found", credits=credits_)
    happening.runner.send(CHARGES.name, "pantry|", found, happening.now)


def changes(happening: World, **settings: Any) -> None:
    happening.happens("settings.changed", data=settings)


def texts(happening: World) -> list[str]:
    return [message.text.removeprefix("Ready: ") for message in happening.messages]


def ends(happening: World) -> list[tuple[str, str | None]]:
    """What became of texts after they were held for credits, event by event."""
    first = next(number for number, each in enumerate(happening.decisions) if each.outcome == "held")
    told = [each for each in happening.decisions[first:] if each.message_id and each.channel == "sms"]
    return [(each.outcome, each.reason) for each in told if each.reason != Reason.INSUFFICIENT_CREDIT]


def credits_left(happening: World) -> int:
    [purse] = happening.runner.rows("credit", PURSES).values()
    assert isinstance(purse, Purse)
    return purse.credits


def nothing_waits(happening: World) -> bool:
    return not happening.runner.rows("credit", UNPAID) and not happening.runner.rows("credit", RELEASED)


def test_credits_are_for_the_oldest_first_and_none_are_kept_back() -> None:
    """Of nine credits the first text takes eight; the second needs eight as well, and the third waits behind it."""
    happening = parked("a" + EIGHT_PARTS, "b" + EIGHT_PARTS, "c")
    happening.runner.send(
        CHARGES.name, "pantry|", CreditChange(tenant="pantry", event_id="x", credits=9), happening.now
    )
    assert texts(happening) == ["a" + EIGHT_PARTS]
    assert credits_left(happening) == 1
    ready(happening, "d")
    assert texts(happening)[1:] == ["d"], "a new text that can be paid does not wait"
    buys(happening)
    assert texts(happening)[2:] == ["b" + EIGHT_PARTS, "c"]
    assert (credits_left(happening), nothing_waits(happening)) == (491, True)


@pytest.mark.parametrize("ends_by", ["withdrawal", "expiry"])
def test_what_no_longer_waits_holds_up_nobody(ends_by: str) -> None:
    kinds = {"appointment_reminder": {"sms_hours_before": 24}}
    templates = {"appointment_reminder": {"sms": {"text": EIGHT_PARTS}}}
    happening = parked(kinds=kinds, templates=templates)
    starts_at = happening.now + timedelta(hours=25)
    data = {"appointment_id": "a1", "starts_at": starts_at.isoformat(), "made_by": "staff"}
    happening.happens("appointment.scheduled", subject="c1", data=data)
    happening.passes(hours=2)
    ready(happening, "b")
    happening.runner.send(
        CHARGES.name, "pantry|", CreditChange(tenant="pantry", event_id="x", credits=5), happening.now
    )
    assert texts(happening) == []
    if ends_by == "withdrawal":
        happening.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    else:
        happening.passes(hours=24)
    assert (texts(happening), credits_left(happening)) == (["b"], 4)


def test_what_sleeps_keeps_its_credits_and_leaves_in_the_morning() -> None:
    happening = parked("a", "b", quiet_hours=NIGHT)
    happening.passes(hours=3)
    buys(happening)
    assert (texts(happening), credits_left(happening)) == ([], 498)
    happening.passes(hours=12)
    assert left(happening) == [("06-02T12:00", "a"), ("06-02T12:00", "b")]
    assert (credits_left(happening), nothing_waits(happening)) == (498, True)


def test_who_is_erased_while_a_paid_text_sleeps_does_not_get_it() -> None:
    happening = parked("a", quiet_hours=NIGHT)
    happening.passes(hours=3)
    buys(happening)
    happening.happens("contact.changed", subject="c1", data=None)
    happening.passes(hours=12)
    assert ends(happening)[-1] == ("cancelled", "cancelled_by_event")
    assert [outcome for outcome, _ in ends(happening)].count("cancelled") == 1
    assert (texts(happening), credits_left(happening), nothing_waits(happening)) == ([], 500, True)


def test_who_unticks_no_text_while_a_paid_one_sleeps_does_not_get_it() -> None:
    happening = parked("a", quiet_hours=NIGHT)
    happening.passes(hours=3)
    buys(happening)
    happening.happens("contact.changed", subject="c1", data={"sms_alerts": "No SMS"})
    happening.passes(hours=12)
    assert (ends(happening)[-1], credits_left(happening)) == (("dropped", "contact_pref_off"), 500)


def test_an_erased_contact_gets_nothing_though_the_number_was_given_up_before() -> None:
    happening = parked("a")
    happening.happens("contact.changed", subject="c1", data={"phones": [], "email": None})
    happening.happens("contact.changed", subject="c1", data=None)
    buys(happening)
    assert (ends(happening), credits_left(happening)) == ([("cancelled", "cancelled_by_event")], 500)


def test_a_moved_clock_counts_for_quiet_hours_though_the_contact_moved_while_the_text_waited() -> None:
    happening = parked("a", quiet_hours=NIGHT)
    happening.happens("contact.changed", subject="c1", data={"timezone": "Pacific/Honolulu"})
    happening.passes(hours=3)
    buys(happening)
    assert texts(happening) == ["a"]


def test_a_text_that_has_become_longer_takes_what_it_needs_now() -> None:
    happening = parked("a", "b")
    changes(happening, rules=[rule(text=EIGHT_PARTS)])
    happening.runner.send(
        CHARGES.name, "pantry|", CreditChange(tenant="pantry", event_id="x", credits=9), happening.now
    )
    assert (len(happening.messages), credits_left(happening)) == (1, 1)
    buys(happening)
    assert (len(happening.messages), credits_left(happening), nothing_waits(happening)) == (2, 493, True)


def test_a_text_that_costs_nothing_any_more_leaves_for_nothing() -> None:
    happening = parked("a")
    changes(happening, billing={"sms": None})
    buys(happening)
    assert (texts(happening), credits_left(happening), nothing_waits(happening)) == (["a"], 500, True)


def test_a_text_that_is_paid_otherwise_by_now_takes_no_credits() -> None:
    happening = parked("a")
    changes(happening, billing={"sms": {"prepaid": False}})
    buys(happening)
    [message] = happening.messages
    assert message.charge is not None
    assert (message.charge.paid_by, credits_left(happening)) == ("invoice", 500)


@pytest.mark.parametrize("caps", [{}, {"service": {"per_day": 1}}])
def test_a_text_that_cannot_be_worded_any_more_costs_nothing(caps: dict[str, Any]) -> None:
    happening = parked("a", caps=caps)
    changes(happening, rules=[rule(text="{{ gone }}")])
    buys(happening)
    assert ends(happening) == [("dropped", "missing_variable:gone")]
    assert (credits_left(happening), nothing_waits(happening)) == (500, True)


def test_a_rule_that_is_gone_costs_nothing() -> None:
    happening = parked("a")
    changes(happening, rules=None)
    buys(happening)
    assert (ends(happening), credits_left(happening)) == ([("dropped", "setting_off:rules")], 500)


def test_caps_count_a_text_on_the_day_on_which_it_leaves() -> None:
    """The second text finds the day used up by the first and gives its credit back."""
    happening = parked("a", "b", caps={"service": {"per_day": 1}})
    assert happening.runner.rows("decide", PLACES) == {}
    buys(happening)
    assert texts(happening) == ["a"]
    assert ends(happening) == [("sent", None), ("dropped", "frequency_capped")]
    assert (credits_left(happening), nothing_waits(happening)) == (499, True)


def test_a_text_to_somebody_who_is_no_contact_passes_the_gates_too() -> None:
    happening = parked("a", rules=[rule(to=["+12025550177"])], quiet_hours=NIGHT)
    happening.passes(hours=3)
    buys(happening)
    assert texts(happening) == []
    happening.passes(hours=12)
    assert left(happening) == [("06-02T12:00", "a")]


def test_decisions_on_a_text_that_waited_are_numbered_one_after_the_other() -> None:
    happening = parked("a", quiet_hours=NIGHT)
    happening.passes(hours=3)
    buys(happening)
    happening.passes(hours=12)
    told = [(each.number, each.outcome, str(each.reason).partition(":")[0]) for each in happening.decisions]
    assert told == [
        (1, "held", "insufficient_credit"),
        (2, "held", "held_quiet_hours_until"),
        (3, "sent", "None"),
    ]
    [message] = happening.messages
    assert message.candidate is None, "no command carries what it was made of"


@pytest.mark.parametrize("again_after_hours", [0, 12])
def test_a_released_text_that_comes_twice_passes_the_gates_once(again_after_hours: int) -> None:
    happening = parked("a", quiet_hours=NIGHT)
    due = happening.runner.watch(MESSAGES.name)
    happening.passes(hours=3)
    buys(happening)
    [released] = [record for record in due if isinstance(record.value, Candidate)]
    happening.passes(hours=again_after_hours)
    happening.runner.send(MESSAGES.name, released.key, released.value, happening.now)
    happening.passes(hours=24)
    assert ends(happening) == [("held", "held_quiet_hours_until:2026-06-02T12:00:00Z"), ("sent", None)]
    assert (texts(happening), credits_left(happening)) == (["a"], 499)


def test_a_text_that_failed_after_it_waited_gives_its_credit_to_the_next() -> None:
    happening = parked("a", "b")
    happening.runner.send(
        CHARGES.name, "pantry|", CreditChange(tenant="pantry", event_id="x", credits=1), happening.now
    )
    assert texts(happening) == ["a"]
    happening.reports(happening.messages[0], Status.FAILED, code="400")
    assert texts(happening) == ["a", "b"]


class Till:
    """Stage credit alone: what it releases goes out of it, and comes back when the test says so."""

    def __init__(self) -> None:
        self.runner = MemoryRunner((CREDIT,), partitions=4, through_codec=True)
        watched = (AUDIENCE, MESSAGES, CHARGES)
        self._released = [self.runner.watch(topic.name) for topic in watched]
        self._commands = self.runner.watch(command_topic(Channel.SMS, Lane.NORMAL))
        self._decisions = self.runner.watch(DECISIONS.name)
        self.now = MONDAY

    def hears(self, value: object) -> None:
        self.now += timedelta(minutes=1)
        self.runner.send(CHARGES.name, "pantry|", value, self.now)

    def buys(self, credits_: int) -> None:
        name = f"purchase at {self.now}"
        self.hears(CreditChange(tenant="pantry", event_id=name, credits=credits_, source="/"))

    @property
    def released(self) -> list[Candidate]:
        return [record.value for each in self._released for record in each if isinstance(record.value, Candidate)]

    @property
    def commanded(self) -> list[str]:
        return [record.value.message_id for record in self._commands if isinstance(record.value, Message)]

    @property
    def reasons(self) -> list[tuple[str | None, str, int | None]]:
        said = [record.value for record in self._decisions if isinstance(record.value, Decision)]
        return [(each.message_id, each.outcome, each.number) for each in said]

    @property
    def credits(self) -> int:
        [purse] = self.runner.rows("credit", PURSES).values()
        assert isinstance(purse, Purse)
        return purse.credits


def asking(message_id: str, **more: Any) -> Message:
    """A text as dispatch lets it ask the purse."""
    candidate = Candidate(
        message_id=message_id,
        tenant="pantry",
        kind="rule:offer",
        channel=Channel.SMS,
        recipient=Recipient(to="+12025550101", contact="c1"),
        cause=Cause(event_id="e1", source="/", type="item.ready", time=MONDAY),
        due=MONDAY,
        category="service",
        lane=Lane.NORMAL,
        in_doubt=InDoubt.DROP,
        settings_version=1,
    )
    return replace(text(message_id, allowance=None, category="service", **more), candidate=candidate)


def back(first: Message, candidate: Candidate, at: datetime) -> Message:
    """The text that dispatch makes of a candidate that all gates let through once more."""
    return replace(first, candidate=candidate, decided=candidate.decided, commanded_at=at)


def gone(message_id: str) -> Withdrawal:
    return Withdrawal(tenant="pantry", event_id="e9", reason=Reason.CANCELLED_BY_EVENT, message_id=message_id)


def test_records_that_a_crash_repeats_change_nothing_wherever_the_text_is() -> None:
    till, first = Till(), asking("m1")
    till.hears(first)
    till.hears(first)
    till.buys(3)
    assert (len(till.released), till.credits) == (1, 2)
    till.hears(first)
    again = back(first, till.released[0], till.now)
    till.hears(again)
    till.hears(again)
    till.hears(first)
    assert (till.commanded, till.credits) == (["m1"], 2)
    assert till.reasons == [("m1", "held", 1), ("m1", "sent", 2)]


def test_a_text_that_comes_back_and_cannot_be_paid_keeps_its_place() -> None:
    """It has become dearer meanwhile; what came after it waits behind it as before."""
    till, first, second = Till(), asking("m1"), asking("m2", commanded_at=MONDAY + timedelta(seconds=1))
    till.hears(first)
    till.hears(second)
    till.buys(1)
    dearer = back(first, till.released[0], till.now)
    assert dearer.charge is not None
    dearer = replace(dearer, charge=replace(dearer.charge, units=3))
    till.hears(dearer)
    till.hears(dearer)
    assert ([each.message_id for each in till.released], till.credits) == (["m1"], 1)
    till.buys(2)
    assert [each.message_id for each in till.released] == ["m1", "m1"]
    till.hears(dearer)
    assert till.commanded == [], "it is released once more, and this is how it came back the first time"
    till.hears(replace(dearer, decided=2, commanded_at=till.now, candidate=till.released[1]))
    assert (till.commanded, till.credits) == (["m1"], 0)


def test_what_is_withdrawn_on_its_way_through_the_gates_is_refused_when_it_comes_back() -> None:
    till, first = Till(), asking("m1")
    till.hears(first)
    till.buys(1)
    till.hears(gone("m1"))
    till.hears(gone("m1"))
    assert (till.credits, till.reasons) == (1, [("m1", "held", 1)])
    again = back(first, till.released[0], till.now)
    till.hears(again)
    till.hears(again)
    till.hears(first)
    assert (till.commanded, till.credits) == ([], 1)
    assert till.reasons == [("m1", "held", 1), ("m1", "cancelled", 2)]


def test_what_dispatch_drops_gives_its_credits_to_the_next_once() -> None:
    till, first, second = Till(), asking("m1"), asking("m2", commanded_at=MONDAY + timedelta(seconds=1))
    till.hears(first)
    till.hears(second)
    till.buys(1)
    unused = CreditChange(tenant="pantry", event_id="e1", credits=0, message_id="m1")
    till.hears(unused)
    till.hears(unused)
    assert ([each.message_id for each in till.released], till.credits) == (["m1", "m2"], 0)
    till.hears(gone("m1"))
    till.hears(first)
    assert (till.credits, till.reasons) == (0, [("m1", "held", 1), ("m2", "held", 1)])


def test_all_that_waits_for_a_contact_goes_with_the_contact() -> None:
    till = Till()
    for name in ("m1", "m2", "m3"):
        till.hears(asking(name, contact="c2" if name == "m3" else "c1"))
    till.buys(1)
    erased = Withdrawal(tenant="pantry", event_id="e9", reason=Reason.CANCELLED_BY_EVENT, contact="c1")
    till.hears(erased)
    assert [each.message_id for each in till.released] == ["m1", "m3"]
    assert till.reasons[3:] == [("m2", "cancelled", 2)]
    till.hears(back(asking("m1"), till.released[0], till.now))
    assert till.reasons[4:] == [("m1", "cancelled", 2)]
    assert (till.commanded, till.credits) == ([], 0)


def test_a_withdrawal_finds_its_text_however_many_wait() -> None:
    till, many = Till(), LOOKED_AT_ONCE + 50
    for number in range(many):
        till.hears(asking(f"m{number:05d}", commanded_at=MONDAY + timedelta(seconds=number)))
    last = f"m{many - 1:05d}"
    till.hears(gone(last))
    assert till.reasons[many:] == [(last, "cancelled", 2)]


def test_what_an_older_version_parked_leaves_when_it_is_paid() -> None:
    till = Till()
    till.hears(replace(asking("m1"), candidate=None))
    till.buys(2)
    assert (till.commanded, till.credits) == (["m1"], 1)
    assert till.reasons == [("m1", "held", 1), ("m1", "sent", 2)]
