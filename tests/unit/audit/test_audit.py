"""The audit over the log of rehearsals: it finds nothing where all is well, and what is removed or doubled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

from processors.effects import Record
from schemas.billing import Invoice, Usage
from schemas.candidate import Withdrawal
from schemas.consent import Consent, ConsentChange
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.envelope import Event
from schemas.events.contacts import ConsentChanged
from schemas.message import Message
from schemas.words import Status
from streams.topology import TOPOLOGY
from tests.unit.gateways.samples import NOON, message
from tidings.audit.auditing import audited
from tidings.audit.findings import Findings
from tidings.audit.placed import Placed
from tidings.audit.records import AUDITED
from tidings.audit.scope import Scope
from tidings.rehearsal.driver import run_in_memory
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import read_scenario

PARTITIONS = 4
SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.rglob("*.yaml"))
BILLED = SCENARIOS / "billing" / "a-calendar-month-has-one-invoice-that-names-its-messages.yaml"
REFUSED = SCENARIOS / "common" / "an-opt-out-from-marketing-keeps-service-mail.yaml"


@cache
def log_of(path: Path) -> tuple[tuple[Placed, ...], Scope]:
    """Every record of a rehearsal, as if it stood on Kafka, and four days later."""
    scenario = read_scenario(path)
    run = run_in_memory(scenario, (*TOPOLOGY, provider_stage(scenario.providers)), partitions=PARTITIONS)
    seen = {topic.name: run.runner.watch(topic.name) for topic in AUDITED}
    run.run()
    records = [placed for topic, own in seen.items() for placed in _placed(topic, own)]
    records += [_said_before(each) for each in records if _is_before_start(each.value)]
    settled = scenario.until + timedelta(milliseconds=1)
    return tuple(records), Scope(now=settled, settled=settled)


def _placed(topic: str, own: Sequence[Record]) -> Iterator[Placed]:
    """Records where the in-memory runner has them, so that its dead letters name their places."""
    offsets: Counter[int] = Counter()
    for record in own:
        partition = crc32(record.key.encode()) % PARTITIONS
        letter = record.value if isinstance(record.value, DeadLetter) and record.value.stage == "rehearsal" else None
        value = replace(letter, offset=letter.offset + 10_000) if letter else record.value  # it stood on no topic
        yield Placed(
            value=value, at=record.now, topic=topic, partition=partition, offset=offsets[partition], key=record.key
        )
        offsets[partition] += 1


def _is_before_start(value: object) -> bool:
    """Consents of a scenario stand before its start without the event that an installation has of them."""
    return isinstance(value, ConsentChange) and value.event_id.startswith("consents.")


def _said_before(change: Placed) -> Placed:
    assert isinstance(change.value, ConsentChange)
    said = change.value
    data = ConsentChanged(address=said.address, opted_out=said.opted_out, opted_in=said.opted_in)
    event = Event(
        id=change.value.event_id, type="consent.changed", tenant=change.value.tenant, time=change.at, data=data
    )
    return Placed(value=event, at=change.at, topic="events", partition=0, offset=10_000)


def says(found: Findings) -> str:
    return "\n".join(map(str, found.differences))


def first(records: Sequence[Placed], record: type) -> Placed:
    return next(each for each in records if isinstance(each.value, record))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_rehearsal_leaves_has_no_difference(path: Path) -> None:
    records, scope = log_of(path)
    assert says(audited(records, scope)) == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_decision_can_be_removed_or_doubled_unnoticed(path: Path) -> None:
    records, scope = log_of(path)
    decisions = [each for each in records if isinstance(each.value, Decision)]
    for each in decisions:
        assert audited([other for other in records if other is not each], scope).differences, each
        again = audited([*records, each], scope).differences
        assert [difference.is_repeat for difference in again] == [True], each


@pytest.mark.parametrize(
    ("record", "law", "wanted"),
    [
        (Event, 1, "no such event is on topic events"),
        (Decision, 1, "no decision to send it"),
        (Message, 1, "no delivery command"),
        (DeliveryStatus, 6, "its statuses do not say so"),
        (Usage, 6, "topic billing.usage lacks it"),
        (Invoice, 6, "no invoice names it"),
    ],
)
def test_a_record_that_is_removed_is_missed(record: type, law: int, wanted: str) -> None:
    records, scope = log_of(BILLED)
    gone = [each for each in records if isinstance(each.value, record) and not _is_of_no_consequence(each.value)][-1]
    # Commands are kept for two weeks only, and an invoice may come three days late.
    now = gone.at + timedelta(days=5)
    scope = Scope(now=now, settled=now)
    found = audited([each for each in records if each is not gone], scope)
    assert wanted in says(found)
    assert {each.law for each in found.differences if wanted in each.says} == {law}


def _is_of_no_consequence(value: object) -> bool:
    """What could be left out without anybody missing it."""
    match value:
        case Event():
            return value.type.endswith(".changed")
        case Decision():
            return value.outcome != "sent"
        case DeliveryStatus():
            return value.status != "delivered"
    return False


@pytest.mark.parametrize(("record", "law"), [(Decision, 1), (Message, 2), (Usage, 6), (Invoice, 6)])
def test_a_record_that_stands_twice_is_named(record: type, law: int) -> None:
    records, scope = log_of(BILLED)
    found = audited([*records, first(records, record)], scope)
    assert [(each.law, each.is_repeat) for each in found.differences] == [(law, True)]
    assert "stands 2 times" in says(found)


def test_reports_and_events_may_be_repeated() -> None:
    records, scope = log_of(BILLED)
    again = [each for each in records if isinstance(each.value, Event | DeliveryStatus | Withdrawal)]
    assert again
    assert says(audited([*records, *again], scope)) == ""


def placed(value: object, topic: str, *, minutes: int = 0, partition: int = 0) -> Placed:
    return Placed(value=value, at=NOON + timedelta(minutes=minutes), topic=topic, partition=partition, offset=0)


SCOPE = Scope(now=NOON + timedelta(hours=2), settled=NOON + timedelta(hours=1))


def status(state: Status, attempt: int = 1, minutes: int = 0) -> DeliveryStatus:
    plain = message()
    return DeliveryStatus(
        message_id=plain.message_id,
        tenant=plain.tenant,
        kind=plain.kind,
        channel=plain.channel,
        to=plain.to,
        event_id=plain.event_id,
        category=plain.category,
        status=state,
        attempt=attempt,
        at=NOON + timedelta(minutes=minutes),
        commanded_at=NOON,
    )


def test_a_message_that_arrived_twice_is_found() -> None:
    again = [
        placed(status(Status.ACCEPTED), "delivery.statuses"),
        placed(status(Status.ACCEPTED, 2), "delivery.statuses"),
    ]
    assert "law 2, message pantry/m1: arrived at attempts 1, 2" in says(audited(again, SCOPE))
    doubted = [placed(status(Status.DOUBTFUL), "delivery.statuses"), again[1]]
    assert "law 2" not in says(audited(doubted, SCOPE))


def test_a_ledger_that_says_more_than_the_topic_is_found() -> None:
    entry = LedgerEntry(
        message_id="m1", state=AttemptState.ACCEPTED, attempt=1, at=NOON, status=status(Status.DELIVERED)
    )
    reported = placed(status(Status.ACCEPTED), "delivery.statuses")
    found = says(audited([placed(entry, "ledger.email"), reported], SCOPE))
    assert "its ledger reported delivered at attempt 1; the topic of statuses has accepted" in found
    found = says(audited([placed(entry, "ledger.email"), placed(entry, "ledger.email", partition=1)], SCOPE))
    assert "law 2, message m1: stands in more than one ledger: ledger.email/0, ledger.email/1" in found


@pytest.mark.parametrize(
    ("opted_out_at", "is_a_breach"), [(-5, True), (5, False), (45, False)], ids=["before", "on the wire", "afterwards"]
)
def test_a_message_to_somebody_who_had_said_no_is_found(opted_out_at: int, is_a_breach: bool) -> None:
    consent = Consent(tenant="pantry", address=message().to, opted_out=("all",))
    records = [
        placed(consent, "consents", minutes=opted_out_at),
        placed(status(Status.ACCEPTED, minutes=10), "delivery.statuses", minutes=10),
    ]
    assert ("had said no (opted out of all)" in says(audited(records, SCOPE))) == is_a_breach


def test_what_is_young_is_on_its_way() -> None:
    records, scope = log_of(BILLED)
    young = Scope(now=scope.now, settled=records[0].at - timedelta(days=1))
    events = [each for each in records if isinstance(each.value, Event)]
    found = audited(events, young)
    assert says(found) == ""
    assert found.counts[1]["events on their way"] > 0


def test_what_retention_removed_is_not_missed() -> None:
    records, scope = log_of(BILLED)
    old = Scope(now=scope.now + timedelta(days=60), settled=scope.settled)
    without = [each for each in records if not isinstance(each.value, Message)]
    assert says(audited(without, old)) == ""


def test_a_line_that_its_messages_do_not_come_to_is_found() -> None:
    records, scope = log_of(BILLED)
    [invoice] = [each for each in records if isinstance(each.value, Invoice)][:1]
    assert isinstance(invoice.value, Invoice)
    more = Placed(value=_dearer(invoice.value), at=invoice.at, topic=invoice.topic, partition=0, offset=invoice.offset)
    found = audited([more if each is invoice else each for each in records], scope)
    assert "line 1 has 1.00 that none of its messages costs" in says(found)


def _dearer(invoice: Invoice) -> Invoice:
    [line, *rest] = invoice.lines
    return replace(invoice, total=invoice.total + 1, lines=(replace(line, amount=line.amount + 1), *rest))
