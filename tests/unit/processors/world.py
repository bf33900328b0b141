"""A pantry in memory: the real topology without gateways, and words to let things happen in it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from schemas.candidate import Withdrawal
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.topics import COMMANDS, STATUSES, command_topic
from schemas.wire import event_from_mapping
from schemas.words import Channel, Lane, Status
from streams.topology import TOPOLOGY
from tidings.memory import MemoryRunner

R = TypeVar("R")

MONDAY = datetime(2026, 6, 1, 14, tzinfo=UTC)
"""10:00 in New York."""

PANTRY: Mapping[str, Any] = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "senders": {"email": "Riverside <hello@pantry.example>", "sms": "+12025550111"},
    "channels": {"email": {"requested": True}, "sms": {"requested": True, "paid": True}},
    "staff": [{"id": "s1", "name": "Sam Root", "email": "sam@pantry.example", "roles": ["storefront_notification"]}],
    "kinds": {"appointment_reminder": {"sms_hours_before": 24, "email_hours_before": 48}},
}
ANN: Mapping[str, Any] = {
    "name": "Ann Lee",
    "email": "ann@example.org",
    "phones": [{"number": "+12025550101", "type": "mobile", "primary": True}],
}
ORDER: Mapping[str, Any] = {"order_id": "o1", "items": [{"name": "Rice", "quantity": 2}]}
APPOINTMENT: Mapping[str, Any] = {
    "appointment_id": "a1",
    "starts_at": "2026-06-10T15:00:00-04:00",
    "made_by": "staff",
}


class World:
    """One run; every event gets an id of its own unless one is given."""

    def __init__(self, *, partitions: int = 4, settings: Mapping[str, Any] | None = None) -> None:
        self.now = MONDAY
        self.runner = MemoryRunner(TOPOLOGY, partitions=partitions, through_codec=True)
        self._watched = {
            topic: self.runner.watch(topic)
            for topic in ("decisions", "dead-letters", "billing.usage", "consents", *(topic.name for topic in COMMANDS))
        }
        self._events = 0
        if settings is not None:
            self.happens("settings.changed", data=settings)

    def happens(self, event_type: str, *, data: object = None, **attributes: Any) -> str:
        """Publish one event now; returns its id."""
        self._events += 1
        envelope = {"id": f"e{self._events}", "tenant": "pantry", "type": event_type, "time": self.now.isoformat()}
        event = event_from_mapping({**envelope, **attributes, "data": data})
        self.runner.publish(event, self.now)
        return event.id

    def ann(self, **changes: Any) -> None:
        """Ann becomes a client."""
        self.happens("contact.changed", subject="c1", data={**ANN, **changes})

    def runs_until(self, moment: datetime) -> None:
        """Move the clock, firing each timer at its hour."""
        while (due := self.runner.next_due()) is not None and due <= moment:
            self.now = max(self.now, due)
            self.runner.tick(self.now)
        self.now = moment

    def passes(self, **duration: float) -> None:
        """Let time pass."""
        self.runs_until(self.now + timedelta(**duration))

    def reports(self, message: Message, status: Status, **more: Any) -> None:
        """A gateway reports on a message."""
        report = DeliveryStatus(
            **{
                "message_id": message.message_id,
                "tenant": message.tenant,
                "kind": message.kind,
                "channel": message.channel,
                "to": message.to,
                "event_id": message.event_id,
                "category": message.category,
                "status": status,
                "attempt": 1,
                "at": self.now,
                "commanded_at": message.commanded_at,
                "contact": message.contact,
                "segments": message.segments,
                "charge": message.charge,
                "allowance": message.allowance,
                "settings_version": message.settings_version,
                **more,
            }
        )
        self.runner.send(STATUSES.name, report.key, report, self.now)

    def of(self, topic: str, record: type[R]) -> list[R]:
        """The records of one type that a topic has so far."""
        return [found.value for found in self._watched[topic] if isinstance(found.value, record)]

    @property
    def messages(self) -> list[Message]:
        """All delivery commands so far."""
        return [message for topic in COMMANDS for message in self.of(topic.name, Message)]

    @property
    def withdrawals(self) -> list[Withdrawal]:
        """All withdrawals that gateways were told of."""
        return [withdrawal for topic in COMMANDS for withdrawal in self.of(topic.name, Withdrawal)]

    def withdrawn_at(self, channel: Channel) -> list[Withdrawal]:
        """The withdrawals that one channel's gateway was told of."""
        topics = {command_topic(channel, lane) for lane in Lane}
        return [withdrawal for topic in topics for withdrawal in self.of(topic, Withdrawal)]

    @property
    def decisions(self) -> list[Decision]:
        """All decisions so far."""
        return self.of("decisions", Decision)

    @property
    def refused(self) -> list[DeadLetter]:
        """All dead letters so far."""
        return self.of("dead-letters", DeadLetter)

    def reasons(self, event_id: str, kind: str | None = None) -> list[tuple[str, str | None, str | None]]:
        """Outcome, channel and reason of each decision on an event (and a kind)."""
        on_event = [decision for decision in self.decisions if decision.event_id == event_id]
        return [(each.outcome, each.channel, each.reason) for each in on_event if kind in (None, each.kind)]
