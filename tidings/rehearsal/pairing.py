"""Pairing every expected record with a different actual one: as many pairs as there can be."""

from collections import deque
from collections.abc import Sequence


def pairs(options: Sequence[Sequence[int]]) -> dict[int, int]:
    """For each left member the rights it may take; left → right, the most pairs possible (Kuhn, breadth first)."""
    right_of: dict[int, int] = {}
    left_of: dict[int, int] = {}
    for left in range(len(options)):
        _augment(left, options, right_of, left_of)
    return right_of


def _augment(start: int, options: Sequence[Sequence[int]], right_of: dict[int, int], left_of: dict[int, int]) -> None:
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        left = waiting.popleft()
        for right in options[left]:
            if right in came_from:
                continue
            came_from[right] = left
            if right not in left_of:
                _turn(right, start, came_from, right_of, left_of)
                return
            waiting.append(left_of[right])


def _turn(right: int, start: int, came_from: dict[int, int], right_of: dict[int, int], left_of: dict[int, int]) -> None:
    """Give each right on the path to the left that came for it, back to the start."""
    while True:
        left = came_from[right]
        freed = right_of.get(left)
        right_of[left], left_of[right] = right, left
        if left == start or freed is None:
            return
        right = freed
