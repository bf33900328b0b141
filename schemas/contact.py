"""A contact: the person a tenant's messages go to (contract section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import ConfigDict

from schemas.making import made_quickly
from schemas.values import Amount, Instant, Locale, Zone

NO_SMS = "No SMS"
SMS_OK = "SMS OK"
CARRIER = "carrier:"
"""What `sms_alerts` may say; before the name of a carrier stands this word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone number, E.164 once accepted."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    number: str
    type: Literal["mobile", "home", "work"] = "mobile"
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """The two notification boxes; `sms` unset means what `new_contacts` said when the contact was made."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    email: bool = True
    sms: bool | None = None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Everything known about one person of one tenant."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    name: str | None = None
    first_name: str | None = None
    email: str | None = None
    phones: tuple[Phone, ...] = ()
    address: tuple[str, ...] = ()
    boxes: Boxes = field(default_factory=Boxes)
    sms_alerts: str = ""
    preferred_delivery: Literal["email", "post"] = "email"
    reminders: bool = True
    timezone: Zone | None = None
    locale: Locale | None = None
    account: str | None = None
    account_status: Literal["open", "closed"] = "open"
    balance: Amount | None = None
    building: str | None = None
    customer_type: str | None = None
    created_at: Instant | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The email address and all phone numbers, each once."""
        every = (self.email, *(phone.number for phone in self.phones))
        return tuple(dict.fromkeys(address for address in every if address))

    @property
    def postal_address(self) -> str | None:
        """The lines of the address as one text, which is a letter's `to`; None where all are blank."""
        return ", ".join(self.address) if any(map(str.strip, self.address)) else None

    def phone(self, number: str) -> Phone | None:
        """The phone of type `mobile`, or the `primary` one."""
        for phone in self.phones:
            if phone.primary if number == "primary" else phone.type == "mobile":
                return phone
        return None
