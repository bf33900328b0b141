"""The written forms of values: what is read, what is refused, and that writing and reading agree."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import values

READ: list[tuple[Callable[[str], object], str, object]] = [
    (values.duration_from_text, "PT1H", timedelta(hours=1)),
    (values.duration_from_text, "P30D", timedelta(days=30)),
    (values.duration_from_text, "P2W", timedelta(weeks=2)),
    (values.duration_from_text, "P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    (values.instant_from_text, "2026-04-01T09:00:00+02:00", datetime(2026, 4, 1, 7, tzinfo=UTC)),
    (values.instant_from_text, "2026-04-01t09:00:00.5z", datetime(2026, 4, 1, 9, 0, 0, 500_000, tzinfo=UTC)),
    (values.instant_from_text, "2026-04-01T09:00:00.123456789Z", datetime(2026, 4, 1, 9, 0, 0, 123_456, tzinfo=UTC)),
    (values.decimal_from_text, "-0.020", Decimal("-0.020")),
    (values.mailbox_from_text, "Shop <hello@shop.example>", "Shop <hello@shop.example>"),
    (values.mailbox_from_text, "hello@shop.example", "hello@shop.example"),
    (values.locale_from_text, "zh-Hant-TW", "zh-Hant-TW"),
    (values.country_from_text, "SE", "SE"),
    (values.url_from_text, "http://127.0.0.1:8080/hook?x=1", "http://127.0.0.1:8080/hook?x=1"),
]
REFUSED: list[tuple[Callable[[str], object], str]] = [
    (values.duration_from_text, "P"),
    (values.duration_from_text, "PT"),
    (values.duration_from_text, "P1DT"),
    (values.duration_from_text, "P1Y"),
    (values.duration_from_text, "P1W2D"),
    (values.duration_from_text, "-PT1H"),
    (values.duration_from_text, "PT1.5H"),
    (values.duration_from_text, "PT9999999H"),
    (values.duration_from_text, "P999999W"),
    (values.duration_from_text, "PT١H"),
    (values.instant_from_text, "2026-04-01"),
    (values.instant_from_text, "2026-04-01 09:00:00Z"),
    (values.instant_from_text, "2026-04-01T24:00:00Z"),
    (values.instant_from_text, "9999-12-31T23:59:59-01:00"),
    (values.decimal_from_text, "1e3"),
    (values.decimal_from_text, "1,00"),
    (values.decimal_from_text, "٣"),
    (values.decimal_from_text, "NaN"),
    (values.e164_from_text, "+0123456789"),
    (values.e164_from_text, "+1202555012٣"),
    (values.mailbox_from_text, "Shop <hello@shop.example"),
    (values.mailbox_from_text, "hello@shop.example>"),
    (values.mailbox_from_text, "a@b.example, c@d.example"),
    (values.email_from_text, "a b@shop.example"),
    (values.url_from_text, "ftp://portal.example"),
    (values.url_from_text, "https://"),
    (values.zone_from_text, "../etc/passwd"),
    (values.zone_from_text, "localtime"),
    (values.currency_from_text, "usd"),
]


@pytest.mark.parametrize(("read", "text", "value"), READ)
def test_a_value_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(("read", "text"), REFUSED)
def test_what_is_no_value_is_refused_and_repeated(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        read(text)
    assert repr(text) in str(caught.value)


@given(st.timedeltas(timedelta(0), timedelta(days=10_000)).map(lambda one: timedelta(seconds=int(one.total_seconds()))))
def test_a_duration_that_is_written_reads_the_same(duration: timedelta) -> None:
    assert values.duration_from_text(values.duration_to_text(duration)) == duration
