"""Ordered keys and rows, compared with a plain sorted list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.memory.rows import NO_KEY, Rows
from tidings.memory.sorted_keys import BLOCK_KEYS, SortedKeys

KEYS = st.text(alphabet="abc\0~é😀", max_size=3)


@pytest.mark.parametrize("in_order", [True, False])
@given(st.lists(st.tuples(st.booleans(), KEYS)), KEYS, KEYS, st.integers(min_value=0, max_value=9))
def test_rows_answer_as_a_sorted_list_would(
    in_order: bool, changes: list[tuple[bool, str]], low: str, high: str, limit: int
) -> None:
    rows, plain = Rows(in_order=in_order), dict[str, object]()
    for number, (is_put, key) in enumerate(changes):
        if is_put:
            rows.put(key, number)
            plain[key] = number
        else:
            rows.delete(key)
            plain.pop(key, None)
        assert not in_order or rows.first == min(plain, default=NO_KEY)
    wanted = sorted((key, row) for key, row in plain.items() if low <= key < high)
    assert rows.range(low, high, limit) == wanted[:limit]


@given(st.lists(KEYS))
def test_the_order_is_that_of_utf8_bytes(keys: list[str]) -> None:
    ordered = SortedKeys(set(keys)).between("", "\U0010ffff", len(keys))
    assert ordered == sorted(set(keys), key=str.encode)


def test_blocks_split_and_vanish() -> None:
    keys = [f"{number:06d}" for number in range(5 * BLOCK_KEYS)]
    ordered = SortedKeys()
    for key in [*keys[::2], *reversed(keys[1::2])]:
        ordered.add(key)
    assert ordered.between("", "~", len(keys)) == keys
    assert ordered.between(keys[1500], keys[4000], 3000) == keys[1500:4000]
    assert ordered.between(keys[1500], keys[4000], 2000) == keys[1500:3500]
    for key in keys[:-1]:
        ordered.remove(key)
    assert ordered.first() == keys[-1]
    assert ordered.between("", "~", 10) == [keys[-1]]
