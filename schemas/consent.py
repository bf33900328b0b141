"""Consent: what one address of one tenant agreed to, and whether we may use it at all (contract section 8)."""

from dataclasses import dataclass

from schemas.address import address_key


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
