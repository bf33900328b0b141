"""The attempt ledger of one partition: what was tried, what waits, and the proof that nobody else writes it.

An entry counts once the broker has it. Every write is checked against the offset at which it must have come to stand: a
second gateway that wrote since the partition was read, a zombie or its successor, shows there before anything is sent.
Each entry says itself where it has to stand, too: one that stands elsewhere is void and read by nobody, so that of two
writers only one ever counts.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from gateways.log import Log, Row
from gateways.store import Store
from schemas import codec
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry

STATE_HEADER = "state"
"""Repeats the entry's state, so that a restart decodes only what is still open; left out while a report is to come."""
OFFSET_HEADER = "offset"
"""Where the entry has to stand."""
REPORTED_AGAIN = 1000
"""So many of the last final entries are reported once more after a restart: the status of each is written after it, and
more than that are never on their way."""


class ForeignWrite(RuntimeError):
    """Another gateway writes to this ledger partition; only one may, so this one has to stop."""


class Ledger:
    """The entries of one partition. Final ones stay for ever: a message id is accepted once."""

    def __init__(self, *, log: Log, store: Store, topic: str, partition: int) -> None:
        self._log = log
        self._store = store
        self._topic = topic
        self._partition = partition
        self._end = 0
        self._turn = asyncio.Lock()
        self._open: set[bytes] = set()
        self._waiting: dict[str, datetime] = {}
        self._by_time: list[tuple[datetime, str]] = []
        self._voided: set[bytes] = set()
        self._unsure: deque[bytes] = deque(maxlen=REPORTED_AGAIN)

    def restore(self, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes]], offset: int) -> None:
        """Take over one record of the topic, in order."""
        if not stands_where_it_says(headers, offset):
            self._voided.add(key)
            return
        if value is None:
            self._store.delete(key)
            self._open.discard(key)
            return
        self._store.put(key, value)
        state = dict(headers).get(STATE_HEADER)
        if state is not None and AttemptState(state.decode()).is_final:
            self._open.discard(key)
            self._unsure.append(key)
        else:
            self._open.add(key)

    def restored(self, end: int) -> tuple[LedgerEntry, ...]:
        """The topic was read up to offset `end`: set the timers again, and give the intents that a crash left open."""
        self._end = end
        intents = []
        for key in sorted(self._open):
            entry = self.get(key.decode())
            if entry is not None and entry.state is AttemptState.INTENT:
                intents.append(entry)
            elif entry is not None:
                self._unsure.append(key)
                self._set_timer(entry)
        self._open.clear()
        return tuple(intents)

    def unreported(self) -> list[DeliveryStatus]:
        """The statuses that may not have been written any more after their entries; asked for once, when restored."""
        entries = [self.get(key.decode()) for key in dict.fromkeys(self._unsure)]
        self._unsure.clear()
        return [entry.status for entry in entries if entry and entry.status and not entry.awaits_report]

    async def write_voided_again(self) -> None:
        """Write what counts of the messages that have a void entry, before compaction takes that for the newest one."""
        voided = sorted(self._voided)
        self._voided.clear()
        entries = [(key, self.get(key.decode())) for key in voided]
        await self._append([Row(key=key, value=None) if entry is None else _row(entry) for key, entry in entries])

    def get(self, message_id: str) -> LedgerEntry | None:
        """What is known of one message."""
        value = self._store.get(message_id.encode())
        if value is None:
            return None
        entry = codec.decode(value)
        assert isinstance(entry, LedgerEntry), f"ledger row {message_id} holds a {type(entry).__name__}"
        return entry

    async def write(self, entries: Sequence[LedgerEntry]) -> None:
        """Write entries, each of another message, and wait for the acks. Raises ForeignWrite."""
        rows = [_row(entry) for entry in entries]
        await self._append(rows)
        for entry, row in zip(entries, rows, strict=True):
            assert row.value is not None, f"entry {entry.message_id} has no value"
            self._store.put(row.key, row.value)
            self._set_timer(entry)

    async def _append(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        async with self._turn:
            claimed = [_claiming(row, offset) for offset, row in enumerate(rows, self._end)]
            self._end += len(rows)
            expected = self._end
            acked = await self._log.enqueue(self._topic, self._partition, claimed)
        end = await acked
        if end != expected:
            place = f"{self._topic}/{self._partition}"
            raise ForeignWrite(
                f"{place}: the last write ends at offset {end} instead of {expected}, so another wrote too"
            )

    def due(self, now: datetime, limit: int, in_hand: Container[str]) -> list[str]:
        """Up to `limit` messages whose hour has come, the earliest first, without those in hand.

        Each is given once; writing an entry that waits sets its timer anew.
        """
        found: list[str] = []
        postponed = []
        while self._by_time and self._by_time[0][0] <= now and len(found) < limit:
            due, message_id = heapq.heappop(self._by_time)
            if self._waiting.get(message_id) != due:
                continue
            if message_id in in_hand:
                postponed.append((due, message_id))
                continue
            del self._waiting[message_id]
            found.append(message_id)
        for timer in postponed:
            heapq.heappush(self._by_time, timer)
        return found

    def waiting(self) -> Iterator[LedgerEntry]:
        """All entries that wait for their hour; reads every one of them."""
        for message_id in list(self._waiting):
            entry = self.get(message_id)
            if entry is not None:
                yield entry

    def close(self) -> None:
        """Give the local copy up."""
        self._store.close()

    def _set_timer(self, entry: LedgerEntry) -> None:
        if entry.retry_at is None:
            self._waiting.pop(entry.message_id, None)
            return
        self._waiting[entry.message_id] = entry.retry_at
        heapq.heappush(self._by_time, (entry.retry_at, entry.message_id))


def stands_where_it_says(headers: Iterable[tuple[str, bytes]], offset: int) -> bool:
    """Whether an entry counts: one that stands elsewhere than it says is void."""
    said = dict(headers).get(OFFSET_HEADER)
    return said is None or int(said) == offset


def _row(entry: LedgerEntry) -> Row:
    headers = () if entry.awaits_report else ((STATE_HEADER, entry.state.encode()),)
    return Row(key=entry.message_id.encode(), value=codec.encode(entry), headers=headers)


def _claiming(row: Row, offset: int) -> Row:
    return replace(row, headers=(*row.headers, (OFFSET_HEADER, str(offset).encode())))
