from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.structs import ConsumerRecord

from processors.effects import Delete, Effect, Fire, Forward, Put, Record, Refuse, Table, Tables
from processors.timers import fire_due, timer_key
from schemas import codec, wire
from schemas.avro_schema import AvroSchema
from schemas.checked_in import CheckedIn
from schemas.codec import SchemasUnavailable
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault
from schemas.state import Alarm, Seen
from schemas.tick import Tick
from schemas.topics import AUDIENCE, DEAD_LETTERS, DECISIONS, EVENTS, TICKS
from schemas.words import Outcome
from streams.clock_watch import ClockWatch
from streams.crash import Fatal
from streams.guard import Guard
from streams.quarantine import STAGE_HEADER
from streams.stage import Stage
from streams.unit_of_work import Change
from streams.writes import Writes

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
AT_MS = 1777896000000
SEEN = Table(name="seen", holds=Seen)
ALARMS = Table(name="alarms", holds=Alarm)
EVENT = Event(id="e1", type="bell.rung", tenant="acme", subject="c7", time=AT, data=FreeRecord(values={}))


class NoRows:
    """An empty disk."""

    def get(self, key: bytes) -> bytes | None:
        return None

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(())


class BrokenDisk(NoRows):
    """A disk that cannot be read."""

    def get(self, key: bytes) -> bytes | None:
        raise Fatal("the store cannot be read")


def incoming(
    value: object = EVENT, *, key: bytes = b"acme|c7", raw: bytes | None = None, topic: str = EVENTS.name
) -> ConsumerRecord[bytes, bytes]:
    encoded = wire.encode(value)
    return ConsumerRecord(
        topic=topic,
        partition=3,
        offset=17,
        timestamp=AT_MS,
        timestamp_type=1,
        key=key,
        value=encoded.value if raw is None else raw,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=encoded.headers,
    )


def guard_of(*effects: Effect | Exception, clock: ClockWatch | None = None) -> Guard:
    def function(record: Record, tables: Tables) -> Iterator[Effect]:
        for effect in effects:
            if isinstance(effect, Exception):
                raise effect
            yield effect

    reads = {EVENTS.name: function, TICKS.name: function}
    stage = Stage(name="bells", reads=reads, tables=(SEEN, ALARMS), timers=ALARMS)
    return Guard(stage, "", {}, clock)


def letter_of(change: Change) -> DeadLetter:
    assert len(change.writes) == 0
    [output] = change.outputs
    assert output.topic == DEAD_LETTERS.name
    letter = wire.decode(DEAD_LETTERS, output.key, output.value, output.headers)
    assert isinstance(letter, DeadLetter)
    assert output.key.decode() == letter.id
    return letter


def apply(guard: Guard, record: ConsumerRecord[bytes, bytes]) -> Change:
    return guard.apply(record, NoRows(), Writes())


PUT = Put(table=SEEN, key="e1", value=Seen(at=AT))
FORWARD = Forward(topic=AUDIENCE.name, key="acme|c7", value=EVENT)


def test_effects_become_one_change_with_the_time_of_their_cause() -> None:
    change = apply(guard_of(PUT, FORWARD, Delete(table=ALARMS, key="a")), incoming())
    assert [key for key, _ in change.writes.items()] == [b"\x00e1", b"\x01a"]
    [output] = change.outputs
    assert (output.topic, output.key, output.timestamp_ms) == (AUDIENCE.name, b"acme|c7", AT_MS)
    assert wire.decode(AUDIENCE, output.key, output.value, output.headers) == EVENT


