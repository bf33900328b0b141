"""A day of two pantries as data: Riverside sends confirmations and reminders, Hilltop has switched them off."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from schemas.clock import rfc3339
from tidings.demo.happening import MAILED, Awaited, Day, Happening

REMIND_SECONDS = (20, 35, 50)
"""So long after the day's beginning the reminders fall due."""

_RIVERSIDE: Mapping[str, object] = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "locale": "en-US",
    "country": "US",
    "channels": {"email": {"requested": True}},
    "senders": {"email": "Riverside Pantry <hello@riverside.example>"},
    "staff": [
        {"id": "sam", "name": "Sam Root", "email": "sam@riverside.example", "roles": ["storefront_notification"]},
        {"id": "kim", "name": "Kim Dale", "email": "kim@riverside.example", "roles": ["admin"]},
    ],
    "kinds": {
        "order_confirmation": {"content": "Thank you for your order. Your bags will be ready at the door."},
        "order_notification": {"content": "An order is waiting to be packed."},
        "appointment_reminder": {"email_hours_before": 24},
    },
}
_HILLTOP: Mapping[str, object] = {
    "name": "Hilltop Food Shelf",
    "timezone": "America/Chicago",
    "locale": "en-US",
    "country": "US",
    "channels": {"email": {"requested": True}},
    "senders": {"email": "Hilltop Food Shelf <desk@hilltop.example>"},
    "staff": [{"id": "joy", "name": "Joy Ode", "email": "joy@hilltop.example", "roles": ["storefront_notification"]}],
    "kinds": {"order_confirmation": {"send_confirmation_email": False}},
}
_CLIENTS = {
    "riverside": {
        "ann": "Ann Lee",
        "bo": "Bo Chen",
        "carla": "Carla Díaz",
        "dev": "Dev Patel",
        "ema": "Ema Novák",
        "femi": "Femi Ade",
        "gus": "Gus Holm",
        "hana": "Hana Sato",
    },
    "hilltop": {"ian": "Ian Ross", "jo": "Jo Park", "kai": "Kai Moe", "lea": "Léa Roy"},
}
_WITHOUT_EMAIL = "ema"
_OPTED_OUT = "dev"


def day(now: datetime, run: str) -> Day:
    """The events of a day that begins now; `run` keeps the ids of one demo apart from those of the next."""
    maker = _Maker(now, run)
    return Day(
        tenants=_tenants(maker),
        clients=(*_contacts(maker), _opt_out(maker)),
        happenings=(*_orders(maker), *_appointments(maker), *_oddities(maker)),
        opted_out_address=_address("riverside", _OPTED_OUT),
    )


class _Maker:
    """Makes events with the ids and the time of one run."""

    def __init__(self, now: datetime, run: str) -> None:
        self.now = now
        self.run = run

    def event(
        self, tenant: str, type_: str, name: str, subject: str, data: Mapping[str, object], *, by: str = "client"
    ) -> dict[str, object]:
        made: dict[str, object] = {
            "specversion": "1.0",
            "id": f"{name}-{self.run}",
            "source": "/demo",
            "type": type_,
            "time": rfc3339(self.now),
            "tenant": tenant,
            "actor": {"kind": by, "id": subject} if by == "client" else {"kind": by},
            "data": data,
        }
        return made | ({"subject": subject} if subject else {})


def _tenants(maker: _Maker) -> tuple[Happening, ...]:
    settings = {"riverside": _RIVERSIDE, "hilltop": _HILLTOP}
    return tuple(
        Happening(
            told=f"{document['name']} is set up",
            event=maker.event(tenant, "settings.changed", f"settings-{tenant}", "", document, by="system"),
        )
        for tenant, document in settings.items()
    )


def _contacts(maker: _Maker) -> tuple[Happening, ...]:
    made = []
    for tenant, clients in _CLIENTS.items():
        for id_, name in clients.items():
            contact: dict[str, object] = {"name": name, "first_name": name.split()[0]}
            if id_ != _WITHOUT_EMAIL:
                contact["email"] = _address(tenant, id_)
            event = maker.event(tenant, "contact.changed", f"contact-{id_}", id_, contact, by="system")
            made.append(Happening(told=f"{name} is a client", event=event))
    return tuple(made)


def _opt_out(maker: _Maker) -> Happening:
    data = {"address": _address("riverside", _OPTED_OUT), "opted_out": ["all"]}
    event = maker.event("riverside", "consent.changed", "consent-dev", _OPTED_OUT, data)
    return Happening(told="Dev Patel opts out of everything", event=event)


