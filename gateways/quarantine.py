"""A command that cannot be read becomes a dead letter: as it came, where it stood, and what is wrong."""

from datetime import datetime

from aiokafka import ConsumerRecord

from schemas.dead_letter import DeadLetter
from schemas.faults import Unreadable


def dead_letter(topic: str, record: ConsumerRecord, stage: str, error: Unreadable, now: datetime) -> DeadLetter:
    """The letter; `topic` is the catalogue's name, without an installation's prefix."""
    return DeadLetter(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        stage=stage,
        at=now,
        faults=error.faults,
        key=record.key,
        value=record.value,
        headers={name: content or b"" for name, content in record.headers},
        tenant=error.tenant,
        type=error.type,
        event_id=error.event_id,
    )