def test_an_effect_takes_hold_before_the_function_goes_on() -> None:
    seen: list[Sequence[object]] = []

    def function(record: Record, tables: Tables) -> Iterator[Effect]:
        for effect in (PUT, Delete(table=SEEN, key="e1")):
            yield effect
            seen.append((tables.get(SEEN, "e1"), tables.range(SEEN, "", "z", 5)))

    apply(Guard(Stage(name="bells", reads={EVENTS.name: function}, tables=(SEEN,)), "", {}), incoming())
    assert seen == [(Seen(at=AT), [("e1", Seen(at=AT))]), (None, [])]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (LookupError("no such bell"), "LookupError: no such bell"),
        (Refuse(faults=(Fault(path="data", reason="is poison"),)), "is poison"),
        (Put(table=SEEN, key="x", value=Alarm(row="x")), "table seen holds Seen, not Alarm"),
        (Put(table=Table(name="bells", holds=Seen), key="x", value=Seen(at=AT)), "KeyError: 'bells'"),
        (Forward(topic="nowhere", key="x", value=EVENT), "KeyError: 'nowhere'"),
        (Put(table=ALARMS, key="x", value=Alarm(row="x" * 900_000)), "one record may write 900,000"),
        (
            Forward(topic=TICKS.name, key="x", value=Tick(ticker="x" * 1_048_576)),
            "to ticks, which takes 1,048,576",
        ),
    ],
    ids=["raises", "refuses", "wrong row", "unknown table", "unknown topic", "too much state", "too long a record"],
)
def test_a_record_that_cannot_be_applied_is_set_aside_and_its_effects_are_undone(
    effect: Effect | Exception, reason: str
) -> None:
    letter = letter_of(apply(guard_of(PUT, FORWARD, effect), incoming()))
    assert reason in str(letter.faults[0])
    assert (letter.id, letter.stage, letter.at) == ("events/3/17", "bells", AT)
    assert (letter.tenant, letter.type, letter.event_id) == ("acme", "bell.rung", "e1")
    assert (letter.key, letter.value) == (b"acme|c7", wire.encode(EVENT).value)
    assert letter.headers == dict(wire.encode(EVENT).headers)


def test_only_an_exception_leaves_a_stack() -> None:
    raised = letter_of(apply(guard_of(LookupError("no such bell")), incoming()))
    refused = letter_of(apply(guard_of(Refuse(faults=(Fault(path="", reason="no"),))), incoming()))
    assert "LookupError: no such bell" in (raised.stack or "")
    assert refused.stack is None


@pytest.mark.parametrize("raw", [b"", b"junk", b"\x00\x00\x00\xff\xffjunk"])
def test_a_record_that_cannot_be_read_is_set_aside_with_whose_it_was(raw: bytes) -> None:
    letter = letter_of(apply(guard_of(PUT), incoming(raw=raw)))
    assert letter.value == raw
    assert (letter.tenant, letter.type, letter.event_id) == ("acme", "bell.rung", "e1")
    assert letter.faults


def test_a_key_that_is_no_text_is_set_aside() -> None:
    letter = letter_of(apply(guard_of(PUT), incoming(key=b"\xff|c7")))
    assert letter.key == b"\xff|c7"
    assert letter.faults[0].path == "key"


def test_a_disk_that_fails_is_nobodys_dead_letter() -> None:
    def function(record: Record, tables: Tables) -> Iterator[Effect]:
        tables.get(SEEN, "e1")
        yield PUT

    guard = Guard(Stage(name="bells", reads={EVENTS.name: function}, tables=(SEEN,)), "", {})
    with pytest.raises(Fatal):
        guard.apply(incoming(), BrokenDisk(), Writes())


def test_a_dead_letter_that_would_not_fit_is_cut_and_says_so() -> None:
    letter = letter_of(apply(guard_of(PUT), incoming(raw=b"x" * 17_000_000)))
    assert len(letter.value or b"") == 8_388_608
    assert "17,000,000 bytes" in letter.faults[-1].reason


@pytest.mark.parametrize(("ahead_minutes", "fires"), [(-600, True), (9, True), (11, False)])
def test_a_tick_from_an_impossible_future_fires_nothing(ahead_minutes: int, fires: bool) -> None:
    worker_started_at = datetime.fromtimestamp(AT_MS / 1000 - ahead_minutes * 60, UTC)
    change = apply(guard_of(PUT, clock=ClockWatch(worker_started_at)), incoming(Tick(ticker="t"), topic=TICKS.name))
    assert bool(len(change.writes)) is fires
    assert change.outputs == []


