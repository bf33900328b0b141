"""A batch: all records of one partition that one fetch brought; it is what Faust sees as one event.

Delivering fetches instead of records spares Faust's cost per record (27 µs for one `wait_first` alone) and keeps
`current_event().message.partition` right for every record in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.structs import ConsumerRecord
from faust.types import TP


@dataclass(frozen=True, slots=True, weakref_slot=True, kw_only=True, eq=False)
class Batch:
    """Never empty, in order of offsets; `generation` is the consumer group's at the time of delivery."""

    tp: TP
    records: Sequence[ConsumerRecord[bytes, bytes]]
    generation: int

    @property
    def first_offset(self) -> int:
        """The offset of the oldest record."""
        return int(self.records[0].offset)

    @property
    def next_offset(self) -> int:
        """The offset after the newest record."""
        return int(self.records[-1].offset) + 1
