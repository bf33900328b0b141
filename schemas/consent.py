"""Consent: what one address of one tenant agreed to, and whether we may use it at all (contract section 8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.address import address_key

EVERYTHING = "all"
"""The scope that every message falls under."""
MARKETING = "marketing"
"""The scope that an unsubscribe from mail sets."""
SUPPRESSED = "suppressed"
"""What a saying about the suppression of an address has in place of a scope."""

SUPPRESSIONS = ("bounce", "complaint", "deceased")
"""Why an address is suppressed; none of them overwrites one that stands after it here."""


class Means(StrEnum):
    """How a person, or an address, told us what we keep to."""

    REQUEST = "consent.changed"
    KEYWORD = "keyword"
    STOP_ALL = "keyword STOPALL"
    LINK = "unsubscribe link"
    MAIL = "unsubscribe mail"
    REPORT = "delivery report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """How it came that a scope is opted out of, or an address is suppressed: by what means, by which event and when."""

    scope: str
    means: Means = Means.REQUEST
    event_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The state of one address; suppression is kept apart from what a person chose.

    `sayings` tell how each scope of `opted_out`, and a suppression, came to be.
    """

    tenant: str
    address: str
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()
    suppressed: str | None = None
    sayings: tuple[Saying, ...] = ()

    @property
    def key(self) -> str:
        """The Kafka key: the same as that of messages to this address."""
        return address_key(self.tenant, self.address)

    def refused_scope(self, category: str, programme: str | None = None) -> str | None:
        """The opted-out scope that such a message falls under, the widest first; None when it may come."""
        scopes = (EVERYTHING, category, *((programme,) if programme else ()))
        return next((scope for scope in scopes if scope in self.opted_out), None)

    def saying(self, scope: str) -> Saying | None:
        """How this scope, or the suppression, came to be; None where that was not recorded."""
        return next((saying for saying in self.sayings if saying.scope == scope), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """A change of one address's consent; what is `None` stays as it was.

    `opted_out` and `opted_in` replace what was there; after that `opts_out` and `joins` add to it, `lifts` and
    `leaves` take away from it.
    """

    tenant: str
    address: str
    event_id: str
    opted_out: tuple[str, ...] | None = None
    opted_in: tuple[str, ...] | None = None
    suppressed: str | None = None
    opts_out: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    means: Means = Means.REQUEST

    @property
    def key(self) -> str:
        """The Kafka key: the same as that of messages to this address."""
        return address_key(self.tenant, self.address)
