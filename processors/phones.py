"""Phone numbers: what people type becomes E.164, by the tenant's country. The only door to `phonenumbers`."""

from functools import lru_cache

import phonenumbers

from schemas.faults import Fault, Refused
from schemas.values import email_from_text, postal_from_text, webhook_from_text
from schemas.words import Channel


@lru_cache(maxsize=65_536)
def e164(number: str, country: str | None) -> str:
    """The number in E.164; raises Refused when it is none that could be dialled from `country`."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException as error:
        raise Refused(Fault(path="number", reason=f"{number!r} is no phone number: {error}")) from error
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Refused(Fault(path="number", reason=f"{number!r} has not the length of a phone number of {country}"))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def canonical_address(address: str, country: str | None) -> str:
    """An address as messages carry it: emails and short codes as they are, numbers in E.164 where possible."""
    text = address.strip()
    if "@" in text or len(text) <= 6:
        return text
    try:
        return e164(text, country)
    except Refused:
        return text


def dialled(text: str, channel: Channel, country: str | None) -> str | None:
    """The address on a channel that somebody wrote by hand; None for what is none."""
    try:
        match channel:
            case Channel.LETTER:
                return postal_from_text(text)
            case Channel.WEBHOOK:
                return webhook_from_text(text.strip())
            case Channel.EMAIL:
                return email_from_text(text.strip())
            case _:
                return e164(text.strip(), country)
    except (Refused, ValueError):
        return None
