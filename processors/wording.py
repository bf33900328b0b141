"""Dates and times as the recipient reads them, by locale and zone, and known currencies; the only door to Babel."""

import datetime
from functools import lru_cache

import babel
from babel.core import get_global
from babel.dates import format_date, format_time
from babel.localedata import locale_identifiers

from processors.local_time import instant, on_wall_clock

LOCALE, TIMEZONE = "_locale", "_timezone"
"""Names under which a message's variables carry the recipient's locale and the zone of the event."""
# Subject, text and html of one message name the same moment, and many messages the same day and the same hour: Babel is
# asked once for each of them.


@lru_cache(maxsize=4096)
def date(moment: str, timezone: str, locale: str) -> str:
    """`2026-06-10T15:00:00-04:00` as `Wednesday, June 10, 2026`."""
    return _day(_local(moment, timezone).date(), locale)


@lru_cache(maxsize=4096)
def clock(moment: str, timezone: str, locale: str) -> str:
    """`2026-06-10T15:00:00-04:00` as `3:00 PM`; CLDR's narrow space becomes a plain one, which GSM-7 knows."""
    return _hour(_local(moment, timezone).time(), locale)


@lru_cache(maxsize=4096)
def _day(day: datetime.date, locale: str) -> str:
    return format_date(day, format="full", locale=_known(locale))


@lru_cache(maxsize=4096)
def _hour(hour: datetime.time, locale: str) -> str:
    return format_time(hour, format="short", locale=_known(locale)).replace("\u202f", " ")


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has, or had, a currency of this code."""
    return code in get_global("all_currencies")


@lru_cache(maxsize=4096)
def _local(moment: str, timezone: str) -> datetime.datetime:
    return on_wall_clock(instant(moment, timezone), timezone).replace(tzinfo=None)


@lru_cache(maxsize=256)
def _known(locale: str) -> str:
    """The nearest locale that has words; English where there is none."""
    return babel.negotiate_locale([locale.replace("-", "_")], locale_identifiers()) or "en_US"
