"""What deciding asks its tables for: on Kafka a row costs a read of the store and its decoding, a range even more."""

from collections.abc import Mapping
from typing import Any, TypeVar

from processors.decide.stage import on_event
from processors.decide.tables import CONTACTS, EMISSIONS, PLANS, TENANTS
from processors.effects import Delete, Put, Record, Table
from schemas.contact import Contact
from schemas.state import TenantSettings
from schemas.topics import EVENTS
from schemas.wire import event_from_mapping
from tests.unit.processors.world import APPOINTMENT, MONDAY, ORDER, PANTRY

T = TypeVar("T")


class Shelf:
    """Tables that note what they are asked for."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {
            CONTACTS.name: {"pantry\0c1": Contact(id="c1", email="ann@example.org")}
        }
        self.read: list[str] = []
        self.scanned: list[str] = []

    def get(self, table: Table[T], key: str) -> T | None:
        """One row."""
        self.read.append(table.name)
        return self.rows.get(table.name, {}).get(key)

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Rows in order."""
        self.scanned.append(table.name)
        rows = self.rows.get(table.name, {})
        return [(key, rows[key]) for key in sorted(rows) if low <= key < high][:limit]

    def shared(self, _topic: str, tenant: str) -> object | None:
        """The settings that stand."""
        self.read.append("settings")
        return _SETTINGS if tenant == "pantry" else None

    def had_enough(self) -> bool:
        """Never."""
        return False


_SETTINGS = TenantSettings(tenant="pantry", version=1, document=PANTRY, changed_at=MONDAY, event_id="e0")


def happens(shelf: Shelf, event_type: str, data: Mapping[str, object]) -> None:
    """An event about the one contact."""
    shelf.read, shelf.scanned = [], []
    subject = "" if event_type == "settings.changed" else "c1"
    envelope = {
        "id": event_type,
        "tenant": "pantry",
        "type": event_type,
        "subject": subject,
        "time": MONDAY.isoformat(),
    }
    event = event_from_mapping({**envelope, "data": data})
    for effect in on_event(Record(EVENTS.name, event.key, event, MONDAY), shelf):
        if isinstance(effect, Put):
            shelf.rows.setdefault(effect.table.name, {})[effect.key] = effect.value
        elif isinstance(effect, Delete):
            shelf.rows.get(effect.table.name, {}).pop(effect.key, None)


def test_a_contact_is_read_once_however_many_kinds_ask() -> None:
    shelf = Shelf()
    happens(shelf, "order.completed", ORDER)
    assert shelf.read.count(CONTACTS.name) == 1


def test_who_gets_a_reminder_is_read_when_it_is_due() -> None:
    shelf = Shelf()
    happens(shelf, "appointment.scheduled", APPOINTMENT)
    assert len(shelf.rows[PLANS.name]) == 2
    assert CONTACTS.name not in shelf.read


def test_only_a_thread_that_is_known_is_searched_for_plans() -> None:
    shelf = Shelf()
    happens(shelf, "appointment.scheduled", APPOINTMENT)
    assert shelf.scanned == []
    happens(shelf, "appointment.rescheduled", {"appointment_id": "a1", "starts_at": "2026-06-11T15:00:00-04:00"})
    assert shelf.scanned == [EMISSIONS.name, PLANS.name]


def test_settings_are_read_once_for_an_event_and_not_to_change_them() -> None:
    """Whatever is wrong with those that stand, it must be possible to put others in their place."""
    shelf = Shelf()
    happens(shelf, "order.completed", ORDER)
    assert shelf.read.count("settings") == 1
    happens(shelf, "settings.changed", PANTRY)
    assert list(shelf.rows[TENANTS.name]) == ["pantry"]
    assert "settings" not in shelf.read
