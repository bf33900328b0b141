"""Abandoned carts: three mails and one event, on a clock that activity restarts and checking out stops."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Event
from tests.unit.processors.world import MONDAY, PANTRY, World

HOUR = timedelta(hours=1)
STAGES = {"cart_idle": HOUR, "cart_expiring": 24 * HOUR, "cart_expired": 48 * HOUR}
CART = {"idle": "PT1H", "warning": "PT24H", "expire": "PT48H"}
ITEMS = [{"name": "Rice", "quantity": 2}]


class Shop:
    """A pantry with carts, and what it publishes by itself."""

    def __init__(self, **kinds: Any) -> None:
        self.world = World(settings={**PANTRY, "kinds": {"cart": CART, **kinds}})
        self.world.ann()
        self._events = self.world.runner.watch("events")

    def cart(self, step: str, **more: Any) -> str:
        fields = {"cart_id": "k1", **more.pop("fields", {})}
        return self.world.happens(f"cart.{step}", subject="c1", data=fields, **more)

    @property
    def mails(self) -> list[tuple[datetime, str]]:
        return [(message.commanded_at, message.kind) for message in self.world.messages]

    @property
    def expiries(self) -> list[Event]:
        events = (record.value for record in self._events)
        return [event for event in events if isinstance(event, Event) and event.type == "cart.expired"]


def test_an_expired_cart_is_told_to_everybody_by_an_event() -> None:
    shop = Shop()
    shop.cart("changed", fields={"items": ITEMS})
    shop.cart("changed")
    shop.world.passes(days=3)
    [expired] = shop.expiries
    assert (expired.subject, expired.source, expired.time) == ("c1", "/tidings", MONDAY + 48 * HOUR)
    assert (expired.data.cart_id, expired.data.items[0].name) == ("k1", "Rice")  # type: ignore[attr-defined]
    assert shop.world.reasons(expired.id) == [("dropped", None, "no_rule_matched")]


def test_the_expiry_of_the_same_cart_is_the_same_event_for_ever() -> None:
    ids = []
    for _ in range(2):
        shop = Shop()
        shop.cart("changed", id="x1", source="/portal")
        shop.world.passes(days=3)
        ids += [event.id for event in shop.expiries]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("kinds", "mails", "expiries"),
    [
        ({"cart_expired": {"enabled": False}}, ["cart_idle", "cart_expiring"], 1),
        ({"cart": {**CART, "enabled": False}}, [], 0),
        ({"cart": {"idle": "PT1H"}}, ["cart_idle"], 0),
        ({"cart": {"expire": "PT48H"}}, ["cart_expired"], 1),
    ],
    ids=["its mail is off", "carts are off", "only the first stage", "only the last stage"],
)
def test_stages_that_are_off(kinds: dict[str, Any], mails: list[str], expiries: int) -> None:
    shop = Shop(**kinds)
    shop.cart("changed")
    shop.world.passes(days=3)
    assert [kind for _, kind in shop.mails] == mails
    assert len(shop.expiries) == expiries


def test_a_stage_without_a_time_names_the_setting_where_tenants_have_it() -> None:
    shop = Shop(cart={"idle": "PT1H"})
    event = shop.cart("changed")
    [decision] = [each for each in shop.world.decisions if each.event_id == event and each.kind == "cart_expiring"]
    assert (decision.reason, decision.facts) == ("setting_off:warning", {"kinds.cart.warning": None})


def test_a_cart_of_nobody_we_can_mail_expires_all_the_same() -> None:
    shop = Shop()
    shop.world.happens("contact.changed", subject="c1", data={"email": None})
    event = shop.cart("changed")
    shop.world.passes(days=3)
    assert shop.mails == []
    assert len(shop.expiries) == 1
    assert shop.world.reasons(event, "cart_expired")[-1] == ("dropped", "email", "no_address:email")


def test_checking_out_withdraws_a_mail_that_may_still_wait_at_the_gateway() -> None:
    shop = Shop()
    shop.cart("changed")
    shop.world.passes(hours=2)
    shop.cart("checked_out")
    [mail] = shop.world.messages
    assert [withdrawal.message_id for withdrawal in shop.world.withdrawals] == [mail.message_id]


def test_after_a_standstill_only_the_last_stage_is_mailed() -> None:
    shop = Shop()
    event = shop.cart("changed")
    shop.world.now = MONDAY + 50 * HOUR
    shop.world.runner.tick(shop.world.now)
    assert [kind for _, kind in shop.mails] == ["cart_expired"]
    assert ("dropped", "email", "expired:2026-06-02T14:00:00Z") in shop.world.reasons(event, "cart_idle")
    assert ("dropped", "email", "expired:2026-06-03T14:00:00Z") in shop.world.reasons(event, "cart_expiring")


def test_the_warning_says_when_the_cart_will_be_deleted() -> None:
    shop = Shop()
    shop.cart("changed")
    shop.world.passes(days=3)
    [warning] = [message for message in shop.world.messages if message.kind == "cart_expiring"]
    assert "by Wednesday, June 3, 2026, 10:00 AM" in warning.text


def test_erasing_the_client_forgets_the_cart() -> None:
    shop = Shop()
    shop.cart("changed")
    shop.world.happens("contact.changed", subject="c1", data=None)
    shop.world.passes(days=3)
    assert (shop.mails, shop.expiries) == ([], [])


MINUTES = st.integers(min_value=1, max_value=59)


@settings(max_examples=60)
@given(st.data())
def test_no_order_of_arrival_mails_a_cart_that_was_checked_out_last(data: st.DataObject) -> None:
    """Changes and perhaps a checkout, redelivered and shuffled: what holds is what happened last."""
    changes = data.draw(st.lists(MINUTES, min_size=1, max_size=4, unique=True))
    checked_out = data.draw(st.booleans())
    story = [("changed", minute) for minute in sorted(changes)] + [("checked_out", 60)] * checked_out
    told = [(f"x{number}", *step) for number, step in enumerate(story)]
    shop = Shop()
    shop.world.now = MONDAY + HOUR
    for event_id, step, minute in data.draw(st.permutations(told + told[:2])):
        shop.cart(step, id=event_id, time=(MONDAY + timedelta(minutes=minute)).isoformat())
    shop.world.passes(days=7)
    last = MONDAY + timedelta(minutes=max(changes))
    assert shop.mails == ([] if checked_out else [(last + after, kind) for kind, after in STAGES.items()])
    assert [event.time for event in shop.expiries] == ([] if checked_out else [last + STAGES["cart_expired"]])


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["changed", "checked_out", "again"]), st.sampled_from([0, 1, 30, 59, 60, 61, 1440, 2880])
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100)
@given(STEPS)
def test_while_time_passes_an_ended_cart_is_never_mailed(steps: list[tuple[str, int]]) -> None:
    """The whole truth, to the second: a stage is mailed when nothing happened to the cart until its very hour."""
    shop = Shop()
    alive: datetime | None = None
    expected: list[tuple[datetime, str]] = []
    told: list[tuple[str, datetime]] = []
    for step, minutes in [*steps, ("again", 10_000)]:
        now = shop.world.now
        if step == "again" and told:
            shop.cart(told[-1][0], id=f"x{len(told)}", time=told[-1][1].isoformat())
        elif step != "again":
            told.append((step, now))
            ended_now = step == "changed" and ("checked_out", now) in told
            alive = now if step == "changed" and not ended_now else None
            shop.cart(step, id=f"x{len(told)}")
        later = now + timedelta(minutes=minutes)
        due = [(alive + after, kind) for kind, after in STAGES.items()] if alive else []
        expected += [(hour, kind) for hour, kind in due if now <= hour < later]
        if minutes:  # at one instant events are taken before timers
            shop.world.runs_until(later - timedelta(milliseconds=1))
            shop.world.now = later
    assert shop.mails == expected
    assert len(shop.expiries) == sum(kind == "cart_expired" for _, kind in expected)