def _orders(maker: _Maker) -> tuple[Happening, ...]:
    bos = _order(maker, "riverside", "bo", "Bo Chen orders", {"Oat milk": 2, "Lentils": 3}, _mailed("bo"))
    return (
        _order(maker, "riverside", "ann", "Ann Lee orders", {"Rice": 2, "Black beans": 4}, _mailed("ann")),
        _order(maker, "riverside", "ann", "Ann Lee edits her order", {"Rice": 1}, _mailed("ann"), type_="order.edited"),
        bos,
        Happening(told="Bo Chen's order arrives a second time", event=bos.event),
        _order(maker, "riverside", "gus", "Gus Holm orders", {"Apples": 6, "Bread": 1}, _mailed("gus")),
        _order(
            maker,
            "riverside",
            _OPTED_OUT,
            "Dev Patel, who opted out, orders",
            {"Tea": 1},
            (Awaited(kind="order_confirmation", who=_OPTED_OUT, word="opted_out:all"), _STAFF),
        ),
        _order(
            maker,
            "riverside",
            _WITHOUT_EMAIL,
            "Ema Novák, who has no email, orders",
            {"Flour": 1},
            (Awaited(kind="order_confirmation", who=_WITHOUT_EMAIL, word="no_address:email"), _STAFF),
        ),
        *(_hilltop_order(maker, client) for client in ("ian", "jo")),
    )


_STAFF = Awaited(kind="order_notification", who="sam", word=MAILED)


def _mailed(client: str) -> tuple[Awaited, ...]:
    return (Awaited(kind="order_confirmation", who=client, word=MAILED), _STAFF)


def _hilltop_order(maker: _Maker, client: str) -> Happening:
    name = _CLIENTS["hilltop"][client]
    return _order(
        maker,
        "hilltop",
        client,
        f"{name} orders at Hilltop",
        {"Potatoes": 5},
        (
            Awaited(kind="order_confirmation", who=client, word="setting_off:send_confirmation_email"),
            Awaited(kind="order_notification", who="joy", word=MAILED),
        ),
    )


def _order(
    maker: _Maker,
    tenant: str,
    client: str,
    told: str,
    items: Mapping[str, int],
    awaits: tuple[Awaited, ...],
    type_: str = "order.completed",
) -> Happening:
    data = {
        "order_id": f"order-{client}-{maker.run}",
        "items": [{"name": name, "quantity": quantity} for name, quantity in items.items()],
    }
    event = maker.event(tenant, type_, f"{type_.removeprefix('order.')}-{client}", client, data)
    return Happening(told=told, event=event, awaits=awaits)


def _appointments(maker: _Maker) -> tuple[Happening, ...]:
    reminded = ("carla", "femi", "hana")
    made = [
        _appointment(maker, client, seconds, MAILED, "books for tomorrow")
        for client, seconds in zip(reminded, REMIND_SECONDS, strict=True)
    ]
    cancelled = _appointment(maker, "bo", 600, "cancelled_by_event", "books too")
    cancellation = maker.event(
        "riverside", "appointment.cancelled", "cancelled-bo", "bo", {"appointment_id": f"visit-bo-{maker.run}"}
    )
    return (*made, cancelled, Happening(told="Bo Chen cancels", event=cancellation))


def _appointment(maker: _Maker, client: str, due_seconds: int, word: str, does: str) -> Happening:
    starts_at = maker.now + timedelta(hours=24, seconds=due_seconds)
    data = {
        "appointment_id": f"visit-{client}-{maker.run}",
        "starts_at": rfc3339(starts_at.replace(microsecond=0)),
        "timezone": "America/New_York",
        "made_by": "client",
        "location": "Riverside Hall",
    }
    return Happening(
        told=f"{_CLIENTS['riverside'][client]} {does}",
        event=maker.event("riverside", "appointment.scheduled", f"visit-{client}", client, data),
        awaits=(Awaited(kind="appointment_reminder", who=client, word=word),),
    )


def _oddities(maker: _Maker) -> tuple[Happening, ...]:
    unknown = maker.event("riverside", "bag.returned", "bag", "gus", {"bags": 2})
    broken = maker.event("riverside", "order.completed", "broken", "femi", {"order_id": "o-9", "items": "rice"})
    return (
        Happening(
            told="Gus Holm returns a bag, which no rule answers",
            event=unknown,
            awaits=(Awaited(kind=None, who="", word="no_rule_matched"),),
        ),
        Happening(told="An order arrives broken", event=broken, is_broken=True),
    )


def _address(tenant: str, client: str) -> str:
    return f"{client}@{tenant}-clients.example"
