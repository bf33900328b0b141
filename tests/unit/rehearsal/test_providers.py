"""The simulated providers: what they answer, when, and what becomes of a message then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.candidate import Withdrawal
from schemas.consent import Consent
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.topics import CONSENTS, STATUSES
from schemas.words import Channel, InDoubt, Lane
from tidings.memory import MemoryRunner
from tidings.rehearsal.providers import provider_stage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MESSAGE = Message(
    message_id="m1",
    tenant="shop",
    kind="rule:ready",
    channel=Channel.SMS,
    to="+12025550101",
    from_="+12025550111",
    event_id="e1",
    lane=Lane.NORMAL,
    category="service",
    in_doubt=InDoubt.DROP,
    text="Ready.",
    settings_version=1,
    template_version="1",
    commanded_at=NOON,
    contact="c1",
)


class Outside:
    """The providers of one scenario, on a clock of their own."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        stage = provider_stage({address: tuple(words) for address, words in answers.items()})
        self.runner = MemoryRunner([stage], through_codec=True)
        self._statuses = self.runner.watch(STATUSES.name)

    def send(self, message: Message, now: datetime = NOON) -> None:
        self.runner.send(message.topic, message.key, message, now)

    def withdraw(self, now: datetime, **whom: Any) -> None:
        withdrawal = Withdrawal(tenant="shop", event_id="e2", reason="cancelled_by_event", **whom)
        self.runner.send(MESSAGE.topic, MESSAGE.key, withdrawal, now)

    def run(self, until: datetime = NOON + timedelta(days=2)) -> list[DeliveryStatus]:
        while (due := self.runner.next_due()) is not None and due <= until:
            self.runner.tick(due)
        return [record.value for record in self._statuses if isinstance(record.value, DeliveryStatus)]


def told(statuses: list[DeliveryStatus]) -> list[tuple[str, int, float]]:
    return [(status.status.value, status.attempt, (status.at - NOON).total_seconds()) for status in statuses]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("complained", "complained"),
        ("undelivered", "undelivered"),
        ("returned", "undelivered"),
        ("machine", "voicemail_left"),
        ("answered_human", "answered_human"),
    ],
)
def test_the_attempt_is_accepted_and_the_answer_comes_a_second_later(answer: str, status: str) -> None:
    outside = Outside({"+12025550101": [answer]})
    outside.send(MESSAGE)
    assert told(outside.run()) == [("accepted", 1, 0), (status, 1, 1)]


def test_without_a_word_everything_is_delivered() -> None:
    outside = Outside({})
    outside.send(MESSAGE)
    assert told(outside.run()) == [("accepted", 1, 0), ("delivered", 1, 1)]


@pytest.mark.parametrize("passing", ["failed:429", "failed:503", "timeout"])
def test_a_passing_fault_is_tried_again_after_a_pause(passing: str) -> None:
    outside = Outside({"+12025550101": [passing]})
    outside.send(MESSAGE)
    accepted, delivered = outside.run()
    assert (accepted.status, accepted.attempt) == ("accepted", 2)
    assert (delivered.status, delivered.attempt) == ("delivered", 2)
    assert accepted.at > NOON + timedelta(seconds=1)
    assert delivered.at == accepted.at + timedelta(seconds=1)


def test_a_lasting_fault_fails_within_four_hours() -> None:
    outside = Outside({"+12025550101": ["failed:503"] * 100})
    outside.send(MESSAGE)
    (failed,) = outside.run()
    assert (failed.status, failed.code, failed.reason) == ("failed", "503", "provider_rejected:503")
    assert failed.attempt > 5
    assert NOON + timedelta(hours=2) < failed.at <= NOON + timedelta(hours=4)


def test_nothing_is_tried_after_it_is_useless() -> None:
    outside = Outside({"+12025550101": ["failed:503"] * 100})
    outside.send(replace(MESSAGE, useful_until=NOON + timedelta(minutes=5)))
    last = outside.run()[-1]
    assert last.status in ("failed", "expired")
    assert last.at <= NOON + timedelta(minutes=5)


