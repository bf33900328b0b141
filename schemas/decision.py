"""A decision: what became of an event for one recipient, kind and channel, and why (contract section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.making import made_quickly
from schemas.words import Channel, Outcome


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One record of topic `decisions`; `at` is the instant it was taken, `facts` what it rested on.

    That none is missing can be counted. `among`, on the first decision of each outcome: how many outcomes its event was
    given at once, this one included; on one that ends what was planned, those of the event that ended it. `number`:
    which of the decisions on its message it is, from 1; ends that gateways report have none, for they follow from that.
    """

    tenant: str
    event_id: str
    outcome: Outcome
    at: datetime
    kind: str | None = None
    contact: str | None = None
    staff: str | None = None
    to: str | None = None
    channel: Channel | None = None
    reason: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    message_id: str | None = None
    due: datetime | None = None
    settings_version: int | None = None
    among: int | None = None
    number: int | None = None
