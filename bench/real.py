"""The real stages on real events, for honesty: decide plans, dispatch renders; more than the job of the contest."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench import worker
from bench.broker import Broker, Entry, running_broker
from bench.figures import Sample
from bench.job import order_event
from bench.processes import Running, launch_until_ready
from bench.scale import Scale
from bench.stretch import measure
from bench.waiting import until
from schemas import wire
from schemas.envelope import Event
from schemas.wire import event_from_mapping
from streams import topics_admin

Say = Callable[[str], None]

PREFIX = "real."
TENANT = "pantry"
_CONTACTS = 2_000
_PATIENCE_SECONDS = 30.0
_SETTINGS = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "locale": "en-US",
    "country": "US",
    "senders": {"email": "Riverside <hello@pantry.example>", "sms": "+12025550111"},
    "channels": {"email": {"requested": True}, "sms": {"requested": True, "paid": True}},
    "kinds": {
        "order_confirmation": {"send_confirmation_email": True},
        "appointment_reminder": {"sms_hours_before": 24, "email_hours_before": 48},
    },
}


@dataclass(slots=True, kw_only=True)
class Work:
    """One kind of work for one stage, with a sample per round."""

    name: str
    stage: str
    topic: str
    samples: list[Sample] = field(default_factory=list)


async def run(scale: Scale, say: Say) -> list[Work]:
    """All rounds, with a broker of their own."""
    orders = Work(name="decide, order.completed: 1 message", stage="decide", topic="events")
    appointments = Work(name="decide, appointment.scheduled: 2 plans", stage="decide", topic="events")
    messages = Work(name="dispatch, an email rendered", stage="dispatch", topic="messages")
    async with running_broker() as broker:
        await topics_admin.apply(worker.installation(broker.servers, PREFIX, broker.home, "real"))
        await _prepare(broker)
        for turn in range(scale.rounds):
            for work, making in ((orders, _orders), (appointments, _appointments), (messages, None)):
                if making is not None:
                    await broker.feed(PREFIX + work.topic, making(turn, scale.real_events))
                sample = await _one(work, broker, scale)
                work.samples.append(sample)
                say(f"round {turn + 1} {work.name}: {sample.cpu_micros:.1f} µs")
        shutil.rmtree(broker.home / "real", ignore_errors=True)
    return [orders, appointments, messages]


async def _one(work: Work, broker: Broker, scale: Scale) -> Sample:
    group, topic = f"{PREFIX}tidings-{work.stage}", PREFIX + work.topic
    before = await broker.committed(group, topic)
    running = _start(work.stage, broker)

    async def done() -> int:
        return await broker.committed(group, topic) - before

    try:
        return await measure(
            running,
            broker,
            done,
            target=await broker.count(topic) - before,
            events_per_output=1.0,
            window_seconds=2 * scale.window_seconds,
        )
    finally:
        running.stop()


def _start(stage: str, broker: Broker) -> Running:
    home = broker.home / "real"
    home.mkdir(parents=True, exist_ok=True)
    command = worker.command(f"real:{stage}", broker.servers, home, f"real-{stage}", prefix=PREFIX)
    return launch_until_ready(command, home / f"{stage}.log", timeout_seconds=60)


async def _prepare(broker: Broker) -> None:
    """One tenant and its contacts, as decide takes them."""
    running = _start("decide", broker)

    async def settings_stand() -> bool:
        running.require_alive()
        return await broker.count(PREFIX + "settings") >= 1

    async def all_taken() -> bool:
        running.require_alive()
        return await broker.committed(f"{PREFIX}tidings-decide", PREFIX + "events") > _CONTACTS

    try:
        await broker.feed(PREFIX + "events", [_entry(_event("settings", "settings.changed", "", _SETTINGS))])
        await until(settings_stand, limit_seconds=_PATIENCE_SECONDS)
        await broker.feed(PREFIX + "events", _contacts())
        await until(all_taken, limit_seconds=_PATIENCE_SECONDS)
    finally:
        running.stop()


def _contacts() -> Iterator[Entry]:
    for number in range(_CONTACTS):
        contact = {
            "name": f"Ann Lee {number}",
            "email": f"ann{number}@example.org",
            "phones": [{"number": f"+1202555{number:04d}", "type": "mobile", "primary": True}],
        }
        yield _entry(_event(f"contact-{number}", "contact.changed", f"c{number}", contact))


def _orders(turn: int, count: int) -> Iterator[Entry]:
    for number in range(count):
        yield _entry(order_event(turn * count + number, TENANT, f"c{number % _CONTACTS}"))


def _appointments(turn: int, count: int) -> Iterator[Entry]:
    starts_at = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    for number in range(count):
        name = f"appointment-{turn}-{number}"
        made = {"appointment_id": name, "starts_at": starts_at, "made_by": "staff"}
        yield _entry(_event(name, "appointment.scheduled", f"c{number % _CONTACTS}", made))


def _event(event_id: str, event_type: str, subject: str, data: object) -> Event:
    attributes = {"id": event_id, "type": event_type, "tenant": TENANT, "time": "2026-06-01T14:00:00Z", "data": data}
    return event_from_mapping({**attributes, "subject": subject} if subject else attributes)


def _entry(event: Event) -> Entry:
    encoded = wire.encode(event)
    return event.key.encode(), encoded.value, encoded.headers
