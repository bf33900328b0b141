"""The job that all engines do: join a tenant's settings, take each change once, say what follows; README.md tells it.

Two forms of it. `change` reads and writes framed Avro records, as peers can, too. `event` reads and writes an event in
CloudEvents' binary mode, whose attributes are headers, as decide does.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.broker import Entry
from processors.effects import Effect, Forward, Function, Put, Record, Table, Tables
from processors.timers import arm, fire_due
from schemas import wire
from schemas.clock import from_millis, to_millis
from schemas.consent import Consent, ConsentChange
from schemas.envelope import Actor, Event
from schemas.state import Alarm, Seen, TenantSettings
from schemas.topics import AUDIENCE, CONSENT_CHANGES, CONSENTS, EVENTS, SETTINGS, TICKS
from schemas.wire import event_from_mapping
from schemas.words import ActorKind
from streams.stage import Stage

TENANTS = 100
SWITCHED_OFF_EVERY = 20
"""One tenant in twenty wants nothing; its changes end at the join."""
REPEATED_EVERY = 20
"""One record in twenty is one that came before, as at-least-once sources send it."""
_REPEATED_AFTER = 10
_PEOPLE = 20_000
_TIMER_LEADS = (timedelta(days=1), timedelta(days=7))

SEEN = Table(name="seen", holds=Seen)
ALARMS = Table(name="alarms", holds=Alarm)


def tenant_name(number: int) -> str:
    """The name of a tenant."""
    return f"tenant{number % TENANTS:03d}"


def wants(tenant: str) -> bool:
    """What the settings of a tenant say."""
    return int(tenant.removeprefix("tenant")) % SWITCHED_OFF_EVERY != 0


def settings_entries() -> Iterator[Entry]:
    """The settings of all tenants, for the topic that is joined."""
    for number in range(TENANTS):
        tenant = tenant_name(number)
        row = TenantSettings(
            tenant=tenant,
            version=1,
            document={"enabled": wants(tenant)},
            changed_at=datetime(2026, 6, 1, tzinfo=UTC),
            event_id=f"settings-{tenant}",
        )
        yield _entry(tenant, row)


def changes(count: int) -> Iterator[ConsentChange]:
    """The changes of the job, repeats among them."""
    for place in range(count):
        number = place - _REPEATED_AFTER if _is_repeat(place) else place
        yield ConsentChange(
            tenant=tenant_name(number),
            address=f"client{number * 7 % _PEOPLE:05d}@example.org",
            event_id=f"change-{number:08d}",
            opted_out=("newsletter", "surveys") if number % 2 else ("all",),
        )


def change_entries(count: int) -> Iterator[Entry]:
    """The changes as they stand on the topic."""
    return (_entry(change.key, change) for change in changes(count))


def expected(count: int) -> list[tuple[bytes, bytes]]:
    """Keys and values that every engine has to write for these changes, each once."""
    seen: set[str] = set()
    answers = []
    for change in changes(count):
        if wants(change.tenant) and change.event_id not in seen:
            seen.add(change.event_id)
            answers.append((change.key.encode(), wire.encode(_answer(change)).value))
    return answers


def event_entries(count: int) -> Iterator[Entry]:
    """The same as events with their envelope: an order each."""
    for place in range(count):
        number = place - _REPEATED_AFTER if _is_repeat(place) else place
        event = order_event(number, tenant_name(number), f"c{number * 7 % _PEOPLE}")
        yield _entry(event.key, event)


def order_event(number: int, tenant: str, subject: str) -> Event:
    """A completed order of two items."""
    return event_from_mapping(
        {
            "id": f"order-{number:08d}",
            "type": "order.completed",
            "tenant": tenant,
            "subject": subject,
            "time": "2026-06-01T14:00:00Z",
            "actor": {"kind": ActorKind.CLIENT.value, "id": subject},
            "data": {
                "order_id": f"o{number}",
                "items": [{"name": "Rice", "quantity": 2}, {"name": "Beans", "quantity": 1}],
            },
        }
    )


def stage(form: str, timers: int, name: str) -> Stage:
    """The job as a stage of ours; its name makes its group and its changelog."""
    function = {"change": _on_change, "event": _on_event}[form](timers)
    source = {"change": CONSENT_CHANGES, "event": EVENTS}[form]
    return Stage(name=name, reads={source.name: function}, tables=(SEEN, ALARMS), shared=(SETTINGS.name,))


def alarm_clock(name: str) -> Stage:
    """A stage that is told by a change when to ring (milliseconds in its `event_id`) and rings at a tick."""

    def on_change(record: Record, tables: Tables) -> Iterator[Effect]:
        change = record.value
        assert isinstance(change, ConsentChange)
        yield arm(ALARMS, from_millis(int(change.event_id)), change.address)

    def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
        yield from fire_due(ALARMS, tables, record.now, ring)

    def ring(row: str) -> Iterator[Effect]:
        tenant = tenant_name(0)
        yield Forward(topic=CONSENTS.name, key=f"{tenant}|{row}", value=Consent(tenant=tenant, address=row))

    return Stage(
        name=name,
        reads={CONSENT_CHANGES.name: on_change, TICKS.name: on_tick},
        tables=(SEEN, ALARMS),
        shared=(SETTINGS.name,),
        timers=ALARMS,
    )


def alarm_entry(number: int, due: datetime) -> Entry:
    """The change that sets one alarm."""
    address = f"alarm-{to_millis(due)}-{number}"
    change = ConsentChange(tenant=tenant_name(0), address=address, event_id=str(to_millis(due)))
    return _entry(change.key, change)


def _on_change(timers: int) -> Function:
    def on_change(record: Record, tables: Tables) -> Iterator[Effect]:
        change = record.value
        assert isinstance(change, ConsentChange)
        if _takes(change.tenant, tables) and tables.get(SEEN, change.event_id) is None:
            yield from _marks(change.event_id, record, timers)
            yield Forward(topic=CONSENTS.name, key=change.key, value=_answer(change))

    return on_change


def _on_event(timers: int) -> Function:
    def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
        event = record.value
        assert isinstance(event, Event)
        if _takes(event.tenant, tables) and tables.get(SEEN, event.id) is None:
            yield from _marks(event.id, record, timers)
            yield Forward(topic=AUDIENCE.name, key=event.key, value=event)

    return on_event


def _takes(tenant: str, tables: Tables) -> bool:
    row = tables.shared(SETTINGS.name, tenant)
    return isinstance(row, TenantSettings) and bool(row.document["enabled"])


def _marks(event_id: str, record: Record, timers: int) -> Iterator[Effect]:
    yield Put(table=SEEN, key=event_id, value=Seen(at=record.now))
    for lead in _TIMER_LEADS[:timers]:
        yield arm(ALARMS, record.now + lead, event_id)


def _answer(change: ConsentChange) -> Consent:
    return Consent(tenant=change.tenant, address=change.address, opted_out=change.opted_out or ())


def _is_repeat(place: int) -> bool:
    return place % REPEATED_EVERY == REPEATED_EVERY - 1


def _entry(key: str, record: object) -> Entry:
    encoded = wire.encode(record)
    return key.encode(), encoded.value, encoded.headers


def latency_event(number: int) -> Event:
    """One event of its own, for the latency of a quiet stage."""
    event = order_event(number, tenant_name(1 + number % 10), f"c{number}")
    assert isinstance(event.actor, Actor)
    return event
