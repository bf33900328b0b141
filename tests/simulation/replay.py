"""The reference: what a changelog says happened, done again in order by the in-memory runner's own partition."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from processors.effects import Effect, Put, Record, Table, Tables
from schemas import codec, wire
from schemas.clock import from_millis
from schemas.faults import Refused
from schemas.state import Alarm
from schemas.topics import BY_NAME, DEAD_LETTERS
from streams.journal import is_void
from streams.quarantine import STAGE_HEADER
from streams.stage import Function, Stage
from streams.store import ANNOUNCED, voided_key
from tests.simulation.broker import Broker, Place, Stored
from tests.simulation.disk import Partition
from tests.simulation.worker import Said, changelog, take_back
from tidings.memory.partition import SetAside, StagePartition

POSITION = b"\xff"


@dataclass(slots=True)
class Replay:
    """What one stage does in one partition when nothing ever fails."""

    stage: Stage
    number: int
    broker: Broker
    state: StagePartition
    positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    said: list[Said] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For people."""
        return f"stage {self.stage.name}, partition {self.number}"

    def run(self) -> "Replay":
        """Apply the source records in the order in which units made them count."""
        for topic, end in _units(self.broker, (changelog(self.stage.name), self.number)):
            begin = self.positions[topic]
            if end <= begin:
                self.broken.append(f"{self.name}: {topic} goes back from {begin} to {end}, so records are seen twice")
            for record in self.broker.history[topic, self.number][begin:end]:
                self._apply(record)
            self.positions[topic] = max(begin, end)
        for topic in self.stage.reads:
            end = self.broker.end(topic, self.number)
            if self.positions[topic] != end:
                self.broken.append(f"{self.name}: {topic} was applied up to {self.positions[topic]} of {end}")
        return self

    def rows(self) -> dict[bytes, bytes]:
        """The state, as it is stored."""
        return {
            bytes([code]) + key.encode(): codec.encode(row)
            for code, table in enumerate(self.stage.tables)
            for key, row in self.state.rows(table.name).items()
        }

    def _apply(self, source: Stored) -> None:
        try:
            value = wire.decode(BY_NAME[source.topic], source.key, source.value, source.headers)
            key = (source.key or b"").decode()
            record = Record(topic=source.topic, key=key, value=value, now=from_millis(source.timestamp))
            forwards = self.state.work(self._function(source, value), record)
        except (SetAside, Refused, UnicodeDecodeError):
            letter_id = f"{source.topic}/{source.partition}/{source.offset}"
            self.said.append(Said(DEAD_LETTERS.name, letter_id.encode(), b"", ()))
            return
        for forward in forwards:
            encoded = wire.encode(forward.value)
            self.said.append(Said(forward.topic, forward.key.encode(), encoded.value, encoded.headers))
        for timer in self.state.timers_aside:
            letter_id = f"{source.topic}/{source.partition}/{source.offset}/{self.stage.name}/{timer.number}"
            self.said.append(Said(DEAD_LETTERS.name, letter_id.encode(), b"", ()))

    def _function(self, source: Stored, value: object) -> Function:
        """The stage's own, except for a timer that was set aside and is published again."""
        if not isinstance(value, Alarm):
            return self.stage.reads[source.topic]
        is_own = dict(source.headers).get(STAGE_HEADER) == self.stage.name.encode()
        return partial(_put_back, self.stage.timers) if is_own and self.stage.timers else _nothing


def _put_back(timers: Table[Alarm], record: Record, _: Tables) -> Iterator[Effect]:
    assert isinstance(record.value, Alarm)
    yield Put(table=timers, key=record.key, value=record.value)


def _nothing(_record: Record, _tables: Tables) -> Iterator[Effect]:
    return iter(())


def replay(stage: Stage, number: int, broker: Broker, shared: Mapping[str, dict[str, object]]) -> Replay:
    """The reference of one stage in one partition."""
    through_codec = StagePartition(stage, shared, through_codec=True)
    return Replay(stage, number, broker, through_codec).run()


def rows_after_recovery(broker: Broker, stage: Stage, number: int) -> dict[bytes, bytes]:
    """What a worker with an empty disk would have."""
    local, topic = Partition(), changelog(stage.name)
    take_back(local, broker.read(topic, number, 0, broker.end(topic, number)))
    return without_positions(local)


def without_positions(local: Partition) -> dict[bytes, bytes]:
    """The rows of the stage's own tables."""
    return {key: value for key, value in local.rows.items() if key < ANNOUNCED}


def _units(broker: Broker, place: Place) -> Iterator[tuple[str, int]]:
    """Each step of a position, but not those that are only written again after a void record.

    Who writes a key again forgets in the same batch that it was void, and no unit does that.
    """
    for offsets in broker.batches[place]:
        batch = [record for record in broker.history[place][offsets.start : offsets.stop] if not is_void(record)]
        mended = {record.key for record in batch if record.value is None}
        for record in batch:
            assert record.key is not None
            if record.key.startswith(POSITION) and record.value is not None and voided_key(record.key) not in mended:
                yield record.key[1:].decode(), int.from_bytes(record.value)
