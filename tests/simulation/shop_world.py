"""World four: what people may get and tenants can pay, counted by the product's own topology in any weather.

Texts have to be paid ahead, marketing has caps, nights are quiet. Whatever is outside answers as rehearsed ones do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from schemas.clock import from_millis
from schemas.topics import CONSENTS
from streams.stage import Stage
from streams.topology import TOPOLOGY
from tests.simulation.house_world import REST_SECONDS, HouseWorld
from tests.simulation.loop import now, rest
from tests.simulation.shop_laws import shop_laws
from tests.simulation.storm import Storm, odds_of
from tests.simulation.worker import Parts
from tests.unit.processors.world import PANTRY
from tidings.rehearsal.providers import provider_stage

QUANTITY = 500
"""The fewest credits that a tenant may buy; texts that are long enough use them up."""
_PARTS = (1, 100, 250)
_SEPTETS_PER_PART = 153
_PEOPLE: Mapping[str, str] = {"c1": "America/New_York", "c2": "Asia/Tokyo"}
_DAY_MS = 86_400_000
_NOBODYS_NIGHT_MS = (23 * 60 + 5) * 60_000
"""A time of day in UTC at which it is night in none of these zones."""
_ZONES = ("America/New_York", "Pacific/Honolulu", "Asia/Tokyo")
_OFFER: Mapping[str, Any] = {"on": ["offer.made"], "to": ["contact"], "class": "marketing"}
_RULES: Sequence[Mapping[str, Any]] = (
    {**_OFFER, "id": "text", "channel": "short_code", "text": "{{ body }}"},
    {**_OFFER, "id": "mail", "channel": "email", "subject": "An offer", "text": "Rice"},
    {"id": "note", "on": ["note.made"], "to": ["contact"], "channel": "sms", "text": "{{ body }}"},
)
_SETTINGS: Mapping[str, Any] = {
    **PANTRY,
    "currency": "USD",
    "senders": {**PANTRY["senders"], "short_code": "12345"},
    "channels": {**PANTRY["channels"], "short_code": {"requested": True}},
    "kinds": {"appointment_reminder": {"sms_hours_before": 24}},
    "quiet_hours": {"start": "21:00", "end": "08:00", "channels": ["sms", "short_code"]},
    "max_segments": max(_PARTS),
    "billing": {"sms": {"model": "per_segment", "price": "0.02", "prepaid": True}},
    "rules": _RULES,
}
_ANSWERS = {
    "c1@example.org": ("delivered", "failed:400") * 9,
    "+12025550101": ("failed:400", "delivered", "delivered") * 9,
}

STAGES: Sequence[Stage] = (*TOPOLOGY, provider_stage(_ANSWERS))


@dataclass(kw_only=True, eq=False)
class ShopWorld(HouseWorld):
    """One run from one seed; `broken` are the laws that did not hold."""

    stages: Sequence[Stage] = STAGES

    @property
    def shared(self) -> dict[str, dict[str, object]]:
        """Providers look at no consents here: those of dispatch are looked at, and change while a replay does not."""
        return {**super().shared, CONSENTS.name: {}}

    def _add_machines(self, number: int) -> None:
        self._add_worker(f"w{number}")

    async def _settle_in(self) -> None:
        self.caps = {"marketing": {"per_day": self.storm.rng.choice((1, 2)), "per_week": 3}}
        self._happens("settings.changed", "", {**_SETTINGS, "caps": self.caps})
        await rest(1.0)
        for number, (subject, timezone) in enumerate(_PEOPLE.items(), 1):
            phones = [{"number": f"+1202555010{number}", "type": "mobile", "primary": True}]
            person = {"email": f"{subject}@example.org", "phones": phones, "timezone": timezone}
            self._happens("contact.changed", subject, person)
        await rest(1.0)

    async def _script(self, rng: Random) -> None:
        pause_seconds = rng.choice((0.05, 0.3, 1.0))
        for _ in range(rng.choice((6, 10, 14))):
            await rest(rng.random() * pause_seconds)
            self._something_happens(rng, rng.choice(tuple(_PEOPLE)))
            self.broker.now_ms += rng.choice((1_000, 1_000, 3_600_000, 20_000_000))
            if rng.random() < 0.5:
                self._tick()

    def _something_happens(self, rng: Random, subject: str) -> None:
        appointment = {"appointment_id": rng.choice(("a1", "a2"))}
        match rng.randint(0, 11):
            case 0:
                self._happens("contact.changed", subject, {"sms_alerts": rng.choice(("No SMS", "SMS OK"))})
            case 1:
                self._happens("contact.changed", subject, {"timezone": rng.choice(_ZONES)})
            case 2:
                starts_at = from_millis(self.broker.now_ms) + timedelta(hours=rng.randint(25, 60))
                when = {"starts_at": starts_at.isoformat(), "made_by": "staff"}
                self._happens("appointment.scheduled", subject, {**appointment, **when})
            case 3:
                self._happens("appointment.cancelled", subject, appointment)
            case 4:
                self._buy()
            case 5 | 6 | 7:
                self._happens("note.made", subject, {"body": _words(rng)})
            case _:
                self._happens("offer.made", subject, {"body": _words(rng)})

    def _buy(self) -> None:
        self._happens("credits.purchased", "", {"channel": "sms", "quantity": QUANTITY, "paid_by": "card"})

    async def _come_to_rest(self) -> None:
        """In the end there are credits for everything, and mornings at which it may leave."""
        for _ in range(20):
            self._buy()
        for _ in range(4):
            await rest(2.0)
            self.broker.now_ms += 12 * 3_600_000
            self._tick()
        deadline = now() + REST_SECONDS
        while self._left() and now() < deadline:
            await rest(0.5)
        # What came to dispatch after the last of these mornings needs another one.
        self.broker.now_ms += (_NOBODYS_NIGHT_MS - self.broker.now_ms) % _DAY_MS
        self._tick()
        await super()._come_to_rest()

    def _left(self) -> str:
        return self._unread((group, tuple(stage.reads)) for stage, group in zip(self.stages, self.groups, strict=True))

    def _laws(self) -> Iterator[str]:
        yield from self._stage_laws()
        bought = {event.id for _, event in self.put_in if event is not None and event.type == "credits.purchased"}
        yield from shop_laws(self.broker, self.stages, self.shared, self.caps, sold=QUANTITY * len(bought))


def _words(rng: Random) -> str:
    """A text of so many parts."""
    return "x" * (rng.choice(_PARTS) * _SEPTETS_PER_PART)


def shop_world(
    seed: int, *, is_traced: bool = False, parts: Parts | None = None, stages: Sequence[Stage] = STAGES
) -> ShopWorld:
    """The world of one seed, not yet run."""
    rng = Random(seed)
    storm = Storm(rng=rng, odds=odds_of(rng), is_traced=is_traced)
    return ShopWorld(storm=storm, parts=parts or Parts(), stages=stages)
