"""Dates and times as the recipient reads them: filters for templates, by locale and zone."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import babel
from babel.dates import format_date, format_time
from jinja2 import pass_context
from jinja2.runtime import Context

from processors.local_time import instant, on_wall_clock

LOCALE, TIMEZONE = "_locale", "_timezone"
"""Names under which a message's variables carry the recipient's locale and the zone of the event."""


@pass_context
def date(context: Context, moment: str) -> str:
    """`2026-06-10T15:00:00-04:00` as `Wednesday, June 10, 2026`."""
    return format_date(_local(context, moment), format="full", locale=_locale(context))


@pass_context
def clock(context: Context, moment: str) -> str:
    """`2026-06-10T15:00:00-04:00` as `3:00 PM`."""
    return format_time(_local(context, moment), format="short", locale=_locale(context)).replace("\u202f", " ")


FILTERS: Mapping[str, Callable[..., Any]] = {"date": date, "clock": clock}


def _local(context: Context, moment: str) -> datetime:
    timezone = str(context[TIMEZONE])
    return on_wall_clock(instant(moment, timezone), timezone).replace(tzinfo=None)


def _locale(context: Context) -> str:
    wanted = str(context[LOCALE]).replace("-", "_")
    return babel.negotiate_locale([wanted], babel.localedata.locale_identifiers()) or "en_US"
