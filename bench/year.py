"""A year of a food pantry with 5,000 clients, rehearsed in memory: what it costs, and what it keeps.

    python -m bench.year [--clients 5000] [--days 365] [--seed 1] [--profile FILE]

Every event is made, read and checked as `tidings rehearse` reads it, and goes through the stages of production with
simulated providers. Nothing is collected: records are counted and forgotten, so that memory is what stages keep.
"""

import argparse
import cProfile
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from random import Random
from typing import Any

from processors.effects import Record
from schemas.clock import rfc3339
from schemas.envelope import Event
from schemas.topics import TOPICS
from schemas.wire import event_from_mapping
from streams.collecting import collect_rarely
from streams.topology import TOPOLOGY
from tidings.memory import MemoryRunner
from tidings.rehearsal.providers import provider_stage

START = datetime(2026, 1, 1, tzinfo=UTC)
TENANT = "pantry"
VISITS_A_YEAR = 12
READ_AHEAD = 256
_STAFF = {"kind": "staff", "id": "s1"}
_SETTINGS: Mapping[str, Any] = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "locale": "en-US",
    "country": "US",
    "currency": "USD",
    "portal_url": "https://portal.example/riverside",
    "senders": {"email": "Riverside <hello@pantry.example>", "sms": "+12025550111"},
    "channels": {"email": {"requested": True}, "sms": {"requested": True, "paid": True}},
    "staff": [{"id": "s1", "name": "Sam", "email": "sam@pantry.example", "roles": ["storefront_notification"]}],
    "quiet_hours": {"start": "21:00", "end": "08:00"},
    "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
    "kinds": {
        "appointment_reminder": {"sms_hours_before": 24, "email_hours_before": 48},
        "cart": {"idle": "PT2H", "warning": "PT20H", "expire": "PT24H"},
    },
}
_GOODS = ("Rice", "Black beans", "Oat milk", "Lentils", "Apples", "Bread", "Flour", "Tea")


@dataclass(slots=True, kw_only=True)
class Figures:
    """What a rehearsal came to; `quarters` are events so far, open timers and the most memory, at the end of each."""

    runner: MemoryRunner
    events: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    records: Counter[str] = field(default_factory=Counter)
    quarters: list[tuple[int, int, int]] = field(default_factory=list)


def events(clients: int, days: int, seed: int) -> Iterator[dict[str, object]]:
    """The year in order of time: visits with a cart and an order, some of them moved or cancelled."""
    chance = Random(seed)
    for day in range(days):
        midnight = START + timedelta(days=day)
        told = [
            event
            for client in range(clients)
            if chance.random() < VISITS_A_YEAR / 365
            for event in _visit(chance, client, midnight)
        ]
        yield from sorted(told, key=itemgetter("time"))


def _visit(chance: Random, client: int, midnight: datetime) -> Iterator[dict[str, object]]:
    """One evening's doings of one client: she fills a cart, orders, and books a visit for some days later."""
    name = f"{client}-{midnight:%j}"
    now = midnight + timedelta(minutes=chance.randrange(13 * 60, 22 * 60))
    start = midnight + timedelta(days=chance.randrange(3, 12), hours=chance.randrange(14, 22))
    items = [{"name": goods, "quantity": chance.randrange(1, 5)} for goods in chance.sample(_GOODS, 3)]

    def event(type_: str, minutes: int, data: Mapping[str, object]) -> dict[str, object]:
        when = now + timedelta(minutes=minutes)
        actor = {"kind": "client", "id": f"c{client}"}
        return {
            "id": f"{type_}-{name}-{minutes}",
            "type": type_,
            "tenant": TENANT,
            "subject": f"c{client}",
            "time": rfc3339(when),
            "actor": actor,
            "data": data,
        }

    for number in range(chance.randrange(1, 4)):
        yield event("cart.changed", number, {"cart_id": f"k{name}", "items": items[: number + 1]})
    if chance.random() < 0.1:
        return  # the cart is abandoned
    yield event("cart.checked_out", 10, {"cart_id": f"k{name}"})
    yield event("order.completed", 10, {"order_id": f"o{name}", "items": items})
    appointment = {"appointment_id": f"a{name}", "starts_at": rfc3339(start), "made_by": "client"}
    yield event("appointment.scheduled", 11, appointment)
    fate = chance.random()
    if fate < 0.12:
        moved = {"appointment_id": f"a{name}", "starts_at": rfc3339(start + timedelta(hours=26))}
        yield event("appointment.rescheduled", 30, moved)
    elif fate < 0.17:
        yield event("appointment.cancelled", 30, {"appointment_id": f"a{name}"})
    if chance.random() < 0.1:
        yield event("order.edited", 40, {"order_id": f"o{name}", "items": items[:2]})


