"""Quarantine: a record that cannot be read or applied becomes a dead letter, awaited like any other output.

Its bytes, where it stood and what is wrong are kept, so that it can be replayed after a fix. Its neighbours go on.
The letter of a timer that fails has the timer's own key and value, and the place of the tick at which it fired.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiokafka.structs import ConsumerRecord

from schemas import wire
from schemas.clock import from_millis
from schemas.dead_letter import DeadLetter
from schemas.faults import Fault
from schemas.origin import Origin
from schemas.topics import DEAD_LETTERS
from streams.unit_of_work import Change, Output, output
from streams.writes import Writes

STAGE_HEADER = "stage"
"""Whose timer a record on `ticks` is that is no tick."""
_STACK_LIMIT_CHARACTERS = 20_000
_NO_FAULT = Fault(path="", reason="is refused without a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTimer:
    """A timer as it is stored, and which of those of its tick that are set aside it is, counted from 1."""

    number: int
    key: bytes
    value: bytes


def set_aside(
    source: ConsumerRecord[bytes, bytes],
    *,
    topic: str,
    stage: str,
    origin: Origin,
    faults: Sequence[Fault],
    error: BaseException | None = None,
    timer: FailedTimer | None = None,
) -> Change:
    """The change that consists of nothing but the dead letter; `topic` is the catalogue's name."""
    letter = DeadLetter(
        topic=topic,
        partition=source.partition,
        offset=source.offset,
        stage=stage,
        at=from_millis(source.timestamp),
        faults=tuple(faults),
        key=source.key,
        value=source.value,
        headers={name: content or b"" for name, content in source.headers},
        tenant=origin.tenant,
        type=origin.type,
        event_id=origin.event_id,
        stack=_stack(error) if error is not None else None,
    )
    if timer is not None:
        letter = timer_letter(letter, timer)
    whole = _output(letter, source.timestamp)
    fits = whole.size_bytes <= DEAD_LETTERS.max_bytes
    sent = whole if fits else _output(_cut(letter), source.timestamp)
    return Change(Writes(), [sent], (next(iter(letter.faults), _NO_FAULT),))


def timer_letter(tick: DeadLetter, timer: FailedTimer) -> DeadLetter:
    """The letter of one timer, made from that of its tick; published again on the tick's partition, it is put back."""
    headers = {STAGE_HEADER: tick.stage.encode()}
    return replace(tick, timer=timer.number, key=timer.key, value=timer.value, headers=headers)


def fault_of(error: Exception) -> Fault:
    """An exception of a stage's function as a fault; its stack travels beside it."""
    return Fault(path="", reason=f"{type(error).__name__}: {error}")


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-_STACK_LIMIT_CHARACTERS:]


def _output(letter: DeadLetter, timestamp_ms: int) -> Output:
    return output(DEAD_LETTERS.name, letter.id, wire.encode(letter), timestamp_ms)


def _cut(letter: DeadLetter) -> DeadLetter:
    """A letter that fits: headers go, and so much of the value as has to; what is missing stands in a fault."""
    room_bytes = DEAD_LETTERS.max_bytes // 2
    value, key = letter.value or b"", letter.key or b""
    reason = f"the value had {len(value):,} bytes, of which the first {min(len(value), room_bytes):,} are kept"
    return replace(
        letter,
        key=key[: room_bytes // 8],
        value=value[:room_bytes],
        headers={},
        faults=(*letter.faults[:100], Fault(path="", reason=f"{reason}; the headers were dropped")),
    )
