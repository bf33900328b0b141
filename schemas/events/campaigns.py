"""Events of a campaign: a bulk request, its rows and the leave to send them (contract section 6)."""

from dataclasses import dataclass
from typing import Literal

from schemas.events.free import EventRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(EventRecord):
    """A table of people; rows are lists in the order of `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience(EventRecord):
    """Whom a campaign reaches: exactly one way of saying it."""

    buildings: tuple[str, ...] | None = None
    customer_types: tuple[str, ...] | None = None
    accounts: str | None = None
    report: Report | None = None
    programme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(EventRecord):
    """A file that travels with a message; `content` is base64."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCreated(EventRecord):
    """Somebody asks for bulk mail."""

    channel: Literal["preferred", "email", "letter", "sms"]
    correspondence: Literal["adhoc"]
    audience: Audience
    subject: str
    body: str
    attachments: tuple[Attachment, ...] | None = None
    category: Literal["service", "marketing"] | None = None
    programme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStep(EventRecord):
    """A campaign was confirmed or cancelled."""

    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRows(EventRecord):
    """Rows were approved, rejected or resent: named ones, or all."""

    rows: tuple[str, ...] | None = None
    all: bool | None = None
    confirm_changes: bool | None = None


RECORDS: dict[str, type[EventRecord]] = {
    "campaign.created": CampaignCreated,
    "campaign.generated": CampaignStep,
    "campaign.cancelled": CampaignStep,
    "campaign.rows_approved": CampaignRows,
    "campaign.rows_rejected": CampaignRows,
    "campaign.rows_resent": CampaignRows,
}
