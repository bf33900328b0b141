from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from schemas.consent import Consent
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.topics import STATUSES
from schemas.unsubscribe import SigningKey, sign
from schemas.words import Status
from tests.unit.processors.world import ORDER, PANTRY, World

OFFER: Mapping[str, Any] = {
    **PANTRY,
    "rules": [
        {
            "id": "offer",
            "on": ["offer.made"],
            "to": ["contact"],
            "channel": "email",
            "class": "marketing",
            "subject": "An offer",
            "text": "Rice for less.",
        }
    ],
}
KEY = SigningKey(id="k1", secret=b"x" * 32)


def mailed() -> tuple[World, Message]:
    """A world in which Ann got a mail, which the mail server took."""
    world = World(settings=OFFER)
    world.ann()
    world.happens("offer.made", subject="c1", data={})
    [message] = [each for each in world.messages if each.channel == "email"]
    world.reports(message, Status.ACCEPTED, provider_ref="p-77")
    return world, message


def offered_again(world: World) -> list[str | None]:
    return [reason for _, _, reason in world.reasons(world.happens("offer.made", subject="c1", data={}))]


def test_a_click_ends_marketing_and_nothing_else() -> None:
    world, message = mailed()
    click = world.happens(
        "unsubscribe.clicked", data={"token": sign("pantry", message.message_id, date(2026, 6, 1), KEY)}
    )
    order = world.happens("order.completed", subject="c1", data=ORDER)
    offer = world.happens("offer.made", subject="c1", data={})
    assert world.reasons(order, "order_confirmation") == [("sent", "email", None)]
    [decision] = [each for each in world.decisions if each.event_id == offer]
    assert (decision.reason, decision.facts["by"], decision.facts["by_event"]) == (
        "opted_out:marketing",
        "unsubscribe link",
        click,
    )
    assert world.of("consents", Consent)[-1].address == "ann@example.org"


@pytest.mark.parametrize(
    ("token", "path"),
    [
        ("nonsense", "data.token"),
        (sign("other", "m1", date(2026, 6, 1), KEY), "data.token"),
        (sign("pantry", "m-nobody-got", date(2026, 6, 1), KEY), "message_id"),
    ],
)
def test_a_click_that_names_no_message_is_set_aside_with_its_reason(token: str, path: str) -> None:
    world, _ = mailed()
    click = world.happens("unsubscribe.clicked", data={"token": token})
    [letter] = world.refused
    assert (letter.tenant, letter.type, letter.event_id) == ("pantry", "unsubscribe.clicked", click)
    assert [fault.path for fault in letter.faults] == [path]
    assert offered_again(world) == [None]


@pytest.mark.parametrize("name", ["message_id", "provider_ref"])
@pytest.mark.parametrize(
    ("status", "reason"), [("bounced", "suppressed:bounce"), ("complained", "suppressed:complaint")]
)
def test_a_later_report_suppresses_the_address(name: str, status: str, reason: str) -> None:
    world, message = mailed()
    named = {"message_id": message.message_id, "provider_ref": "p-77"}[name]
    report = world.happens("delivery.reported", data={name: named, "status": status, "code": "5.1.1"})
    offer = world.happens("offer.made", subject="c1", data={})
    [decision] = [each for each in world.decisions if each.event_id == offer]
    assert (decision.reason, decision.facts["by"]) == (reason, "delivery report")
    assert [each for each in world.decisions if each.event_id == report] == []


def test_a_later_report_is_a_status_of_its_message() -> None:
    world, message = mailed()
    seen = world.runner.watch(STATUSES.name)
    for status in ("delivered", "sent"):
        world.happens("delivery.reported", data={"message_id": message.message_id, "status": status})
    statuses = [record.value for record in seen if isinstance(record.value, DeliveryStatus)]
    assert [(each.message_id, each.status, each.to) for each in statuses] == [
        (message.message_id, "delivered", "ann@example.org"),
        (message.message_id, "sent", "ann@example.org"),
    ]
    assert offered_again(world) == [None]


def test_a_report_on_a_message_nobody_knows_is_set_aside() -> None:
    world, _ = mailed()
    report = world.happens("delivery.reported", data={"message_id": "m-other", "status": "bounced"})
    [letter] = world.refused
    assert (letter.tenant, letter.type, letter.event_id) == ("pantry", "delivery.reported", report)
    assert "m-other" in letter.faults[0].reason


def test_another_tenants_report_changes_nothing_here() -> None:
    world, message = mailed()
    world.happens("settings.changed", tenant="other", data=PANTRY)
    world.happens("delivery.reported", tenant="other", data={"message_id": message.message_id, "status": "bounced"})
    assert len(world.refused) == 1
    assert offered_again(world) == [None]
