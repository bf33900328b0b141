"""The closed sets of words that the contract fixes (sections 1, 6 and 9)."""

from enum import StrEnum


class Channel(StrEnum):
    """The way a message reaches a person."""

    EMAIL = "email"
    SMS = "sms"
    SHORT_CODE = "short_code"
    VOICE = "voice"
    LETTER = "letter"
    WEBHOOK = "webhook"

    @property
    def uses_phone(self) -> bool:
        """Whether the address of this channel is a phone number."""
        return self in _BY_PHONE

    @property
    def takes_marketing(self) -> bool:
        """Whether marketing may leave by this channel (contract section 7: by short code or email only)."""
        return self in _FOR_MARKETING

    @property
    def has_segments(self) -> bool:
        """Whether a message of this channel is split into billable segments."""
        return self in _IN_SEGMENTS


_IN_SEGMENTS = frozenset({Channel.SMS, Channel.SHORT_CODE})
_BY_PHONE = _IN_SEGMENTS | {Channel.VOICE}
_FOR_MARKETING = frozenset({Channel.EMAIL, Channel.SHORT_CODE})


class Lane(StrEnum):
    """A priority class of delivery commands (contract section 11, Lanes)."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class ActorKind(StrEnum):
    """Who did it."""

    CLIENT = "client"
    STAFF = "staff"
    SYSTEM = "system"


class Outcome(StrEnum):
    """What became of an event for one recipient, kind and channel (contract section 9)."""

    SENT = "sent"
    SCHEDULED = "scheduled"
    HELD = "held"
    COALESCED = "coalesced"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


class InDoubt(StrEnum):
    """What a gateway does with a message whose fate at the provider is unknown."""

    RESEND = "resend"
    WAIT_THEN_RESEND = "wait_then_resend"
    DROP = "drop"
    HOLD = "hold"


class Status(StrEnum):
    """A delivery status; reports may repeat and come out of order (contract section 9)."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    ANSWERED_HUMAN = "answered_human"
    VOICEMAIL_LEFT = "voicemail_left"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    DOUBTFUL = "doubtful"

    @property
    def is_final(self) -> bool:
        """Whether the gateway does nothing more about this attempt of its own accord."""
        return self not in (Status.ACCEPTED, Status.SENT, Status.BUSY, Status.NO_ANSWER)

    @property
    def is_billable(self) -> bool:
        """Whether a message that ends so is charged (contract section 9, Billing)."""
        return self not in _NOT_BILLED

    @property
    def rank(self) -> int:
        """Its height in the lattice: within one attempt the state only moves up."""
        return _RANKS[self]


_NOT_BILLED = frozenset(
    {
        *(Status.FAILED, Status.SUPPRESSED, Status.DOUBTFUL, Status.EXPIRED, Status.CANCELLED),
        *(Status.BUSY, Status.NO_ANSWER),  # such a call is made again, or fails
    }
)
_RANKS = {
    Status.DOUBTFUL: 0,
    Status.ACCEPTED: 1,
    Status.SENT: 2,
    Status.BUSY: 3,
    Status.NO_ANSWER: 3,
    Status.DELIVERED: 4,
    Status.ANSWERED_HUMAN: 4,
    Status.VOICEMAIL_LEFT: 4,
    Status.CANCELLED: 5,
    Status.EXPIRED: 5,
    Status.SUPPRESSED: 5,
    Status.FAILED: 6,
    Status.UNDELIVERED: 7,
    Status.BOUNCED: 8,
    Status.COMPLAINED: 9,
}
