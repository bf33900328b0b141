"""The gateway's view of consents: what stands against writing to an address, as `consents` says a moment ago."""

import asyncio
import time
from collections.abc import Callable, Iterable

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from gateways.kafka import READ_AT_ONCE, READ_TIMEOUT_MS
from gateways.store import Store
from schemas import codec
from schemas.consent import EVERYTHING, Consent
from schemas.faults import Refused

FRESH_SECONDS = 5.0
"""How long the view may be trusted after it was last known to have read everything."""

log = structlog.get_logger("gateways")


class ConsentView:
    """Follows the `consents` partitions of this gateway; keeps only those that forbid something."""

    def __init__(self, *, consumer: AIOKafkaConsumer, topic: str, new_store: Callable[[int], Store]) -> None:
        self._consumer = consumer
        self._topic = topic
        self._new_store = new_store
        self._stores: dict[int, Store] = {}
        self._fresh_at: dict[int, float] = {}
        self._changed = asyncio.Event()

    async def follow(self, partitions: Iterable[int]) -> None:
        """Follow exactly these from now on; those that stay go on where they are."""
        wanted = set(partitions)
        kept = self._stores.keys() & wanted
        positions = {number: await self._consumer.position(self._tp(number)) for number in kept}
        for number in self._stores.keys() - wanted:
            self._stores.pop(number).close()
            self._fresh_at.pop(number, None)
        self._consumer.assign([self._tp(number) for number in sorted(wanted)])
        for number, position in positions.items():
            self._consumer.seek(self._tp(number), position)
        for number in wanted - kept:
            self._stores[number] = self._new_store(number)
            await self._consumer.seek_to_beginning(self._tp(number))
        self._changed.set()

    def is_fresh(self, partition: int) -> bool:
        """Whether the view had read all there was a moment ago."""
        return time.monotonic() - self._fresh_at.get(partition, -FRESH_SECONDS) < FRESH_SECONDS

    def get(self, partition: int, key: str) -> Consent | None:
        """The consent of one address, when there is something in it that forbids."""
        value = self._stores[partition].get(key.encode())
        if value is None:
            return None
        try:
            consent = codec.decode(value)
        except Refused:
            return _unreadable(key)
        return consent if isinstance(consent, Consent) else _unreadable(key)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            if not self._stores:
                self._changed.clear()
                await self._changed.wait()
            records = await self._consumer.getmany(timeout_ms=READ_TIMEOUT_MS, max_records=READ_AT_ONCE)
            for tp, batch in records.items():
                store = self._stores.get(tp.partition)
                if store is not None:
                    for record in batch:
                        _apply(store, record)
            await self._look_at_the_end()

    async def stop(self) -> None:
        """Disconnect and give the local copies up."""
        await self._consumer.stop()
        for store in self._stores.values():
            store.close()
        self._stores.clear()

    async def _look_at_the_end(self) -> None:
        """A view is as old as the fetch that last told the partition's end, not as the last record in it."""
        for number in list(self._stores):
            tp = self._tp(number)
            if tp not in self._consumer.assignment():
                continue
            end, asked_at_ms = self._consumer.highwater(tp), self._consumer.last_poll_timestamp(tp)
            if end is not None and asked_at_ms is not None and await self._consumer.position(tp) >= end:
                self._fresh_at[number] = time.monotonic() - max(0.0, time.time() - asked_at_ms / 1000)

    def _tp(self, number: int) -> TopicPartition:
        return TopicPartition(self._topic, number)


def _apply(store: Store, record: ConsumerRecord) -> None:
    """Keep what forbids something; bytes that cannot be read are kept too, and forbid everything."""
    if record.value is None:
        store.delete(record.key)
        return
    try:
        consent = codec.decode(record.value)
    except Refused as refused:
        log.error("consent cannot be read", partition=record.partition, offset=record.offset, error=str(refused))
        consent = None
    if isinstance(consent, Consent) and not (consent.opted_out or consent.suppressed):
        store.delete(record.key)
    else:
        store.put(record.key, record.value)


def _unreadable(key: str) -> Consent:
    """Nobody who said no hears from us: while nobody knows what was said, it counts as a no."""
    tenant, _, address = key.partition("|")
    return Consent(tenant=tenant, address=address, opted_out=(EVERYTHING,))