def test_records_that_are_read_ahead_do_what_they_do_one_at_a_time() -> None:
    heard: list[tuple[str, object]] = []

    def function(record: Record, tables: Tables) -> Iterator[Effect]:
        heard.append((record.key, record.value))
        yield FORWARD

    stage = Stage(name="bells", reads={EVENTS.name: function}, tables=(SEEN,))
    records = [incoming(key=b"acme|c1"), incoming(raw=b"broken"), incoming(key=b"acme|c3"), incoming(key=b"acme|c4")]
    one, ahead = Guard(stage, "", {}), Guard(stage, "", {})
    each = [apply(one, record).outputs for record in records]
    ahead.read_ahead(records)
    assert [apply(ahead, record).outputs for record in records] == each
    ahead.read_ahead(records)
    assert apply(ahead, records[2]).outputs == each[2]  # what was read ahead and left out is not taken for another
    assert [key for key, _ in heard] == ["acme|c1", "acme|c3", "acme|c4"] * 2 + ["acme|c3"]


def test_a_schema_registry_that_is_away_is_no_fault_of_a_record() -> None:
    away = SchemasUnavailable("the registry does not answer")
    with pytest.raises(SchemasUnavailable):
        guard_of(away).apply(incoming(), NoRows(), Writes())


def test_a_record_that_cannot_be_decoded_for_want_of_a_registry_is_not_set_aside() -> None:
    class Away:
        def id_of(self, record: type) -> int:
            raise SchemasUnavailable("the registry does not answer")

        def schema_of(self, schema_id: int) -> AvroSchema | None:
            raise SchemasUnavailable("the registry does not answer")

    record = incoming()
    codec.use(Away())
    try:
        with pytest.raises(SchemasUnavailable):
            guard_of().apply(record, NoRows(), Writes())
    finally:
        codec.use(CheckedIn())


def test_decisions_are_counted_by_reason_without_its_parameter_unless_they_are_undone() -> None:
    became = ((Outcome.SENT, None), (Outcome.DROPPED, "opted_out:all"), (Outcome.DROPPED, "opted_out:sms"))
    decided = [
        Forward(
            topic=DECISIONS.name,
            key="acme|e1",
            value=Decision(tenant="acme", event_id="e1", outcome=outcome, at=AT, reason=reason),
        )
        for outcome, reason in became
    ]
    guard = guard_of(*decided)
    apply(guard, incoming())
    tally = guard.take_tally()
    assert tally.decided == {("sent", ""): 1, ("dropped", "opted_out"): 2}
    assert guard.take_tally().decided == {}
    undone = guard_of(*decided, LookupError("no"))
    apply(undone, incoming())
    assert undone.take_tally().decided == {}


def fire(due: datetime, *effects: Effect | Exception, row: str = "p1") -> Fire:
    def woken() -> Iterator[Effect]:
        for effect in effects:
            if isinstance(effect, Exception):
                raise effect
            yield effect

    return Fire(table=ALARMS, key=timer_key(due, row), effects=woken())


TICK = incoming(Tick(ticker="t"), topic=TICKS.name, key=b"")
EARLY, LATE = AT - timedelta(seconds=9), AT - timedelta(seconds=2)


class StoredAlarms(NoRows):
    """A disk with the timer of each key."""

    def get(self, key: bytes) -> bytes | None:
        return codec.encode(Alarm(row=key.decode().partition("\0")[2]))


def test_timers_that_a_tick_fires_are_counted_and_those_that_it_sets_aside_are_not() -> None:
    guard = guard_of(fire(LATE), fire(EARLY), fire(AT, LookupError("no")), Delete(table=ALARMS, key=timer_key(AT, "x")))
    guard.apply(TICK, StoredAlarms(), Writes())
    tally = guard.take_tally()
    assert (tally.fired, tally.oldest_due_ms) == (2, AT_MS - 9000)


