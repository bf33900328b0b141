"""The outside of a rehearsal: gateways and providers as one stage, which answers what the scenario says.

It goes by the gateways' own attempt protocol (`gateways.attempts`), so that retries, the last look at consent and
withdrawals are those of production; only the companies outside are made up. An answer comes a second after the attempt.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache, partial

from gateways.answers import Answer, Rejected, Retry, failed
from gateways.attempts import Send, Settle, Step, answered, next_step, withdrawn
from gateways.statuses import status_of
from processors.effects import Effect, Forward, Put, Record, Table, Tables, prefix_end, row_key
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
_DELIVERED = str(Status.DELIVERED)
_WORDS: Mapping[str, Status] = {"machine": Status.VOICEMAIL_LEFT, "returned": Status.UNDELIVERED}
_REMEMBERED = 1024
"""The words of a scenario are few and come again and again."""

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
        return _withdraw(command, record, tables)
    if not isinstance(command, Message):
        return iter(())
    row = row_key(record.key, command.message_id)
    entry, consent = tables.get(LEDGER, row), _consent(record.key, tables)
    if entry is not None and _is_resend(entry, command):
        step: Step = next_step(None, command, consent, record.now)
        if isinstance(step, Send):
            step = Send(entry=replace(step.entry, attempt=entry.attempt + 1))
    else:
        step = next_step(entry, command, consent, record.now)
    return iter(_taken(step, row, command, answers, record, tables))


def _on_tick(answers: Answers, record: Record, tables: Tables) -> Iterator[Effect]:
    return fire_due(TIMERS, tables, record.now, partial(_wake, answers, record, tables))


def _wake(answers: Answers, record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    entry = tables.get(LEDGER, row)
    if entry is None or entry.message is None:
        return
    if entry.state is AttemptState.INTENT:
        yield from _answer(entry, row, entry.message, record)
    else:
        step = next_step(entry, entry.message, _consent(entry.message.key, tables), record.now)
        yield from _taken(step, row, entry.message, answers, record, tables)


def _taken(step: Step, row: str, message: Message, answers: Answers, record: Record, tables: Tables) -> list[Effect]:
    if isinstance(step, Send):
        return _attempt(step.entry, row, message, answers, record, tables)
    if isinstance(step, Settle):
        return _settled(row, step.entry, step.status)
    return []


def _attempt(
    intent: LedgerEntry, row: str, message: Message, answers: Answers, record: Record, tables: Tables
) -> list[Effect]:
    """Hand the message over: the provider takes it at once, or will say in a second that it did not."""
    effects: list[Effect] = []
    address = next((key for key in _addresses(message) if key in answers), None) if answers else None
    word = _DELIVERED
    if address is not None:
        counted = row_key(message.tenant, address)
        used = tables.get(USED_UP, counted)
        number = used.attempt if used else 0
        word = answers[address][number] if number < len(answers[address]) else word
        given = replace(intent, message_id=address, message=None, attempt=number + 1)
        effects.append(Put(USED_UP, counted, given))
    report = status_of(message, Status.ACCEPTED, intent.attempt, record.now) if _is_taken(word) else None
    waiting = replace(intent, detail=word, retry_at=record.now + ANSWER_AFTER)
    return effects + _settled(row, waiting, report)


def _answer(intent: LedgerEntry, row: str, message: Message, record: Record) -> list[Effect]:
    """What the provider says one second after the attempt."""
    word = intent.detail or ""
    refusal = _refusal(word)
    if refusal is not None:
        settled = answered(intent, message, refusal, record.now)
        return _settled(row, settled.entry, settled.status)
    status = _status(word)
    if status in _CALL_AGAIN and intent.attempt >= CALLS:
        settled = answered(intent, message, Rejected(code=status), record.now)
        return _settled(row, settled.entry, settled.status)
    reason = Reason.DOUBTFUL if status is Status.DOUBTFUL else None
    report = status_of(message, status, intent.attempt, record.now, reason=reason)
    if status in _CALL_AGAIN:
        due = record.now - ANSWER_AFTER + CALL_AGAIN_AFTER
        waiting = replace(intent, state=AttemptState.RETRY_AT, at=record.now, retry_at=due, detail=None)
        return _settled(row, waiting, report)
    accepted = AttemptState.ACCEPTED
    over = replace(intent, state=accepted, at=record.now, retry_at=None, detail=None, message=None, status=report)
    return _settled(row, over, report)


def _withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """Stop what waits: one message, or all that wait for one contact at this address."""
    if withdrawal.message_id is not None:
        row = row_key(record.key, withdrawal.message_id)
        yield from _cancel(row, tables.get(LEDGER, row), withdrawal, record)
        return
    low = row_key(record.key, "")
    for row, entry in tables.range(LEDGER, low, prefix_end(low), WITHDRAWN_AT_ONCE):
        if entry.message is not None and entry.message.contact == withdrawal.contact:
            yield from _cancel(row, entry, withdrawal, record)


def _cancel(row: str, entry: LedgerEntry | None, withdrawal: Withdrawal, record: Record) -> list[Effect]:
    step = withdrawn(entry, None if entry is None else entry.message, withdrawal, record.now)
    if not isinstance(step, Settle):
        return []
    waited_until = None if entry is None else entry.retry_at
    disarmed: list[Effect] = [] if waited_until is None else [disarm(TIMERS, waited_until, row)]
    return disarmed + _settled(row, step.entry, step.status)


def _settled(row: str, entry: LedgerEntry, status: DeliveryStatus | None) -> list[Effect]:
    """Write the entry, wake it when it is time, and report the status."""
    effects: list[Effect] = [Put(LEDGER, row, entry)]
    if entry.retry_at is not None:
        effects.append(arm(TIMERS, entry.retry_at, row))
    if status is not None:
        effects.append(Forward(STATUSES.name, status.key, status))
    return effects


@lru_cache(_REMEMBERED)
def _refusal(word: str) -> Answer | None:
    """The answers that mean: not taken."""
    if word == _TIMED_OUT:
        return Retry(code=word)
    name, _, code = word.partition(":")
    return failed(code) if name == Status.FAILED and code else None


@lru_cache(_REMEMBERED)
def _status(word: str) -> Status:
    return _WORDS.get(word) or Status(word)


@lru_cache(_REMEMBERED)
def _is_taken(word: str) -> bool:
    return _refusal(word) is None and _status(word) not in _NEVER_TAKEN


def _is_resend(entry: LedgerEntry, message: Message) -> bool:
    """A later command for a message that is over: somebody asked for another attempt."""
    return entry.status is not None and entry.state.is_final and message.commanded_at > entry.status.commanded_at


def _addresses(message: Message) -> tuple[str, ...]:
    """How a scenario may name whom this goes to; a letter also by its contact, for its `to` is a whole address."""
    to = message.to.lower()
    return (f"{message.channel}:{to}", to, f"{message.channel}:{message.contact}".lower())


def _consent(key: str, tables: Tables) -> Consent | None:
    consent = tables.shared(CONSENTS.name, key)
    return consent if isinstance(consent, Consent) else None
