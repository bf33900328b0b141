"""The sections of a tenant's settings, each a record (contract section 3); defaults are those of section 11."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from schemas.values import (
    Amount,
    ClockTime,
    Date,
    Duration,
    EmailAddress,
    Mailbox,
    PhoneNumber,
    ShortCode,
    WebAddress,
)
from schemas.words import Channel

Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What every part of the settings is; unknown keys are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders(Section):
    """Where messages come from; a channel without its sender cannot send."""

    email: Mailbox | None = None
    reply_to: Mailbox | None = None
    sms: PhoneNumber | None = None
    voice: PhoneNumber | None = None
    short_code: ShortCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand(Section):
    """How the mail of some buildings looks."""

    name: Name
    header_html: str = ""
    address_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Building(Section):
    """A building that contacts belong to; `brand` is a key of `brands`."""

    name: Name
    brand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember(Section):
    """Somebody who works for the tenant; the roles are those that `staff:<role>` and notifications look for."""

    id: Name
    name: str = ""
    email: EmailAddress | None = None
    phone: PhoneNumber | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings(Section):
    """One channel: active when requested and, where payment is asked (`paid` is given), paid.

    `via` is of channel sms alone, `auto_approve` of letter, `url` and `secret` of webhook.
    """

    requested: bool = False
    paid: bool | None = None
    via: Literal["gateway", "email", "email_then_gateway"] = "gateway"
    auto_approve: bool = False
    url: WebAddress | None = None
    secret: Annotated[str, Field(min_length=16)] | None = None


CHANNEL_KEYS: Mapping[Channel, frozenset[str]] = {
    Channel.SMS: frozenset({"via"}),
    Channel.LETTER: frozenset({"auto_approve"}),
    Channel.WEBHOOK: frozenset({"url", "secret"}),
}
"""The keys that only this channel has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContacts(Section):
    """What contacts created from now on begin with."""

    sms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(Section):
    """When nobody is disturbed: from `start`, which belongs to it, to `end`, which does not."""

    start: ClockTime
    end: ClockTime
    zone: Literal["recipient", "tenant"] = "recipient"
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.VOICE)
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Section):
    """How many messages of a category one contact may get."""

    per_day: Count | None = None
    per_week: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsBilling(Section):
    """What texts cost: each segment its price, or blocks of `size` a month from `anchor` on."""

    model: Literal["per_segment", "block"]
    price: Amount
    prepaid: bool = False
    segment_model: Literal["gsm0338", "naive160"] = "gsm0338"
    size: Count | None = None
    count: Literal["segments", "messages"] = "segments"
    anchor: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterBilling(Section):
    """What a sheet costs, by postal class."""

    price_per_sheet: Mapping[str, Amount]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceBilling(Section):
    """What a started minute costs."""

    price_per_minute: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendCap(Section):
    """The most that a calendar month may cost."""

    per_month: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing(Section):
    """What the tenant pays; a channel that is not named costs nothing."""

    sms: SmsBilling | None = None
    letter: LetterBilling | None = None
    voice: VoiceBilling | None = None
    spend_cap: SpendCap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals(Section):
    """How bulk mail is approved; `four_eyes_from` unset means that the author may approve."""

    bulk: bool = True
    four_eyes_from: Annotated[int, Field(ge=1)] | None = None
    expires_after: Duration = timedelta(days=30)
    post_batch_minutes: Annotated[int, Field(ge=1, le=1440)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSettings(Section):
    """The postal class of the tenant's letters, a key of `billing.letter.price_per_sheet`."""

    class_: Annotated[str, Field(alias="class", min_length=1)] = "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme(Section):
    """A group that people join by a keyword to a short code."""

    short_code: ShortCode
    name: Name
    confirmation: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Section):
    """A tenant's own wording of a built-in message; what is not given keeps the built-in wording."""

    subject: str | None = None
    text: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTemplates(Section):
    """The wordings of one kind by channel, and by locale and channel."""

    channels: Mapping[Channel, Template] = field(default_factory=dict)
    locales: Mapping[str, Mapping[Channel, Template]] = field(default_factory=dict)

    def of(self, channel: Channel, locale: str) -> Template | None:
        """The wording for a locale such as `fr-CA`; what it leaves out is its language's, else the one for all."""
        keys = dict.fromkeys((locale, locale.partition("-")[0]))
        nearest = [*(self.locales.get(key, {}).get(channel) for key in keys), self.channels.get(channel)]
        found = [wording for wording in nearest if wording is not None]
        if len(found) < 2:
            return found[0] if found else None
        body = next((each for each in found if each.text is not None or each.html is not None), found[0])
        subject = next((each.subject for each in found if each.subject is not None), None)
        return replace(body, subject=subject)
