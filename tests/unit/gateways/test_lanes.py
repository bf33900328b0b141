"""Lanes, tenants, the breaker and offsets."""

from dataclasses import dataclass
from datetime import timedelta

from gateways.breaker import ERRORS, PROBES, REST, Breaker
from gateways.lanes import Lanes
from gateways.offsets import Offsets
from schemas.words import Lane
from tests.unit.gateways.samples import NOON


@dataclass(frozen=True)
class Item:
    lane: Lane
    tenant: str = "t"
    is_retried: bool = False
    name: int = 0


def filled(slots: int, **counts: int) -> Lanes[Item]:
    lanes: Lanes[Item] = Lanes(slots)
    for lane, count in counts.items():
        for number in range(count):
            lanes.put(Item(lane=Lane(lane), name=number))
    return lanes


def by_lane(items: list[Item]) -> dict[str, int]:
    return {str(lane): sum(item.lane is lane for item in items) for lane in Lane}


def test_a_fifth_of_the_slots_is_kept_for_urgent_messages() -> None:
    lanes = filled(10, normal=100)
    assert by_lane(lanes.take()) == {"urgent": 0, "normal": 8, "bulk": 0}
    lanes.put(Item(lane=Lane.URGENT))
    assert by_lane(lanes.take()) == {"urgent": 1, "normal": 0, "bulk": 0}


def test_bulk_takes_at_most_half_while_others_wait() -> None:
    assert by_lane(filled(10, normal=100, bulk=100).take()) == {"urgent": 0, "normal": 4, "bulk": 4}


def test_bulk_alone_takes_what_is_not_kept() -> None:
    assert by_lane(filled(10, bulk=100).take()) == {"urgent": 0, "normal": 0, "bulk": 8}


def test_urgent_goes_first() -> None:
    assert by_lane(filled(10, urgent=100, normal=100, bulk=100).take())["urgent"] == 10


def test_one_slot_serves_every_lane() -> None:
    for lane in Lane:
        assert len(filled(1, **{str(lane): 1}).take()) == 1


def test_tenants_take_turns() -> None:
    lanes: Lanes[Item] = Lanes(10)
    for number in range(50):
        lanes.put(Item(lane=Lane.NORMAL, tenant="large", name=number))
    lanes.put(Item(lane=Lane.NORMAL, tenant="small"))
    assert [item.tenant for item in lanes.take(3)] == ["large", "small", "large"]


def test_new_and_retried_work_alternate() -> None:
    lanes: Lanes[Item] = Lanes(10)
    for number in range(5):
        lanes.put(Item(lane=Lane.NORMAL, name=number))
        lanes.put(Item(lane=Lane.NORMAL, is_retried=True, name=number))
    assert [item.is_retried for item in lanes.take(4)] == [False, True, False, True]


def test_a_slot_given_back_is_taken_again() -> None:
    lanes = filled(2, urgent=3)
    assert len(lanes.take()) == 2
    assert lanes.take() == []
    lanes.release(Lane.URGENT)
    assert len(lanes.take()) == 1


def test_what_is_removed_is_gone_and_the_order_of_the_rest_stays() -> None:
    lanes = filled(10, normal=6)
    assert len(lanes.remove(lambda item: item.name % 2 == 0)) == 3
    assert [item.name for item in lanes.take()] == [1, 3, 5]


def test_the_breaker_opens_at_fifty_errors_in_a_minute_and_says_so_once() -> None:
    breaker = Breaker()
    assert [breaker.failed(NOON) for _ in range(ERRORS)] == [False] * (ERRORS - 1) + [True]
    assert breaker.failed(NOON) is False
    assert breaker.allowance(NOON) == 0


def test_old_errors_do_not_count() -> None:
    breaker = Breaker()
    assert not any(breaker.failed(NOON + timedelta(seconds=2 * number)) for number in range(200))


def open_breaker() -> Breaker:
    breaker = Breaker()
    for _ in range(ERRORS):
        breaker.failed(NOON)
    return breaker


def test_after_a_rest_three_probes_close_the_breaker() -> None:
    breaker, later = open_breaker(), NOON + REST
    assert breaker.allowance(later) == PROBES
    breaker.passed_on(PROBES)
    assert breaker.allowance(later) == 0
    for _ in range(PROBES):
        assert breaker.is_open
        breaker.succeeded(later)
    assert breaker.allowance(later) is None


def test_a_probe_that_fails_opens_the_breaker_again() -> None:
    breaker, later = open_breaker(), NOON + REST
    breaker.passed_on(PROBES)
    breaker.succeeded(later)
    breaker.failed(later)
    assert breaker.allowance(later) == 0
    assert breaker.allowance(later + REST) == PROBES


def test_a_probe_that_was_not_sent_after_all_is_not_waited_for() -> None:
    breaker, later = open_breaker(), NOON + REST
    breaker.passed_on(PROBES)
    breaker.returned(2)
    assert breaker.allowance(later) == 2


def test_offsets_are_committed_up_to_the_first_that_is_open() -> None:
    offsets = Offsets()
    for offset in (5, 6, 9):
        offsets.opened(offset)
    offsets.closed(6)
    assert offsets.to_commit() == 5
    offsets.closed(5)
    assert offsets.to_commit() == 9
    offsets.committed(9)
    assert offsets.to_commit() is None
    offsets.closed(9)
    assert offsets.to_commit() == 10


def test_a_record_that_needs_two_things_waits_for_both() -> None:
    offsets = Offsets()
    offsets.opened(1)
    offsets.split(1)
    offsets.closed(1)
    assert offsets.to_commit() == 1
    offsets.closed(1)
    assert offsets.to_commit() == 2


def test_nothing_taken_in_is_nothing_to_commit() -> None:
    assert Offsets().to_commit() is None