def test_any_other_code_ends_it() -> None:
    outside = Outside({"+12025550101": ["failed:21211"]})
    outside.send(MESSAGE)
    (failed,) = outside.run()
    assert (failed.status, failed.code, failed.reason) == ("failed", "21211", "provider_rejected:21211")
    assert failed.at == NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (
            ["busy", "no_answer", "answered_human"],
            [
                ("accepted", 1, 0),
                ("busy", 1, 1),
                ("accepted", 2, 900),
                ("no_answer", 2, 901),
                ("accepted", 3, 1800),
                ("answered_human", 3, 1801),
            ],
        ),
        (
            ["busy", "busy", "busy", "delivered"],
            [
                ("accepted", 1, 0),
                ("busy", 1, 1),
                ("accepted", 2, 900),
                ("busy", 2, 901),
                ("accepted", 3, 1800),
                ("failed", 3, 1801),
            ],
        ),
    ],
)
def test_a_busy_line_is_called_twice_more_a_quarter_of_an_hour_apart(
    answers: list[str], wanted: list[tuple[str, int, float]]
) -> None:
    outside = Outside({"voice:+12025550101": answers})
    outside.send(replace(MESSAGE, channel=Channel.VOICE))
    assert told(outside.run()) == wanted


def test_answers_are_used_up_per_attempt_over_all_messages_to_the_address() -> None:
    outside = Outside({"+12025550101": ["bounced", "complained"]})
    for number in range(3):
        outside.send(replace(MESSAGE, message_id=f"m{number}"), NOON + timedelta(minutes=number))
    last = [status.status for status in outside.run() if status.status != "accepted"]
    assert last == ["bounced", "complained", "delivered"]


def test_an_answer_may_be_for_one_channel_or_for_a_letter_to_a_contact() -> None:
    outside = Outside({"sms:+12025550101": ["bounced"], "letter:C7": ["returned"], "a, b": ["bounced"]})
    outside.send(replace(MESSAGE, channel=Channel.VOICE))
    outside.send(
        replace(MESSAGE, message_id="m2", channel=Channel.LETTER, to="1 High Street, Springfield", contact="c7")
    )
    last = {status.message_id: status.status.value for status in outside.run()}
    assert last == {"m1": "delivered", "m2": "undelivered"}


def test_the_same_command_twice_is_one_attempt_and_a_later_one_is_another() -> None:
    outside = Outside({"+12025550101": ["undelivered", "delivered"]})
    outside.send(MESSAGE)
    outside.send(MESSAGE)
    assert told(outside.run()) == [("accepted", 1, 0), ("undelivered", 1, 1)]
    later = NOON + timedelta(hours=4)
    outside.send(replace(MESSAGE, commanded_at=later), later)
    assert told(outside.run())[2:] == [("accepted", 2, 14400), ("delivered", 2, 14401)]


@pytest.mark.parametrize("whom", [{"message_id": "m1"}, {"contact": "c1"}])
def test_a_message_that_waits_for_its_next_try_can_be_withdrawn(whom: dict[str, str]) -> None:
    outside = Outside({"+12025550101": ["failed:503"] * 9})
    outside.send(MESSAGE)
    outside.run(NOON + timedelta(seconds=1))
    outside.withdraw(NOON + timedelta(seconds=1), **whom)
    (cancelled,) = outside.run()
    assert (cancelled.status, cancelled.reason) == ("cancelled", "cancelled_by_event")
    assert outside.runner.next_due() is None


def test_what_has_left_cannot_be_withdrawn() -> None:
    outside = Outside({})
    outside.send(MESSAGE)
    outside.withdraw(NOON, message_id="m1")
    assert told(outside.run()) == [("accepted", 1, 0), ("delivered", 1, 1)]


def test_an_opt_out_while_it_waits_stops_it() -> None:
    outside = Outside({"+12025550101": ["failed:503"]})
    outside.send(MESSAGE)
    consent = Consent(tenant="shop", address=MESSAGE.to, opted_out=("all",))
    outside.runner.send(CONSENTS.name, consent.key, consent, NOON)
    (suppressed,) = outside.run()
    assert (suppressed.status, suppressed.reason) == ("suppressed", "opted_out:all")
