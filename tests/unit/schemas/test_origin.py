"""Whose record a dead letter was: each record names its tenant and the event that it comes from."""

import json
from typing import Any

import pytest

from schemas.catalogue import RECORDS
from schemas.faults import Fault, Unreadable
from schemas.origin import Origin, origin_of
from schemas.validation import parse
from schemas.wire import event_from_mapping
from tests.unit.schemas.test_schemas import EVENT_EXAMPLES, RECORD_EXAMPLES

OF_A_TENANT = {"Consent", "Invoice", "ParkingOver", "PlaceGivenBack", "Terms", "Usage", "Verdict", "Whereabouts"}
"""Records that no one event stands behind, or that need not say which."""
OF_NOBODY = {"Alarm", "Contact", "LastSent", "LedgerEntry", "Replay", "Tick"}
WITHOUT_TYPE = {
    "Answered",
    "ConsentChange",
    "ContactUpdate",
    "CreditChange",
    "Decision",
    "DeliveryStatus",
    "Message",
    "TenantSettings",
    "Unsaid",
    "Unsayable",
    "Withdrawal",
}
"""What is made of an event, and its reports, name it by its id."""


@pytest.mark.parametrize("name", sorted(RECORD_EXAMPLES))
def test_every_record_says_whose_it_is(name: str) -> None:
    record: Any = parse(RECORDS[name], json.loads(RECORD_EXAMPLES[name].read_text()))
    origin = origin_of(record)
    known = (origin.tenant is not None, origin.event_id is not None, origin.type is not None)
    if name in OF_NOBODY:
        assert known == (False, False, False)
    elif name in OF_A_TENANT:
        assert known == (True, False, False)
    else:
        assert known == (True, True, name not in WITHOUT_TYPE)


def test_an_event_and_what_could_be_read_of_one_say_whose_they_are() -> None:
    plain = json.loads(EVENT_EXAMPLES["cart.changed"].read_text())
    wanted = Origin(tenant=plain["tenant"], type="cart.changed", event_id=plain["id"])
    assert origin_of(event_from_mapping(plain)) == wanted
    unreadable = Unreadable(Fault(path="data", reason="is missing"), tenant="shop", event_id="e1")
    assert origin_of(unreadable) == Origin(tenant="shop", event_id="e1")
