"""Consent: what one address of one tenant agreed to, and whether we may use it at all (contract section 8)."""

from dataclasses import dataclass

from schemas.address import address_key

EVERYTHING = "all"
"""The scope that every message falls under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The state of one address; suppression is kept apart from what a person chose."""

    tenant: str
    address: str
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()
    suppressed: str | None = None

    @property
    def key(self) -> str:
        """The Kafka key: the same as that of messages to this address."""
        return address_key(self.tenant, self.address)

    def refused_scope(self, category: str) -> str | None:
        """The opted-out scope that a message of this category falls under, the widest first; None when it may come."""
        return next((scope for scope in (EVERYTHING, category) if scope in self.opted_out), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """A change of one address's consent; what is `None` stays as it was."""

    tenant: str
    address: str
    event_id: str
    opted_out: tuple[str, ...] | None = None
    opted_in: tuple[str, ...] | None = None
    suppressed: str | None = None

    @property
    def key(self) -> str:
        """The Kafka key: the same as that of messages to this address."""
        return address_key(self.tenant, self.address)
