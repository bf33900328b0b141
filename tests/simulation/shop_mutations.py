"""Stages that count caps or credits wrongly, each of which the laws of the shop have to notice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from processors.credit.tables import UNPAID
from processors.effects import Effect, Function, Record, Table, Tables
from schemas.allowance import Allowance, PlaceGivenBack
from schemas.billing import CreditChange
from schemas.message import Message
from schemas.topics import AUDIENCE, CHARGES, TICKS
from streams.stage import Stage
from streams.topology import CREDIT, DECIDE
from tests.simulation.shop_world import STAGES


def _boundless(record: Record, tables: Tables) -> Iterator[Effect]:
    """No allowance has a limit."""
    message = record.value
    if isinstance(message, Message) and message.allowance is not None:
        limitless = Allowance(timezone=message.allowance.timezone, is_paid=message.allowance.is_paid)
        record = Record(record.topic, record.key, replace(message, allowance=limitless), record.now)
    return DECIDE.reads[AUDIENCE.name](record, tables)


def _grasping(record: Record, tables: Tables) -> Iterator[Effect]:
    """A place that was taken stays taken."""
    return iter(()) if isinstance(record.value, PlaceGivenBack) else DECIDE.reads[AUDIENCE.name](record, tables)


def _greedy(record: Record, tables: Tables) -> Iterator[Effect]:
    """What is not billed is paid all the same."""
    change = record.value
    is_unused = isinstance(change, CreditChange) and change.message_id is not None
    return iter(()) if is_unused else CREDIT.reads[CHARGES.name](record, tables)


class _Backwards:
    """The tables, in which those who wait longest stand last."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)

    def range(self, table: Table[Any], low: str, high: str, limit: int) -> list[tuple[str, Any]]:
        """See Tables.range."""
        rows = self._tables.range(table, low, high, limit)
        return rows[::-1] if table is UNPAID else rows


def _youngest_first(topic: str) -> Function:
    def function(record: Record, tables: Tables) -> Iterator[Effect]:
        backwards: Any = _Backwards(tables)
        return CREDIT.reads[topic](record, backwards)

    return function


def _with(stage: Stage, reads: Mapping[str, Function]) -> Sequence[Stage]:
    broken = replace(stage, reads={**stage.reads, **reads})
    return tuple(broken if each is stage else each for each in STAGES)


SHOP_MUTATIONS: Mapping[str, Sequence[Stage]] = {
    "caps are not looked at": _with(DECIDE, {AUDIENCE.name: _boundless}),
    "a place is not given back": _with(DECIDE, {AUDIENCE.name: _grasping}),
    "credits are not given back": _with(CREDIT, {CHARGES.name: _greedy}),
    "credits are for the youngest first": _with(
        CREDIT, {topic: _youngest_first(topic) for topic in (CHARGES.name, TICKS.name)}
    ),
}
