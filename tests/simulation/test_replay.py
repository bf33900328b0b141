"""The reference tells a position that is written again after a void record from one that two writers made count."""

from random import Random

from streams.announcement import Announcement
from streams.store import ANNOUNCED, position_key, position_value, voided_key
from streams.writes import Writes
from tests.simulation.broker import Broker, Row
from tests.simulation.loop import simulate
from tests.simulation.replay import _units
from tests.simulation.storm import Odds, Storm

PLACE = ("changelog", 0)
TICKS = position_key("ticks")


def _unit(next_offset: int) -> Writes:
    writes = Writes()
    writes.put(TICKS, position_value(next_offset))
    return writes


def _mending(position: int, *forgotten: bytes) -> Writes:
    """What a new owner writes of a void position, and which markers it forgets, in this order."""
    writes = Writes()
    for marker in forgotten:
        writes.put(marker, None)
    writes.put(TICKS, position_value(position))
    writes.put(ANNOUNCED, Announcement(topic="ticks", end=position).encode())
    return writes


def _steps(*batches: tuple[int, Writes]) -> list[int]:
    """The steps that count of batches that each claim to begin at an offset."""

    async def write() -> list[int]:
        broker = Broker(Storm(rng=Random(1), odds=Odds()), now_ms=0)
        for claim, writes in batches:
            rows = [Row(key, value, (("o", at.to_bytes(8)),)) for at, (key, value) in enumerate(writes.items(), claim)]
            broker.append(*PLACE, rows)
        return [end for _, end in _units(broker, PLACE)]

    return simulate(write())


def test_what_a_mending_writes_again_is_no_step() -> None:
    mending = _mending(2, voided_key(TICKS))
    assert _steps((0, _unit(2)), (0, _unit(1)), (2, mending), (5, _unit(3))) == [2, 3]


def test_a_mending_of_a_mending_that_came_too_late_is_no_step_either() -> None:
    """It forgets more than one marker, and the position does not stand beside its own."""
    late, again = _mending(2, voided_key(TICKS)), _mending(2, voided_key(TICKS), voided_key(voided_key(TICKS)))
    assert _steps((0, _unit(2)), (0, _unit(1)), (2, late), (2, late), (8, again), (12, _unit(3))) == [2, 3]


def test_a_step_that_counts_twice_is_told_twice() -> None:
    assert _steps((0, _unit(1)), (1, _unit(2)), (2, _unit(2))) == [1, 2, 2]
