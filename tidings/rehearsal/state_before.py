"""The state before the start: settings, contacts and consents, as the events and records that make them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.as_it_stands import BEFORE_START
from processors.phones import canonical_address
from schemas.clock import rfc3339
from schemas.consent import ConsentChange
from schemas.envelope import Event
from schemas.faults import Fault, Refused
from schemas.settings import Settings
from schemas.topics import CONSENT_CHANGES, EVENTS
from schemas.validation import joined
from schemas.wire import event_from_mapping
from tidings.rehearsal.scenario import ConsentBefore, Document, Scenario

BEFORE = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """One record that makes a piece of the state; `path` is where the file has it."""

    path: str
    topic: str
    key: str
    value: object


def preparations(scenario: Scenario) -> Iterator[Preparation]:
    """The records that make the state before the start, in order; raises Refused for what cannot be one."""
    now = scenario.start - BEFORE
    for tenant, document in scenario.settings.items():
        yield _change("settings.changed", tenant, "", document, joined("settings", tenant), now)
    for tenant, contacts in scenario.contacts.items():
        for index, contact in enumerate(contacts):
            patch = {key: value for key, value in contact.items() if key != "id"}
            path = joined("contacts", tenant, index)
            yield _change("contact.changed", tenant, str(contact["id"]), patch, path, now)
    for tenant, consents in scenario.consents.items():
        for index, consent in enumerate(consents):
            country = str(scenario.settings.get(tenant, {}).get("country", Settings().country))
            yield _consent(tenant, consent, joined("consents", tenant, index), country)


def _change(event_type: str, tenant: str, subject: str, data: Document, path: str, now: datetime) -> Preparation:
    try:
        event = event_from_mapping(
            {
                "id": path,
                "source": BEFORE_START,
                "type": event_type,
                "tenant": tenant,
                "subject": subject,
                "time": rfc3339(now),
                "data": data,
            }
        )
    except Refused as refused:
        raise Refused(*under(path, refused.faults)) from None
    return Preparation(path=path, topic=EVENTS.name, key=event.key, value=event)


def _consent(tenant: str, consent: ConsentBefore, path: str, country: str) -> Preparation:
    change = ConsentChange(
        tenant=tenant,
        address=canonical_address(consent.address, country),
        event_id=path,
        opted_out=consent.opted_out,
        opted_in=consent.opted_in,
    )
    return Preparation(path=path, topic=CONSENT_CHANGES.name, key=change.key, value=change)


def under(path: str, faults: tuple[Fault, ...]) -> Iterator[Fault]:
    """The faults of an event's data, with the paths of the file."""
    for fault in faults:
        within = fault.path.removeprefix("data").removeprefix(".")
        yield Fault(path=joined(path, within), reason=fault.reason)


def is_before_start(value: object) -> bool:
    """Whether an event only makes the state before the start."""
    return isinstance(value, Event) and value.source == BEFORE_START