def test_a_timer_that_fails_is_removed_with_its_letter_and_its_neighbours_do_all_they_do() -> None:
    before, after = Put(table=SEEN, key="before", value=Seen(at=AT)), Put(table=SEEN, key="after", value=Seen(at=AT))
    overwritten = Put(table=SEEN, key="before", value=Seen(at=EARLY))
    failing = fire(LATE, overwritten, PUT, FORWARD, LookupError("no"), row="bad")
    change = guard_of(before, fire(EARLY, FORWARD), failing, fire(AT, after)).apply(TICK, StoredAlarms(), Writes())
    alarms = [b"\x01" + timer_key(due, row).encode() for due, row in ((EARLY, "p1"), (LATE, "bad"), (AT, "p1"))]
    written = dict(change.writes.items())
    assert {key: value is None for key, value in written.items()} == {
        b"\x00before": False,
        b"\x00after": False,
        **dict.fromkeys(alarms, True),
    }
    assert written[b"\x00before"] == codec.encode(Seen(at=AT))
    assert [output.topic for output in change.outputs] == [AUDIENCE.name, DEAD_LETTERS.name]
    letter: object = wire.decode(DEAD_LETTERS, None, change.outputs[1].value, ())
    assert isinstance(letter, DeadLetter)
    assert (letter.id, letter.stage, letter.timer) == ("ticks/3/17/bells/1", "bells", 1)
    assert (letter.key, letter.value) == (timer_key(LATE, "bad").encode(), codec.encode(Alarm(row="bad")))
    assert letter.faults == change.faults == (Fault(path="", reason="LookupError: no"),)
    assert "LookupError: no" in (letter.stack or "")


def test_a_tick_whose_timers_forward_much_leaves_the_rest_to_the_next() -> None:
    large = replace(EVENT, data=FreeRecord(values={"text": "x" * 900_000}))

    def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
        def wake(row: str) -> Iterator[Effect]:
            yield Forward(topic=AUDIENCE.name, key=row, value=large)

        yield from fire_due(ALARMS, tables, record.now, wake)

    guard = Guard(Stage(name="bells", reads={TICKS.name: on_tick}, tables=(SEEN, ALARMS), timers=ALARMS), "", {})
    state = Writes()
    for number in range(8):
        state.put(b"\x01" + timer_key(EARLY, f"p{number}").encode(), codec.encode(Alarm(row=f"p{number}")))
    rung = []
    for _ in range(3):
        change = guard.apply(TICK, NoRows(), state)
        state.merge(change.writes)
        rung.append([output.key.decode() for output in change.outputs])
    assert rung == [["p0", "p1", "p2", "p3", "p4"], ["p5", "p6", "p7"], []]


@pytest.mark.parametrize("error", [Fatal("the disk is broken"), SchemasUnavailable("the registry is away")])
def test_no_timer_is_blamed_for_the_machine(error: Exception) -> None:
    with pytest.raises(type(error)):
        guard_of(fire(LATE, error)).apply(TICK, StoredAlarms(), Writes())


def put_back(key: str, stage: bytes = b"bells") -> ConsumerRecord[bytes, bytes]:
    """A replayed timer."""
    alarm = incoming(Alarm(row="p1"), topic=TICKS.name, key=key.encode())
    return replace(alarm, headers=((STAGE_HEADER, stage),))


def test_a_timer_that_is_put_back_stands_where_it_stood_also_while_ticks_are_held() -> None:
    key = timer_key(LATE, "p1")
    guard = guard_of(LookupError("never performed"), clock=ClockWatch(AT - timedelta(days=1)))
    change = apply(guard, put_back(key))
    assert dict(change.writes.items()) == {b"\x01" + key.encode(): codec.encode(Alarm(row="p1"))}
    assert (change.outputs, change.faults) == ([], ())


def test_a_timer_of_another_stage_is_left_to_it() -> None:
    change = apply(guard_of(LookupError("never performed")), put_back(timer_key(LATE, "p1"), b"others"))
    assert (len(change.writes), change.outputs) == (0, [])


def test_what_has_no_timers_key_is_not_put_back() -> None:
    letter = letter_of(apply(guard_of(LookupError("never performed")), put_back("p1")))
    assert letter.faults == (Fault(path="key", reason="is no timer's: 'p1'"),)
