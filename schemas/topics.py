"""Every topic as a record of facts; `tidings topics apply` makes them so."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

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
from schemas.words import Channel, Lane

PARTITIONS = 8
"""One count for all topics, fixed when an installation is made (architecture, decide)."""


CLAIMED_LAG = timedelta(hours=1)
"""Where each record says itself at which offset it counts, compaction waits so long. It cannot tell a late write, which
is void, from a newer one, and would remove what that seems to replace before the next owner has written it again."""

DELETIONS_KEPT = timedelta(days=1)
"""For how long a deletion stands in a changelog before compaction may remove it: copies of the state hear of it."""


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    DELETE = "delete"
    COMPACT = "compact"


class Clock(StrEnum):
    """Whose time a record's timestamp is: the broker's at append, or that of the record that caused it."""

    APPEND = "LogAppendTime"
    CAUSE = "CreateTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: what it is for, what it carries, how it is keyed and kept, and who writes it."""

    name: str
    sentence: str
    records: tuple[type, ...]
    key: str
    owner: str
    cleanup: Cleanup = Cleanup.DELETE
    retention: timedelta | None = timedelta(days=14)
    compaction_lag: timedelta = timedelta(0)
    clock: Clock = Clock.CAUSE
    max_bytes: int = 1_048_576

    @property
    def carries_events(self) -> bool:
        """Whether envelopes are among its records, which travel in another way than framed records."""
        return Event in self.records


EVENTS = Topic(
    name="events",
    sentence="What happened, as upstream systems say it.",
    records=(Event,),
    key="tenant|subject",
    owner="upstream, decide, dispatch",
    retention=timedelta(days=90),
    clock=Clock.APPEND,
)
AUDIENCE = Topic(
    name="audience",
    sentence="Events and messages keyed anew: for their subject, for somebody else, or for a recipient's allowance.",
    records=(Event, Portion, ParkingOver, Candidate, Message, Unsayable, Withdrawal, PlaceGivenBack, Answered, Unsaid),
    key="tenant|subject, tenant|recipient",
    owner="decide, dispatch, credit, settle",
)
TICKS = Topic(
    name="ticks",
    sentence="One per partition and second; drives every timer. Also timers that are put back after a fix.",
    records=(Tick, Alarm),
    key="",
    owner="ticker, tidings dead-letters",
    retention=timedelta(days=1),
    clock=Clock.APPEND,
)
SETTINGS = Topic(
    name="settings",
    sentence="The newest settings of each tenant, which every worker holds in full.",
    records=(TenantSettings,),
    key="tenant",
    owner="decide",
    cleanup=Cleanup.COMPACT,
    retention=None,
)
SETTINGS_VERSIONS = Topic(
    name="settings.versions",
    sentence="Every version of each tenant's settings, without secrets: what a message was worded by can be looked up.",
    records=(TenantSettings,),
    key="tenant|version",
    owner="decide",
    cleanup=Cleanup.COMPACT,
    retention=None,
)
MESSAGES = Topic(
    name="messages",
    sentence="Messages that are due and have not yet passed the gates, and all else that an address has to know.",
    records=(Candidate, Withdrawal, ContactUpdate, Heard, LastSent),
    key="tenant|address",
    owner="decide, credit",
    retention=timedelta(days=7),
)
CHARGES = Topic(
    name="charges",
    sentence="Messages that need the leave of their tenant's purse, and what fills it.",
    records=(Message, Withdrawal, CreditChange),
    key="tenant|",
    owner="dispatch, decide, settle, credit",
    retention=timedelta(days=7),
)
CONSENT_CHANGES = Topic(
    name="consent-changes",
    sentence="Changes of what an address agreed to, and suppressions.",
    records=(ConsentChange,),
    key="tenant|address",
    owner="decide, settle",
    retention=timedelta(days=90),
)
CONSENTS = Topic(
    name="consents",
    sentence="The consent of each address as it stands; gateways look at it just before sending.",
    records=(Consent,),
    key="tenant|address",
    owner="dispatch",
    cleanup=Cleanup.COMPACT,
    retention=None,
)
DECISIONS = Topic(
    name="decisions",
    sentence="What became of every event for every recipient, and why.",
    records=(Decision,),
    key="tenant|event_id",
    owner="decide, dispatch, settle",
    retention=timedelta(days=400),
)
STATUSES = Topic(
    name="delivery.statuses",
    sentence="What gateways and providers say of each attempt.",
    records=(DeliveryStatus,),
    key="tenant|address",
    owner="gateways",
    retention=timedelta(days=400),
)
REPORTS = Topic(
    name="delivery.reports",
    sentence="What is heard of a message by its name alone, and where each message is kept.",
    records=(Whereabouts, LaterReport, Unsubscribed),
    key="tenant|message_id, tenant|provider_ref, tenant|address",
    owner="settle, decide",
)
TERMS = Topic(
    name="billing.terms",
    sentence="What each tenant pays, from when on.",
    records=(Terms,),
    key="tenant|",
    owner="decide",
    retention=timedelta(days=3650),
)
USAGE = Topic(
    name="billing.usage",
    sentence="One entry per billable message.",
    records=(Usage,),
    key="tenant|",
    owner="settle",
    retention=timedelta(days=3650),
)
INVOICES = Topic(
    name="billing.invoices",
    sentence="Invoices, each line naming its messages.",
    records=(Invoice,),
    key="tenant|",
    owner="credit",
    retention=timedelta(days=3650),
    max_bytes=16_777_216,
)
DEAD_LETTERS = Topic(
    name="dead-letters",
    sentence="Records that could not be read or applied, as they came, with what is wrong, and their replays.",
    records=(DeadLetter, Replay),
    key="topic/partition/offset",
    owner="every stage and gateway, tidings dead-letters",
    retention=timedelta(days=90),
    max_bytes=16_777_216,
)


def command_topic(channel: Channel, lane: Lane) -> str:
    """The topic of the delivery commands of one channel and lane."""
    return f"delivery.commands.{channel}.{lane}"


def ledger_topic(channel: Channel) -> str:
    """The topic of one channel's attempt ledger."""
    return f"ledger.{channel}"


COMMANDS = tuple(
    Topic(
        name=command_topic(channel, lane),
        sentence=f"Orders to the {channel} gateway, lane {lane}.",
        records=(Message, Withdrawal, Verdict),
        key="tenant|address",
        owner="dispatch, decide, credit, tidings doubt",
    )
    for channel in Channel
    for lane in Lane
)
LEDGERS = tuple(
    Topic(
        name=ledger_topic(channel),
        sentence=f"The last attempt of each {channel} message, on its command's partition.",
        records=(LedgerEntry,),
        key="message_id",
        owner=f"gateway {channel}",
        cleanup=Cleanup.COMPACT,
        compaction_lag=CLAIMED_LAG,
        retention=None,
        # An entry that waits wraps its command whole, and a command may have 1 MiB itself.
        max_bytes=2_097_152,
    )
    for channel in Channel
)
TOPICS: tuple[Topic, ...] = (
    EVENTS,
    AUDIENCE,
    TICKS,
    SETTINGS,
    SETTINGS_VERSIONS,
    MESSAGES,
    CHARGES,
    CONSENT_CHANGES,
    CONSENTS,
    DECISIONS,
    *COMMANDS,
    *LEDGERS,
    STATUSES,
    REPORTS,
    TERMS,
    USAGE,
    INVOICES,
    DEAD_LETTERS,
)
BY_NAME = {topic.name: topic for topic in TOPICS}
