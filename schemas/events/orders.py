"""Events about carts and orders."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.events.free import EventRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(EventRecord):
    """One line of a cart or an order."""

    name: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart(EventRecord):
    """Any activity on a cart, its checkout or its expiry."""

    cart_id: str
    items: tuple[Item, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(EventRecord):
    """A client's order was completed or edited; the actor tells client from staff."""

    order_id: str
    items: tuple[Item, ...]
    pickup_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOrder(EventRecord):
    """A call centre's order was placed or deleted."""

    order_id: str
    project: str
    customer: Mapping[str, object] | None = None
    order: Mapping[str, object] | None = None


RECORDS: dict[str, type[EventRecord]] = {
    "cart.changed": Cart,
    "cart.checked_out": Cart,
    "cart.expired": Cart,
    "order.completed": Order,
    "order.edited": Order,
    "order.placed": ProjectOrder,
    "order.deleted": ProjectOrder,
}