def rehearse(clients: int, days: int, seed: int) -> Figures:
    """Run the year; all figures but memory are of the run alone, without making the contacts."""
    runner = MemoryRunner((*TOPOLOGY, provider_stage({})))
    figures = Figures(runner=runner)
    for topic in TOPICS:
        runner.listen(topic.name, _counting(figures.records, topic.name))
    _prepare(runner, clients)
    figures.records.clear()
    began, burnt = time.perf_counter(), time.process_time()
    quarter = max(days // 4, 1)
    mark = START + timedelta(days=quarter)
    for event in _read(events(clients, days, seed)):
        while event.time >= mark:
            figures.quarters.append((figures.events, runner.open_timers(), peak_mebibytes()))
            mark += timedelta(days=quarter)
        _advance(runner, event.time)
        runner.publish(event, event.time)
        figures.events += 1
    _advance(runner, START + timedelta(days=days + 30))
    figures.wall_seconds, figures.cpu_seconds = time.perf_counter() - began, time.process_time() - burnt
    figures.quarters.append((figures.events, runner.open_timers(), peak_mebibytes()))
    return figures


def _read(documents: Iterator[dict[str, object]]) -> Iterator[Event]:
    """Some ahead, as whoever reads a file or a topic does: one by one, between all that follows from each, takes twice
    as long.
    """
    while ahead := [event_from_mapping(document) for document in islice(documents, READ_AHEAD)]:
        yield from ahead


def _advance(runner: MemoryRunner, to: datetime) -> None:
    """What is due at the very instant of an event waits for the event."""
    while (due := runner.next_due()) is not None and due < to:
        runner.tick(due)


def _prepare(runner: MemoryRunner, clients: int) -> None:
    now = START - timedelta(days=1)
    made = {"source": "/before", "tenant": TENANT, "time": rfc3339(now)}
    settings = {**made, "id": "settings", "type": "settings.changed", "data": _SETTINGS}
    runner.publish(event_from_mapping(settings), now)
    for client in range(clients):
        contact = {
            "name": f"Client {client}",
            "email": f"c{client}@clients.example",
            "phones": [{"number": f"+1202555{client:04d}", "type": "mobile", "primary": True}],
        }
        document = {**made, "id": f"c{client}", "type": "contact.changed", "subject": f"c{client}", "data": contact}
        runner.publish(event_from_mapping(document), now)


def _counting(counter: Counter[str], topic: str) -> Any:
    def count(_record: Record) -> None:
        counter[topic] += 1

    return count


def peak_mebibytes() -> int:
    """The largest this process has been."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_048_576


def main() -> None:
    """Say the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.year", description=__doc__)
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", metavar="FILE", help="write a profile for pstats")
    chosen = parser.parse_args()
    collect_rarely()
    profile = cProfile.Profile() if chosen.profile else None
    if profile:
        profile.enable()
    figures = rehearse(chosen.clients, chosen.days, chosen.seed)
    if profile:
        profile.disable()
        profile.dump_stats(chosen.profile)
    print(f"{figures.events:,} events in {figures.wall_seconds:.1f} s, {figures.cpu_seconds:.1f} s of one core")
    print(f"{figures.events / figures.cpu_seconds:,.0f} events a second of core")
    for topic, count in sorted(figures.records.items()):
        print(f"  {count:9,} {topic}")
    for number, (seen, timers, mebibytes) in enumerate(figures.quarters, start=1):
        print(f"quarter {number}: {seen:,} events so far, {timers:,} open timers, {mebibytes} MiB at most")


if __name__ == "__main__":
    main()
