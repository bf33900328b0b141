"""What is heard of a message that left: a provider's later report, and a click on its unsubscribe link.

Whoever may publish events may also publish `consent.changed`, so tokens are not verified again here: the page that
takes clicks from the outside does that, and alone has the keys.
"""

from collections.abc import Iterator

from processors.effects import Effect, Forward, Record, Refuse, Tables
from processors.mail_reports import report_in_text
from processors.reporting import name_key
from processors.settings import InForce
from schemas.envelope import Event
from schemas.events.contacts import UnsubscribeClicked
from schemas.events.inbound import DeliveryReported
from schemas.faults import Fault
from schemas.reports import LaterReport, Unsubscribed
from schemas.topics import REPORTS
from schemas.unsubscribe import BadToken, read
from schemas.words import Status


def on_delivery_reported(event: Event, _record: Record, _tables: Tables, _known: InForce) -> Iterator[Effect]:
    """The message is named by its id, or by its provider's name for it."""
    if not isinstance(event.data, DeliveryReported):
        raise TypeError(f"delivery.reported carries a {type(event.data).__name__}")
    name = event.data.message_id or event.data.provider_ref or ""
    report = LaterReport(
        tenant=event.tenant,
        name=name,
        status=Status(event.data.status),
        code=event.data.code,
        event_id=event.id,
        at=event.time,
        type=event.type,
    )
    yield Forward(topic=REPORTS.name, key=name_key(event.tenant, name), value=report)


def report_in(text: str, event: Event) -> Iterator[Effect]:
    """What a mailed report says of a message of ours; one that names none, or changes nothing, has no effect."""
    found = report_in_text(text)
    if found is None or found.message_id is None or found.status is None:
        return
    report = LaterReport(
        tenant=event.tenant,
        name=found.message_id,
        status=found.status,
        code=found.code,
        event_id=event.id,
        at=event.time,
        type=event.type,
    )
    yield Forward(topic=REPORTS.name, key=name_key(event.tenant, found.message_id), value=report)


def on_unsubscribe_clicked(event: Event, _record: Record, _tables: Tables, _known: InForce) -> Iterator[Effect]:
    """The token names a message; whoever got it wants no more marketing (contract section 11, START)."""
    if not isinstance(event.data, UnsubscribeClicked):
        raise TypeError(f"unsubscribe.clicked carries a {type(event.data).__name__}")
    try:
        token = read(event.data.token)
    except BadToken as bad:
        yield Refuse(faults=(Fault(path="data.token", reason=str(bad)),))
        return
    if token.tenant != event.tenant:
        yield Refuse(faults=(Fault(path="data.token", reason="names a message of another tenant"),))
        return
    said = Unsubscribed(tenant=event.tenant, name=token.message_id, event_id=event.id, type=event.type)
    yield Forward(topic=REPORTS.name, key=name_key(event.tenant, token.message_id), value=said)
