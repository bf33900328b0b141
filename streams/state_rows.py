"""The rows of one table as a stage's changelog has them: for people's questions, read and never written."""

from contextlib import aclosing
from typing import TypeVar, cast

from processors.effects import Table
from schemas import codec
from schemas.topics import Cleanup, Topic
from streams.client import read_to_end
from streams.journal import stands_elsewhere
from streams.naming import changelog_of
from streams.stage import Stage
from tidings.config import Kafka
from tidings.progress import counted

T = TypeVar("T")


async def state_rows(kafka: Kafka, stage: Stage, table: Table[T], beginning: str) -> dict[str, T]:
    """All rows whose key begins so, as they stand at the changelog's present end.

    Costs a read of the whole changelog, and memory for these rows alone.
    """
    names = [each.name for each in stage.tables]
    code = bytes([names.index(table.name)])
    begins = code + beginning.encode()
    rows: dict[bytes, bytes] = {}
    async with aclosing(read_to_end(kafka, _changelog(stage))) as stored_records:
        async for stored in stored_records:
            key = stored.key
            if key is None or not key.startswith(begins) or stands_elsewhere(stored.headers, stored.position.offset):
                continue
            if stored.value is None:
                rows.pop(key, None)
            else:
                rows[key] = stored.value
    found = counted(f"Reading table {table.name}", tuple(rows.items()))
    return {key[len(code) :].decode(): cast(T, codec.decode(value)) for key, value in found}


def _changelog(stage: Stage) -> Topic:
    return Topic(
        name=changelog_of(stage.name),
        sentence=f"The state of stage {stage.name}.",
        records=(),
        key="table and row",
        owner=stage.name,
        cleanup=Cleanup.COMPACT,
        retention=None,
    )
