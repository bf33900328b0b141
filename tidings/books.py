"""A tenant's books as the log has them: terms, usage, statuses and the invoices that were issued."""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from schemas import wire
from schemas.billing import Invoice, PaidBy, Terms, Usage
from schemas.delivery import DeliveryStatus
from schemas.faults import Unreadable
from schemas.topics import INVOICES, STATUSES, TERMS, USAGE, Topic
from streams.client import read_to_end
from tidings.config import Kafka

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[R]):
    """A record and its time in the log."""

    value: R
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What concerns one tenant, each in the order of its partition; what a crash repeated stands there once."""

    terms: tuple[Entry[Terms], ...]
    statuses: tuple[Entry[DeliveryStatus], ...]
    usage: tuple[Entry[Usage], ...]
    invoices: tuple[Invoice, ...]


async def read_invoices(kafka: Kafka, tenant: str) -> tuple[Invoice, ...]:
    """Every invoice of a tenant."""
    found = await _read(kafka, INVOICES, f"{tenant}|", Invoice)
    return tuple(dict.fromkeys(entry.value for entry in found))


async def open_amounts(kafka: Kafka, tenant: str, period: str) -> dict[str, Decimal]:
    """What the messages of a calendar month come to so far, by currency; blocks and credits are paid otherwise."""
    found = await _read(kafka, USAGE, f"{tenant}|", Usage)
    amounts: dict[str, Decimal] = {}
    for usage in dict.fromkeys(entry.value for entry in found):
        if usage.period == period and usage.paid_by is PaidBy.INVOICE:
            amounts[usage.currency] = amounts.get(usage.currency, Decimal(0)) + usage.amount
    return {currency: amount for currency, amount in amounts.items() if amount}


async def read_books(kafka: Kafka, tenant: str) -> Books:
    """All of a tenant's books, up to the present ends of the topics."""
    key = f"{tenant}|"
    return Books(
        terms=await _read(kafka, TERMS, key, Terms),
        statuses=await _read(kafka, STATUSES, None, DeliveryStatus, beginning=key),
        usage=await _read(kafka, USAGE, key, Usage),
        invoices=await read_invoices(kafka, tenant),
    )


async def _read(
    kafka: Kafka, topic: Topic, key: str | None, record: type[R], *, beginning: str | None = None
) -> tuple[Entry[R], ...]:
    """Only what has the tenant's keys is decoded: decoding is most of the work."""
    begins = (key or beginning or "").encode()
    found: list[Entry[R]] = []
    async with aclosing(read_to_end(kafka, topic, key=key.encode() if key else None)) as stored_records:
        async for stored in stored_records:
            if stored.key is None or not stored.key.startswith(begins):
                continue
            try:
                value = wire.decode(topic, stored.key, stored.value, stored.headers)
            except Unreadable:
                continue  # whoever reads the topic as a stage has made it a dead letter
            if isinstance(value, record):
                found.append(Entry(value=value, at=stored.position.at))
    return tuple(found)
