"""The contract's written forms of values: instants, amounts, durations, clock times, zones, currencies, phone numbers.

Each is an annotated type for records that are parsed from JSON; a wrong value raises ValueError that repeats it.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated
from zoneinfo import available_timezones

import phonenumbers
from pydantic import BeforeValidator

from schemas.json_text import json_to_text
from schemas.near import near

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d{1,6})W|(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?)", re.ASCII
)
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>,;\"\x00-\x1f]+@[^@\s<>,;\"\x00-\x1f]+")
LONGEST_WEBHOOK = 2000
MOST_POSTAL_LINES = 10
LONGEST_POSTAL_LINE = 100
_MAILBOX = re.compile(r"(?:[^<>\r\n\x00-\x1f]*<)?([^<>]+?)>?")


LONGEST_DURATION = timedelta(days=36_525)
PLANNABLE_YEARS = range(1970, 9000)
"""Away from the ends of the calendar, where going back a day or to another zone overflows."""


def event_time_from_text(text: str) -> datetime:
    """An instant that one can count from in either direction."""
    moment = instant_from_text(text)
    if moment.year not in PLANNABLE_YEARS:
        raise ValueError(f"must be a time of the years {PLANNABLE_YEARS[0]} to {PLANNABLE_YEARS[-1]}, not {text!r}")
    return moment


def instant_from_text(text: str) -> datetime:
    """An instant of RFC 3339 in any offset, in UTC; what is finer than a microsecond is cut off."""
    moment = _moment(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"must be a time with an offset such as 2026-04-01T09:00:00Z, not {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"must be a time of the years 1 to 9999, not {text!r}") from None


def local_or_instant(text: str) -> datetime:
    """A local time (naive) or an instant with offset (aware); the caller knows which it needs."""
    moment = _moment(text)
    if moment is None:
        raise ValueError(f"must be a time such as 2026-04-01T09:00:00, not {text!r}")
    return moment


def _moment(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def decimal_to_text(value: Decimal) -> str:
    """A decimal without exponent."""
    return format(value, "f")


def decimal_from_text(text: str) -> Decimal:
    """The decimal a text says; ValueError when it says none, or one too long to be an amount."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f'must be a decimal such as "12.50" (at most 15 digits and 9 places), not {text!r}')
    return Decimal(text)


