"""Ordered keys and rows, compared with a plain sorted list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.memory.rows import Rows
from tidings.memory.sorted_keys import BLOCK_KEYS, SortedKeys
from tidings.memory.timer_rows import NO_KEY, Calendar, TimerRows

KEYS = st.text(alphabet="abc\0~é😀", max_size=3)


_CHANGES = st.lists(st.tuples(st.sampled_from(["put", "delete", "range"]), KEYS, KEYS))


@pytest.mark.parametrize("keeps_timers", [True, False])
@given(_CHANGES, KEYS, KEYS, st.integers(min_value=0, max_value=9))
def test_rows_answer_as_a_sorted_list_would(
    keeps_timers: bool, changes: list[tuple[str, str, str]], low: str, high: str, limit: int
) -> None:
    calendar = Calendar()
    timers, plain = TimerRows(calendar), dict[str, object]()
    rows = timers if keeps_timers else Rows()

    def wanted(low: str, high: str) -> list[tuple[str, object]]:
        return sorted((key, row) for key, row in plain.items() if low <= key < high)

    for number, (change, key, end) in enumerate(changes):
        if change == "put":
            assert rows.put(key, number) == plain.get(key)
            plain[key] = number
        elif change == "delete":
            assert rows.delete(key) == plain.pop(key, None)
        else:
            assert rows.range(key, end, len(changes)) == wanted(key, end)
        if keeps_timers:
            assert timers.first() == calendar.first() == min(plain, default=NO_KEY)
    assert rows.range(low, high, limit) == wanted(low, high)[:limit]


def test_timers_removed_before_their_time_are_not_kept_for_ever() -> None:
    timers = TimerRows(Calendar())
    for number in range(100_000):
        timers.put(f"{number:06d}", number)
        if number % 10:
            timers.delete(f"{number:06d}")
    assert len(timers._far) < 3 * len(timers.rows)
    assert timers.range("", "~", 100_000) == [(f"{number:06d}", number) for number in range(0, 100_000, 10)]


def test_a_calendar_has_the_first_timer_of_all_partitions() -> None:
    calendar = Calendar()
    one, other = TimerRows(calendar), TimerRows(calendar)
    one.put("2", "")
    other.put("1", "")
    other.put("3", "")
    assert calendar.first() == "1"
    other.delete("1")
    assert calendar.first() == "2"
    one.delete("2")
    assert calendar.first() == "3"


@given(st.lists(KEYS))
def test_the_order_is_that_of_utf8_bytes(keys: list[str]) -> None:
    ordered = SortedKeys(set(keys)).between("", "\U0010ffff", len(keys))
    assert ordered == sorted(set(keys), key=str.encode)


def test_blocks_split_and_vanish() -> None:
    keys = [f"{number:06d}" for number in range(20 * BLOCK_KEYS)]
    ordered = SortedKeys()
    for key in [*keys[::2], *reversed(keys[1::2])]:
        ordered.add(key)
    assert ordered.between("", "~", len(keys)) == keys
    assert ordered.between(keys[1500], keys[4000], 3000) == keys[1500:4000]
    assert ordered.between(keys[1500], keys[4000], 2000) == keys[1500:3500]
    for key in keys[:-1]:
        ordered.remove(key)
    assert ordered.between("", "~", 10) == [keys[-1]]
