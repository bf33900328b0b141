"""The outside of a rehearsal: gateways and providers as one stage, which answers what the scenario says.

It goes by the gateways' own attempt protocol (`gateways.attempts`), so that retries, the last look at consent and
withdrawals are those of production; only the companies outside are made up. An answer comes a second after the attempt.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

from gateways.answers import Answer, Rejected, Retry, failed
from gateways.attempts import Send, Settle, Step, answered, next_step, status_of, withdrawn
from processors.effects import Effect, Forward, Put, Record, Table, Tables, prefix_end
from processors.timers import arm, disarm, fire_due
from schemas.candidate import Withdrawal
from schemas.consent import Consent
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Alarm
from schemas.topics import COMMANDS, CONSENTS, STATUSES, TICKS
from schemas.words import Status
from streams.stage import Stage

ANSWER_AFTER = timedelta(seconds=1)
CALL_AGAIN_AFTER = timedelta(minutes=15)
CALLS = 3
WITHDRAWN_AT_ONCE = 1000

_TIMED_OUT = "timeout"
_CALL_AGAIN = (Status.BUSY, Status.NO_ANSWER)
_NEVER_TAKEN = (Status.DOUBTFUL, Status.EXPIRED, Status.SUPPRESSED, Status.CANCELLED, Status.FAILED)
_WORDS: Mapping[str, Status] = {"machine": Status.VOICEMAIL_LEFT, "returned": Status.UNDELIVERED}

LEDGER = Table(name="ledger", holds=LedgerEntry)
"""Address key and message id → the last thing known of the message; an intent's `detail` is the answer on its way."""
TIMERS = Table(name="timers", holds=Alarm)
USED_UP = Table(name="used_up", holds=LedgerEntry)
"""Tenant and key of `providers` → an entry whose `attempt` counts the answers given."""

Answers = Mapping[str, tuple[str, ...]]


def provider_stage(answers: Answers) -> Stage:
    """The stage that answers every delivery command; `answers` as the key `providers` of a scenario has them."""
    known = {address.lower(): words for address, words in answers.items()}
    on_command = partial(_on_command, known)
    return Stage(
        name="providers",
        reads={**{topic.name: on_command for topic in COMMANDS}, TICKS.name: partial(_on_tick, known)},
        tables=(LEDGER, TIMERS, USED_UP),
        shared=(CONSENTS.name,),
        timers=TIMERS,
    )


def _on_command(answers: Answers, record: Record, tables: Tables) -> Iterator[Effect]:
    command = record.value
    if isinstance(command, Withdrawal):
        yield from _withdraw(command, record, tables)
    elif isinstance(command, Message):
        row = _row(record.key, command.message_id)
        entry = tables.get(LEDGER, row)
        if entry is not None and _is_resend(entry, command):
            step: Step = next_step(None, command, _consent(command, tables), record.now)
            if isinstance(step, Send):
                step = Send(entry=replace(step.entry, attempt=entry.attempt + 1))
        else:
            step = next_step(entry, command, _consent(command, tables), record.now)
        yield from _take(step, command, answers, record, tables)


def _on_tick(answers: Answers, record: Record, tables: Tables) -> Iterator[Effect]:
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, answers, record, tables))


