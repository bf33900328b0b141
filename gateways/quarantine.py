"""A command that cannot be read becomes a dead letter: as it came, where it stood, and what is wrong."""

from datetime import datetime

from aiokafka import ConsumerRecord

from schemas.dead_letter import DeadLetter
from schemas.faults import Fault, Unreadable


def dead_letter(
    topic: str, record: ConsumerRecord, stage: str, error: Unreadable | UnicodeDecodeError, now: datetime
) -> DeadLetter:
    """The letter; `topic` is the catalogue's name, without an installation's prefix."""
    unreadable = error if isinstance(error, Unreadable) else None
    return DeadLetter(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        stage=stage,
        at=now,
        faults=unreadable.faults if unreadable else (Fault(path="", reason=f"its key is not UTF-8: {error}"),),
        key=record.key,
        value=record.value,
        headers={name: content or b"" for name, content in record.headers},
        tenant=unreadable.tenant if unreadable else None,
        type=unreadable.type if unreadable else None,
        event_id=unreadable.event_id if unreadable else None,
    )
