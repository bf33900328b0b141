"""What an audit finds of each kind of record, and what nothing tells of, and why: the documents and tests go by it."""

from dataclasses import dataclass

from schemas.allowance import PlaceGivenBack, Unsayable
from schemas.answered import Answered
from schemas.billing import CreditChange, Invoice, Terms, Usage
from schemas.candidate import Candidate, ContactUpdate, Withdrawal
from schemas.consent import Consent, ConsentChange
from schemas.dead_letter import DeadLetter, Replay
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.envelope import Event
from schemas.inbound import Heard
from schemas.message import Message
from schemas.parking import ParkingOver
from schemas.portion import Portion
from schemas.reports import LaterReport, Unsubscribed, Whereabouts
from schemas.state import Alarm, LastSent, TenantSettings
from schemas.tick import Tick
from schemas.unsaid import Unsaid
from schemas.verdict import Verdict

REPEATABLE = "is no difference: it may be repeated"
COMPACTED = "is no difference: compaction leaves one"
NOT_READ = "is not seen: nothing else tells of it"
LATER = "is seen, unless a later one outdoes it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One kind of record, on a topic or on every topic of a family.

    `removed` and `doubled` say why one is not found; empty where it is named. `unseen` are the fields that may say
    something else unnoticed; `note` tells of exceptions.
    """

    topic: str
    record: type
    removed: str = ""
    doubled: str = ""
    unseen: tuple[str, ...] = ()
    note: str = ""


_OF_DUE = ("contact", "variables", "needs_reminders", "needs_box", "dispatch_box", "is_awaited", "sender", "reply_to")
_WORDS = ("from_", "text", "subject", "html", "attachments", "reply_to", "to_name", "locale", "encoding", "rewritten")
_OF_WORDS = "words and prices are held against the command, once there is one"
_ALONE = ("outcome", "kind", "channel", "reason", "facts", "due", "contact", "to", "staff", "settings_version")

SIGHTS = (
    Sight(
        topic="events",
        record=Event,
        doubled=REPEATABLE,
        unseen=("data", "time", "actor", "source", "subject"),
        note="those are named where a message came of it; data also where it changes consent or credits, or reports",
    ),
    Sight(topic="audience", record=Event, removed=NOT_READ, doubled=REPEATABLE, unseen=("time", "data", "actor")),
    Sight(topic="audience", record=Portion, note="the first on its way is not missed"),
    Sight(topic="audience", record=ParkingOver, removed=NOT_READ, doubled=NOT_READ, unseen=("tenant",)),
    Sight(topic="audience", record=Candidate, unseen=(*_OF_DUE, "due", "among", "unpaid_since", "settings_version")),
    Sight(topic="audience", record=Message, unseen=("commanded_at", "candidate"), note=_OF_WORDS),
    Sight(topic="audience", record=Unsayable, unseen=("category", "allowance")),
    Sight(topic="audience", record=Withdrawal),
    Sight(topic="audience", record=PlaceGivenBack),
    Sight(topic="audience", record=Answered),
    Sight(topic="audience", record=Unsaid),
    Sight(topic="ticks", record=Tick, removed=REPEATABLE, doubled=REPEATABLE, unseen=("ticker",)),
    Sight(topic="ticks", record=Alarm, removed=NOT_READ, doubled=REPEATABLE, unseen=("row",)),
    Sight(topic="settings", record=TenantSettings, doubled=COMPACTED),
    Sight(topic="settings.versions", record=TenantSettings, unseen=("document",), note="that of the newest is named"),
    Sight(topic="messages", record=Candidate, unseen=_OF_DUE),
    Sight(topic="messages", record=Withdrawal),
    Sight(topic="messages", record=ContactUpdate, unseen=("contact",), note="named where it has two addresses"),
    Sight(
        topic="messages",
        record=Heard,
        unseen=("change", "silences"),
        note="one that passes a text on is not missed",
    ),
    Sight(topic="messages", record=LastSent),
    Sight(topic="charges", record=Message, unseen=("commanded_at", "candidate"), note=_OF_WORDS),
    Sight(topic="charges", record=Withdrawal),
    Sight(topic="charges", record=CreditChange),
    Sight(topic="consent-changes", record=ConsentChange),
    Sight(topic="consents", record=Consent, doubled=COMPACTED, note="held against all changes that are kept"),
    Sight(
        topic="decisions",
        record=Decision,
        unseen=_ALONE,
        note="most are named where a message was due",
    ),
    Sight(
        topic="delivery.commands.*",
        record=Message,
        unseen=(*_WORDS, "template_version", "not_before"),
        note="all are named where it asked an allowance or a purse",
    ),
    Sight(topic="delivery.commands.*", record=Withdrawal),
    Sight(topic="delivery.commands.*", record=Verdict, removed=NOT_READ, doubled=REPEATABLE, unseen=("sends_again",)),
    Sight(topic="ledger.*", record=LedgerEntry, removed=COMPACTED, doubled=COMPACTED, unseen=("at", "code", "detail")),
    Sight(
        topic="delivery.statuses",
        record=DeliveryStatus,
        removed=LATER,
        doubled=REPEATABLE,
        unseen=("status", "at", "code", "detail", "reason", "provider_ref"),
        note="named where it is the first, ends the message or is charged",
    ),
    Sight(topic="delivery.reports", record=Whereabouts),
    Sight(topic="delivery.reports", record=LaterReport, unseen=("type",)),
    Sight(topic="delivery.reports", record=Unsubscribed, unseen=("type",)),
    Sight(topic="billing.terms", record=Terms),
    Sight(topic="billing.usage", record=Usage),
    Sight(topic="billing.invoices", record=Invoice),
    Sight(
        topic="dead-letters",
        record=DeadLetter,
        removed="is seen where it is an event's only end",
        unseen=("stage", "at", "faults", "key", "value", "headers", "stack"),
    ),
    Sight(topic="dead-letters", record=Replay, removed=NOT_READ, unseen=("topic", "partition", "offset", "at")),
)
"""One for each kind of record on each topic of the catalogue."""