def _wake(answers: Answers, record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    entry = tables.get(LEDGER, row)
    if entry is None or entry.message is None:
        return
    if entry.state is AttemptState.INTENT:
        yield from _answer(entry, entry.message, record)
    else:
        step = next_step(entry, entry.message, _consent(entry.message, tables), record.now)
        yield from _take(step, entry.message, answers, record, tables)


def _take(step: Step, message: Message, answers: Answers, record: Record, tables: Tables) -> Iterator[Effect]:
    if isinstance(step, Send):
        yield from _attempt(step.entry, message, answers, record, tables)
    elif isinstance(step, Settle):
        yield from _settle(step, _row(message.key, message.message_id))


def _attempt(
    intent: LedgerEntry, message: Message, answers: Answers, record: Record, tables: Tables
) -> Iterator[Effect]:
    """Hand the message over: the provider takes it at once, or will say in a second that it did not."""
    address = next((key for key in _addresses(message) if key in answers), None) if answers else None
    word = str(Status.DELIVERED)
    if address is not None:
        counted = _row(message.tenant, address)
        used = tables.get(USED_UP, counted)
        number = used.attempt if used else 0
        word = answers[address][number] if number < len(answers[address]) else word
        yield Put(
            table=USED_UP, key=counted, value=replace(intent, message_id=address, message=None, attempt=number + 1)
        )
    row, due = _row(message.key, message.message_id), record.now + ANSWER_AFTER
    yield Put(table=LEDGER, key=row, value=replace(intent, detail=word, retry_at=due, message=message))
    yield arm(TIMERS, due, row)
    if _is_taken(word):
        yield _report(status_of(message, Status.ACCEPTED, intent.attempt, record.now))


def _answer(intent: LedgerEntry, message: Message, record: Record) -> Iterator[Effect]:
    """What the provider says one second after the attempt."""
    row, word = _row(message.key, message.message_id), intent.detail or ""
    refusal = _refusal(word)
    if refusal is not None:
        yield from _settle(answered(intent, message, refusal, record.now), row)
        return
    status = _WORDS.get(word) or Status(word)
    if status in _CALL_AGAIN and intent.attempt >= CALLS:
        yield from _settle(answered(intent, message, Rejected(code=status), record.now), row)
        return
    reason = Reason.DOUBTFUL if status is Status.DOUBTFUL else None
    report = status_of(message, status, intent.attempt, record.now, reason=reason)
    if status in _CALL_AGAIN:
        due = record.now - ANSWER_AFTER + CALL_AGAIN_AFTER
        waiting = replace(intent, state=AttemptState.RETRY_AT, at=record.now, retry_at=due, detail=None)
        yield from _settle(Settle(entry=waiting, status=report), row)
    else:
        accepted = AttemptState.ACCEPTED
        over = replace(intent, state=accepted, at=record.now, retry_at=None, detail=None, message=None, status=report)
        yield from _settle(Settle(entry=over, status=report), row)


def _withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """Stop what waits: one message, or all that wait for one contact at this address."""
    if withdrawal.message_id is not None:
        row = _row(record.key, withdrawal.message_id)
        yield from _cancel(row, tables.get(LEDGER, row), withdrawal, record)
        return
    low = _row(record.key, "")
    for row, entry in tables.range(LEDGER, low, prefix_end(low), WITHDRAWN_AT_ONCE):
        if entry.message is not None and entry.message.contact == withdrawal.contact:
            yield from _cancel(row, entry, withdrawal, record)


def _cancel(row: str, entry: LedgerEntry | None, withdrawal: Withdrawal, record: Record) -> Iterator[Effect]:
    step = withdrawn(entry, None if entry is None else entry.message, withdrawal, record.now)
    if isinstance(step, Settle):
        if entry is not None and entry.retry_at is not None:
            yield disarm(TIMERS, entry.retry_at, row)
        yield from _settle(step, row)


def _settle(step: Settle, row: str) -> Iterator[Effect]:
    yield Put(table=LEDGER, key=row, value=step.entry)
    if step.entry.retry_at is not None:
        yield arm(TIMERS, step.entry.retry_at, row)
    if step.status is not None:
        yield _report(step.status)


def _report(status: DeliveryStatus) -> Forward:
    return Forward(topic=STATUSES.name, key=status.key, value=status)


def _refusal(word: str) -> Answer | None:
    """The answers that mean: not taken."""
    if word == _TIMED_OUT:
        return Retry(code=word)
    name, _, code = word.partition(":")
    return failed(code) if name == Status.FAILED and code else None


def _is_taken(word: str) -> bool:
    return _refusal(word) is None and (_WORDS.get(word) or Status(word)) not in _NEVER_TAKEN


def _is_resend(entry: LedgerEntry, message: Message) -> bool:
    """A later command for a message that is over: somebody asked for another attempt."""
    return entry.status is not None and entry.state.is_final and message.commanded_at > entry.status.commanded_at


def _addresses(message: Message) -> tuple[str, ...]:
    """How a scenario may name whom this goes to; a letter also by its contact, for its `to` is a whole address."""
    to = message.to.lower()
    return (f"{message.channel}:{to}", to, f"{message.channel}:{message.contact}".lower())


def _consent(message: Message, tables: Tables) -> Consent | None:
    consent = tables.shared(CONSENTS.name, message.key)
    return consent if isinstance(consent, Consent) else None


def _row(key: str, rest: str) -> str:
    return f"{key}\0{rest}"
