"""Later reports: what is heard of a message by its name alone finds the place where its statuses are kept.

Each message leaves its whereabouts under its id, and under its provider's name for it, when it is first reported on.
"""

from collections.abc import Iterator

from processors.effects import Effect, Forward, Put, Record, Refuse, Table, Tables
from schemas.consent import MARKETING, ConsentChange, Means
from schemas.delivery import DeliveryStatus
from schemas.faults import Fault
from schemas.replacing import replace
from schemas.reports import LaterReport, Unsubscribed, Whereabouts
from schemas.state import Folded
from schemas.topics import CONSENT_CHANGES, REPORTS, STATUSES

WHEREABOUTS = Table(name="whereabouts", holds=Whereabouts)
FOLDED = Table(name="folded", holds=Folded)


def whereabouts(report: DeliveryStatus, before: DeliveryStatus | None) -> list[Forward]:
    """Tell where a message is kept, under each name that is new."""
    tenant, ref = report.tenant, report.provider_ref
    names = [] if before else [report.message_id]
    if ref and (before is None or before.provider_ref != ref):
        names.append(ref)
    return [
        Forward(
            REPORTS.name,
            name_key(tenant, name),
            Whereabouts(tenant=tenant, name=name, message_id=report.message_id, key=report.key),
        )
        for name in names
    ]


def on_report(record: Record, tables: Tables) -> Iterator[Effect]:
    """Whereabouts are kept; what names a message by them goes on to where its statuses are."""
    heard = record.value
    if isinstance(heard, Whereabouts):
        yield Put(WHEREABOUTS, record.key, heard)
    elif isinstance(heard, LaterReport) and heard.message_id is not None:
        yield from _report(heard, heard.message_id, tables)
    elif isinstance(heard, (LaterReport, Unsubscribed)):
        where = tables.get(WHEREABOUTS, record.key)
        if where is None:
            reason = f"nothing was sent as {heard.name!r} for tenant {heard.tenant!r}"
            yield Refuse(faults=(Fault(path="message_id", reason=reason),))
        elif isinstance(heard, LaterReport):
            yield Forward(topic=REPORTS.name, key=where.key, value=replace(heard, message_id=where.message_id))
        else:
            yield _unsubscribe(heard, where)


def name_key(tenant: str, name: str) -> str:
    """The key of what is heard of a message by this name."""
    return f"{tenant}|{name}"


def _report(heard: LaterReport, message_id: str, tables: Tables) -> Iterator[Effect]:
    """A report as a gateway would have made it, on the attempt that is known last."""
    folded = tables.get(FOLDED, message_id)
    if folded is None:
        yield Refuse(faults=(Fault(path="message_id", reason=f"message {message_id} has no status yet"),))
        return
    status = replace(folded.status, status=heard.status, code=heard.code, at=heard.at, detail=None, reason=None)
    yield Forward(topic=STATUSES.name, key=status.key, value=status)


def _unsubscribe(heard: Unsubscribed, where: Whereabouts) -> Forward:
    address = where.key.removeprefix(f"{heard.tenant}|")
    change = ConsentChange(
        tenant=heard.tenant, address=address, event_id=heard.event_id, opts_out=(MARKETING,), means=Means.LINK
    )
    return Forward(topic=CONSENT_CHANGES.name, key=change.key, value=change)
