import os

from schemas.wire import Encoded
from streams.readiness import Readiness
from streams.unit_of_work import WRITES_LIMIT_BYTES, Change, UnitOfWork, output
from streams.writes import Writes


def change_of(*sizes_bytes: int) -> Change:
    writes = Writes()
    for number, size_bytes in enumerate(sizes_bytes):
        writes.put(b"key%d" % number, b"x" * size_bytes)
    return Change(writes, [])


def test_a_unit_is_full_well_before_it_would_no_longer_fit() -> None:
    unit = UnitOfWork()
    unit.take(change_of(500_000))
    assert not unit.is_full
    assert unit.has_room_for(change_of(300_000))
    assert not unit.has_room_for(change_of(450_000))
    unit.take(change_of(300_000))
    assert unit.is_full
    assert unit.writes.size_bytes <= WRITES_LIMIT_BYTES


def test_a_unit_keeps_the_last_write_per_key_and_all_outputs_in_order() -> None:
    unit = UnitOfWork()
    for number in range(3):
        writes = Writes()
        writes.put(b"counter", b"%d" % number)
        unit.take(Change(writes, [output("events", "k", Encoded(value=b"%d" % number), number)]))
    assert list(unit.writes.items()) == [(b"counter", b"2")]
    assert [each.value for each in unit.outputs] == [b"0", b"1", b"2"]


def test_an_output_knows_at_least_the_size_that_the_broker_will_see() -> None:
    sent = output("events", "k" * 10, Encoded(value=b"v" * 100, headers=(("name", b"content"),)), 0)
    assert sent.size_bytes >= 10 + 100 + 4 + 7


def test_a_worker_says_once_that_it_is_ready_when_all_its_stages_are() -> None:
    read, write = os.pipe()
    readiness = Readiness("w1", ["decide", "settle"], write)
    os.set_blocking(read, False)
    for stage in ("decide", "decide", "settle", "settle"):
        readiness.stage_ready(stage, [0])
    assert os.read(read, 100) == b"ready\n"
    assert os.read(read, 100) == b""
    os.close(read)
