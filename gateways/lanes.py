"""Which message is next: lanes with shares, and within a lane the tenants in turn, so that none feels the other.

Urgent messages go first and a fifth of the slots is kept for them; bulk takes at most half while others wait. Within a
lane new and retried work alternate, and each takes its tenants round robin.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from schemas.words import Lane

URGENT_SHARE = 0.2
BULK_SHARE = 0.5


class Queued(Protocol):
    """What waits in a lane."""

    @property
    def lane(self) -> Lane:
        """Its priority class."""

    @property
    def tenant(self) -> str:
        """For whom it is sent."""

    @property
    def is_retried(self) -> bool:
        """Whether it comes from a timer rather than from a command."""


T = TypeVar("T", bound=Queued)


class Lanes(Generic[T]):
    """Items that wait for one of a fixed number of slots; a taken slot is given back with `release`."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._kept_for_urgent = math.ceil(slots * URGENT_SHARE) if slots > 1 else 0
        self._bulk_limit = max(1, int(slots * BULK_SHARE))
        self._lines: dict[Lane, _Line[T]] = {lane: _Line() for lane in Lane}
        self._taken = dict.fromkeys(Lane, 0)

    def __len__(self) -> int:
        """How many items wait."""
        return sum(len(line) for line in self._lines.values())

    @property
    def taken(self) -> int:
        """How many slots are in use."""
        return sum(self._taken.values())

    def put(self, item: T) -> None:
        """Let an item wait behind its tenant's others."""
        self._lines[item.lane].put(item)

    def take(self, limit: int | None = None) -> list[T]:
        """The items whose turn it is, at most `limit`; each holds a slot from now on."""
        items: list[T] = []
        free = self._slots - self.taken
        for _ in range(free if limit is None else min(free, limit)):
            lane = self._next_lane()
            if lane is None:
                break
            self._taken[lane] += 1
            items.append(self._lines[lane].pop())
        return items

    def release(self, lane: Lane) -> None:
        """Give a slot back."""
        self._taken[lane] -= 1

    def remove(self, is_unwanted: Callable[[T], bool]) -> list[T]:
        """Take the unwanted items out, without slots."""
        return [item for line in self._lines.values() for item in line.remove(is_unwanted)]

    def _next_lane(self) -> Lane | None:
        if self._lines[Lane.URGENT]:
            return Lane.URGENT
        normal, bulk = self._taken[Lane.NORMAL], self._taken[Lane.BULK]
        if normal + bulk >= self._slots - self._kept_for_urgent:
            return None
        if not self._lines[Lane.NORMAL]:
            return Lane.BULK if self._lines[Lane.BULK] else None
        may_be_bulk = self._lines[Lane.BULK] and bulk < self._bulk_limit and bulk < normal
        return Lane.BULK if may_be_bulk else Lane.NORMAL


class _Line(Generic[T]):
    """One lane: new and retried work, one after the other while there is both."""

    def __init__(self) -> None:
        self._rings: tuple[_Ring[T], _Ring[T]] = (_Ring(), _Ring())
        self._retried_is_next = False

    def __len__(self) -> int:
        return len(self._rings[0]) + len(self._rings[1])

    def put(self, item: T) -> None:
        self._rings[item.is_retried].put(item)

    def pop(self) -> T:
        ring = self._rings[self._retried_is_next] or self._rings[not self._retried_is_next]
        self._retried_is_next = not self._retried_is_next
        return ring.pop()

    def remove(self, is_unwanted: Callable[[T], bool]) -> list[T]:
        return [item for ring in self._rings for item in ring.remove(is_unwanted)]


class _Ring(Generic[T]):
    """Tenants in turn, each with its own queue."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, item: T) -> None:
        self._queues.setdefault(item.tenant, deque()).append(item)
        self._size += 1

    def pop(self) -> T:
        tenant, queue = next(iter(self._queues.items()))
        item = queue.popleft()
        self._size -= 1
        if queue:
            self._queues.move_to_end(tenant)
        else:
            del self._queues[tenant]
        return item

    def remove(self, is_unwanted: Callable[[T], bool]) -> list[T]:
        every = [item for queue in self._queues.values() for item in queue]
        unwanted = [item for item in every if is_unwanted(item)]
        if unwanted:
            self._queues.clear()
            self._size = 0
            for item in every:
                if not is_unwanted(item):
                    self.put(item)
        return unwanted