def duration_from_text(text: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds; months and years have no fixed length."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"must be a duration such as PT1H or P30D, not {text!r}")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if duration > LONGEST_DURATION:
        raise ValueError(f"must be at most a hundred years, not {text!r}")
    return duration


@lru_cache(maxsize=1024)
def duration_to_text(duration: timedelta) -> str:
    """ISO 8601 in days where it is whole ones, else in hours, minutes and seconds."""
    seconds = int(duration.total_seconds())
    if seconds and seconds % 86_400 == 0:
        return f"P{seconds // 86_400}D"
    parts = ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")


def clock_time_from_text(text: str) -> time:
    """A wall-clock time, `HH:MM`."""
    if not _CLOCK_TIME.fullmatch(text):
        raise ValueError(f'must be a clock time such as "09:00", not {text!r}')
    return time.fromisoformat(text)


def date_from_text(text: str) -> date:
    """A calendar date."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"must be a date such as 2026-04-01, not {text!r}")


@cache
def _zones() -> frozenset[str]:
    # A machine's own zone is a file among the others on some systems; no two machines need agree on it.
    return frozenset(available_timezones() - {"localtime"})


def zone_from_text(text: str) -> str:
    """The name of an IANA time zone."""
    if text not in _zones():
        raise ValueError(f"must be an IANA time zone such as Europe/Stockholm, not {text!r}{_near_zone(text)}")
    return text


def _near_zone(text: str) -> str:
    """The zone of a city that is named alone, or one that is written nearly so."""
    city = text.strip().replace(" ", "_").casefold()
    of_city = [zone for zone in sorted(_zones()) if "/" in zone and zone.rpartition("/")[2].casefold() == city]
    found = of_city[0] if of_city else near(text, _zones())
    return f"; did you mean {found!r}?" if found else ""


def locale_from_text(text: str) -> str:
    """A language tag such as `en` or `en-US`."""
    if not _LOCALE.fullmatch(text):
        raise ValueError(f"must be a locale such as en-US, not {text!r}")
    return text


def country_from_text(text: str) -> str:
    """An ISO 3166 country that has telephone numbers."""
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"must be a country code such as US, not {text!r}")
    return text


def currency_from_text(text: str) -> str:
    """The form of an ISO 4217 currency code."""
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError(f"must be a currency code such as USD, not {text!r}")
    return text


def e164_from_text(text: str) -> str:
    """A phone number in E.164."""
    if not _E164.fullmatch(text):
        raise ValueError(f"must be an E.164 number such as +12025550123, not {text!r}")
    return text


def short_code_from_text(text: str) -> str:
    """A short code of three to eight digits."""
    if not re.fullmatch(r"[0-9]{3,8}", text):
        raise ValueError(f"must be a short code of 3 to 8 digits, not {text!r}")
    return text


def email_from_text(text: str) -> str:
    """A bare email address."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"must be an email address, not {text!r}")
    return text


def mailbox_from_text(text: str) -> str:
    """An email address, with or without a display name: `Riverside <hello@riverside.example>`."""
    match = _MAILBOX.fullmatch(text)
    if match is None or not _ADDRESS.fullmatch(match[1]) or (("<" in text) != text.endswith(">")):
        raise ValueError(f"must be an email address, with or without a name, not {text!r}")
    return text


def url_from_text(text: str) -> str:
    """A web address."""
    if not re.fullmatch(r"https?://[^\s/?#@]+([/?#]\S*)?", text):
        raise ValueError(f"must be a web address such as https://portal.example/, not {text!r}")
    return text


def webhook_from_text(text: str) -> str:
    """A web address that messages are posted to: what is said there is nobody else's to read."""
    if not re.fullmatch(r"https://[^\s/?#@]+([/?#]\S*)?", text) or len(text) > LONGEST_WEBHOOK:
        raise ValueError(f"must be an address that begins with https://, not {text!r}")
    return text


def postal_from_text(text: str) -> str:
    """A postal address, its lines joined by `, ` as a letter's `to` has them; commas and line breaks part them."""
    lines = [line.strip() for line in re.split(r"[,\n]", text)]
    lines = [line for line in lines if line]
    is_short = all(len(line) <= LONGEST_POSTAL_LINE for line in lines)
    if not 2 <= len(lines) <= MOST_POSTAL_LINES or not is_short or not all(map(str.isprintable, lines)):
        raise ValueError(f"must be a postal address of 2 to {MOST_POSTAL_LINES} lines, parted by commas, not {text!r}")
    return ", ".join(lines)


def _reads(read: Callable[[str], object]) -> BeforeValidator:
    """A value that is written as text and read by this function."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            raise ValueError(f"must be text, not {json_to_text(value)}{': put it in quotes' if is_number else ''}")
        return read(value)

    return BeforeValidator(validate)


Instant = Annotated[datetime, _reads(instant_from_text)]
Amount = Annotated[Decimal, _reads(decimal_from_text)]
Duration = Annotated[timedelta, _reads(duration_from_text)]
ClockTime = Annotated[time, _reads(clock_time_from_text)]
Date = Annotated[date, _reads(date_from_text)]
Zone = Annotated[str, _reads(zone_from_text)]
Locale = Annotated[str, _reads(locale_from_text)]
Country = Annotated[str, _reads(country_from_text)]
Currency = Annotated[str, _reads(currency_from_text)]
PhoneNumber = Annotated[str, _reads(e164_from_text)]
ShortCode = Annotated[str, _reads(short_code_from_text)]
EmailAddress = Annotated[str, _reads(email_from_text)]
Mailbox = Annotated[str, _reads(mailbox_from_text)]
WebAddress = Annotated[str, _reads(url_from_text)]
