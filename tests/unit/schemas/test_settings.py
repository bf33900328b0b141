"""A tenant's settings: what a document may say, what stands where it says nothing, and each fault by its path."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.faults import Refused
from schemas.kind_settings import (
    KIND_SETTINGS,
    SHARED,
    AppointmentReminderSettings,
    CartSettings,
    ConversationSettings,
    KindSettings,
    OverdueSettings,
)
from schemas.merge_patch import merge_patch
from schemas.settings import Settings, parse_settings
from schemas.words import Channel

FULL: dict[str, Any] = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "locale": "en-US",
    "country": "US",
    "currency": "USD",
    "portal_url": "https://portal.example/riverside",
    "main_phone": "+12025550100",
    "contact_email": "desk@riverside.example",
    "smtp_contact_email": "smtp@riverside.example",
    "support_agreement_until": "2027-12-31",
    "senders": {
        "email": "Riverside <hello@riverside.example>",
        "reply_to": "desk@riverside.example",
        "sms": "+12025550111",
        "voice": "+12025550111",
        "short_code": "12345",
    },
    "brands": {"a": {"name": "Hillside Homes", "header_html": "<h1>Hillside</h1>", "address_lines": ["1 Hill Road"]}},
    "buildings": {"b1": {"name": "Hill House", "brand": "a"}},
    "staff": [
        {"id": "s1", "name": "Uma Ort", "email": "uma@riverside.example", "phone": "+12025550130", "roles": ["admin"]}
    ],
    "channels": {
        "email": {"requested": True},
        "sms": {"requested": True, "paid": True, "via": "email_then_gateway"},
        "voice": {"requested": True, "paid": True},
        "short_code": {"requested": True, "paid": True},
        "letter": {"requested": True, "auto_approve": False},
        "webhook": {"requested": True, "url": "https://hooks.example/in", "secret": "0123456789abcdef"},
    },
    "new_contacts": {"sms": True},
    "quiet_hours": {
        "start": "21:00",
        "end": "08:00",
        "zone": "tenant",
        "channels": ["sms"],
        "exempt": ["service"],
    },
    "holidays": ["2026-12-25"],
    "caps": {"marketing": {"per_day": 1, "per_week": 3}},
    "footers": {"sms": "Reply STOP to unsubscribe"},
    "smart_encoding": True,
    "max_segments": 4,
    "letter": {"class": "first"},
    "billing": {
        "sms": {"model": "block", "size": 500, "price": "25.00", "count": "messages", "anchor": "2026-04-01"},
        "letter": {"price_per_sheet": {"first": "0.80"}},
        "voice": {"price_per_minute": "0.03"},
        "spend_cap": {"per_month": "500.00"},
    },
    "approvals": {"bulk": True, "four_eyes_from": 10000, "expires_after": "P30D", "post_batch_minutes": 30},
    "kinds": {
        "appointment_reminder": {"sms_hours_before": 24, "late_policy": "send_now", "number": "primary"},
        "cart": {"idle": "PT1H", "warning": "PT24H", "expire": "PT48H"},
        "cart_expired": {"enabled": False, "category": "marketing"},
        "conversation": {"window": "PT2M"},
        "invoice_overdue": {"days": [3], "at": "10:30"},
    },
    "rules": [
        {
            "id": "confirm-order",
            "project": "spring",
            "on": ["order.placed"],
            "when": "order.outcome == 'Order'",
            "to": ["contact", "role:bride", "staff:approver", "field:customer.manager_email", "sales@callco.example"],
            "channel": "email",
            "class": "transactional",
            "from": "Sales <sales@callco.example>",
            "subject": "Your order {{ order.number }}",
            "text": "Thank you.",
            "html": "<p>Thank you.</p>",
            "attachments": [{"name": "terms.pdf", "media_type": "application/pdf", "content": "JVBERi0="}],
            "timing": {"days_before": 1},
            "business_days_only": True,
        },
        {
            "id": "trunk",
            "on": ["booking.created"],
            "to": ["contact"],
            "channel": "short_code",
            "class": "marketing",
            "programme": "TRUNK",
            "text": "Trunk show!",
            "outcome": "No answer",
            "attempt": 2,
            "exclusive_group": "welcome",
            "timing": {"after": "PT2H"},
            "rebooking_interval": "PT10M",
            "late_policy": "send_now",
        },
    ],
    "programmes": {
        "TRUNK": {"short_code": "12345", "name": "Trunk shows", "confirmation": "Welcome.", "help": "Call."}
    },
    "templates": {
        "order_confirmation": {
            "email": {"subject": "Ordered", "text": "Thanks.", "html": "<p>Thanks.</p>"},
            "fr": {"email": {"subject": "Commande"}},
            "fr-CA": {"email": {"subject": "Commande (Canada)"}},
        }
    },
}


def faults(change: dict[str, Any]) -> list[str]:
    """What is wrong with the full settings after a merge patch; lists are replaced whole."""
    with pytest.raises(Refused) as caught:
        parse_settings(merge_patch(FULL, change), {})
    return list(map(str, caught.value.faults))


def test_every_key_of_the_settings_is_in_the_full_example() -> None:
    assert set(FULL) == {*Settings.__dataclass_fields__}


def test_a_document_becomes_typed_settings() -> None:
    settings = parse_settings(FULL, {})
    assert settings.support_agreement_until == date(2027, 12, 31)
    assert settings.quiet_hours is not None
    assert settings.quiet_hours.start == time(21)
    assert settings.approvals.expires_after == timedelta(days=30)
    assert settings.channels[Channel.SMS].via == "email_then_gateway"
    assert settings.billing.spend_cap is not None
    assert settings.billing.spend_cap.per_month == Decimal("500.00")
    assert settings.letter.class_ == "first"
    first, second = settings.rules
    assert (first.timing.clock_time, first.timing.field, first.timing.is_at_once) == (time(13), "starts_at", False)
    assert (second.outcome, second.rebooking_interval) == (("No answer",), timedelta(minutes=10))
    assert second.timing.after == timedelta(hours=2)


def test_an_empty_document_stands_for_the_defaults_of_the_contract() -> None:
    settings = parse_settings({}, {})
    assert settings.approvals.bulk is True
    assert settings.approvals.four_eyes_from is None
    assert settings.approvals.expires_after == timedelta(days=30)
    assert settings.approvals.post_batch_minutes == 30
    assert settings.max_segments == 8
    assert settings.new_contacts.sms is False
    assert (settings.quiet_hours, settings.caps, settings.footers, settings.rules) == (None, {}, {}, ())


def test_quiet_hours_and_text_prices_have_their_defaults() -> None:
    sms = {"model": "per_segment", "price": "0.02"}
    given = {"currency": "USD", "quiet_hours": {"start": "21:00", "end": "08:00"}, "billing": {"sms": sms}}
    settings = parse_settings(given, {})
    assert settings.quiet_hours is not None
    assert (settings.quiet_hours.zone, settings.quiet_hours.exempt) == ("recipient", ())
    assert settings.quiet_hours.channels == (Channel.SMS, Channel.VOICE)
    assert settings.billing.sms is not None
    assert (settings.billing.sms.segment_model, settings.billing.sms.prepaid) == ("gsm0338", False)


@pytest.mark.parametrize("kind", sorted(KIND_SETTINGS))
def test_every_kind_has_its_defaults_where_nothing_is_set(kind: str) -> None:
    own = parse_settings({}, {}).kinds[kind]
    assert own == KIND_SETTINGS[kind]()
    assert own.category == "service"
    assert own.enabled is (kind != "route_started")


@pytest.mark.parametrize("kind", sorted(KIND_SETTINGS))
def test_every_kind_can_be_switched_off_and_sorted_otherwise(kind: str) -> None:
    plain = {"kinds": {kind: {"enabled": False, "category": "marketing", "number": "mobile"}}}
    own = parse_settings(plain, {}).kinds[kind]
    assert (own.enabled, own.category, own.number) == (False, "marketing", "mobile")


def test_kinds_are_typed_with_their_own_defaults() -> None:
    kinds = parse_settings(FULL, {}).kinds
    assert kinds["appointment_reminder"] == AppointmentReminderSettings(
        sms_hours_before=24, late_policy="send_now", number="primary"
    )
    assert kinds["conversation"] == ConversationSettings(window=timedelta(minutes=2))
    assert kinds["invoice_overdue"] == OverdueSettings(days=(3,), at=time(10, 30))
    assert kinds["quote_overdue"] == OverdueSettings(days=(1, 7, 14), at=time(9))


def test_the_stages_of_a_cart_share_its_times_and_may_differ_in_the_rest() -> None:
    kinds = parse_settings(FULL, {}).kinds
    times = {"idle": timedelta(hours=1), "warning": timedelta(hours=24), "expire": timedelta(hours=48)}
    assert kinds["cart_idle"] == CartSettings(**times)
    assert kinds["cart_expired"] == CartSettings(**times, enabled=False, category="marketing")
    assert set(SHARED.values()) == {"cart"}


def test_a_kind_of_ones_own_is_known_when_it_is_given() -> None:
    assert parse_settings({"kinds": {"birthday": {}}}, {"birthday": KindSettings}).kinds["birthday"] == KindSettings()


def test_templates_go_by_locale_then_language_then_for_all() -> None:
    settings = parse_settings(FULL, {})
    found = [settings.templates_for("order_confirmation", Channel.EMAIL, locale) for locale in ("fr-CA", "fr-FR", "de")]
    assert [template.subject if template else None for template in found] == [
        "Commande (Canada)",
        "Commande",
        "Ordered",
    ]
    assert settings.templates_for("order_confirmation", Channel.SMS, None) is None
    assert settings.templates_for("document", Channel.EMAIL, None) is None


RULE = {"id": "r", "on": ["item.ready"], "to": ["contact"], "channel": "email", "text": "Ready."}
TEXT_RULE = {**RULE, "channel": "sms"}
FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown key": ({"quiet_hourz": {}}, ["quiet_hourz: unknown key"]),
    "unknown key inside": ({"billing": {"fax": {}}}, ["billing.fax: unknown key"]),
    "unknown key in a list": ({"staff": [{"id": "s1", "rolls": []}]}, ["staff.0.rolls: unknown key"]),
    "unknown kind": ({"kinds": {"pigeon": {}}}, ["kinds.pigeon: unknown kind"]),
    "unknown key of a kind": ({"kinds": {"document": {"idle": "PT1H"}}}, ["kinds.document.idle: unknown key"]),
    "late_policy of a kind never late": (
        {"kinds": {"document": {"late_policy": "skip"}}},
        ["kinds.document.late_policy: unknown key"],
    ),
    "durations of one stage": ({"kinds": {"cart_idle": {"idle": "PT1H"}}}, ["kinds.cart_idle.idle: unknown key"]),
    "kind that is no map": ({"kinds": {"document": 1}}, ["kinds.document: must be a map, not 1"]),
    "idle after warning": (
        {"kinds": {"cart": {"idle": "PT30H"}}},
        ["kinds.cart.idle: must be shorter than warning: PT30H against P1D"],
    ),
    "idle as long as expire, without warning": (
        {"kinds": {"cart": {"idle": "PT48H", "warning": None}}},
        ["kinds.cart.idle: must be shorter than expire: P2D against P2D"],
    ),
    "duration in words": (
        {"kinds": {"cart": {"idle": "1 hour"}}},
        ["kinds.cart.idle: must be a duration such as PT1H or P30D, not '1 hour'"],
    ),
    "duration of months": (
        {"approvals": {"expires_after": "P1M"}},
        ["approvals.expires_after: must be a duration such as PT1H or P30D, not 'P1M'"],
    ),
    "no duration at all": (
        {"approvals": {"expires_after": "PT0S"}},
        ["approvals.expires_after: must be longer than nothing"],
    ),
    "window longer than max_window": (
        {"kinds": {"conversation": {"window": "PT20M"}}},
        ["kinds.conversation.window: must not be longer than max_window: PT20M against PT15M"],
    ),
    "negative hours": (
        {"kinds": {"appointment_reminder": {"sms_hours_before": -1}}},
        ["kinds.appointment_reminder.sms_hours_before: must be more than 0, not -1"],
    ),
    "hours as text": (
        {"kinds": {"appointment_reminder": {"sms_hours_before": "24"}}},
        ['kinds.appointment_reminder.sms_hours_before: must be a number, not "24"'],
    ),
    "true as a number": (
        {"approvals": {"post_batch_minutes": True}},
        ["approvals.post_batch_minutes: must be a whole number, not true"],
    ),
    "one as true": ({"smart_encoding": 1}, ["smart_encoding: must be true or false, not 1"]),
    "a day twice": (
        {"kinds": {"quote_overdue": {"days": [1, 1]}}},
        ["kinds.quote_overdue.days: names a day twice: [1, 1]"],
    ),
    "clock time": (
        {"kinds": {"quote_overdue": {"at": "9:00"}}},
        ["kinds.quote_overdue.at: must be a clock time such as \"09:00\", not '9:00'"],
    ),
    "zone": (
        {"timezone": "New York"},
        ["timezone: must be an IANA time zone such as Europe/Stockholm, not 'New York'"],
    ),
    "locale": ({"locale": "english"}, ["locale: must be a locale such as en-US, not 'english'"]),
    "country": ({"country": "USA"}, ["country: must be a country code such as US, not 'USA'"]),
    "currency": ({"currency": "dollars"}, ["currency: must be a currency code such as USD, not 'dollars'"]),
    "no currency": ({"currency": None}, ["currency: is missing: billing needs it"]),
    "phone": (
        {"main_phone": "202-555-0100"},
        ["main_phone: must be an E.164 number such as +12025550123, not '202-555-0100'"],
    ),
    "short code": (
        {"senders": {"short_code": "12a"}},
        ["senders.short_code: must be a short code of 3 to 8 digits, not '12a'"],
    ),
    "sender": (
        {"senders": {"email": "Riverside <hello>"}},
        ["senders.email: must be an email address, with or without a name, not 'Riverside <hello>'"],
    ),
    "sender with a line break": (
        {"senders": {"email": "Riverside\r\nBcc: x@example.org <hello@riverside.example>"}},
        ["senders.email: must be an email address, with or without a name, not"],
    ),
    "address": ({"contact_email": "desk"}, ["contact_email: must be an email address, not 'desk'"]),
    "web address": (
        {"portal_url": "portal.example"},
        ["portal_url: must be a web address such as https://portal.example/"],
    ),
    "date": (
        {"holidays": ["2026-02-30"]},
        ["holidays.0: must be a date such as 2026-04-01, not '2026-02-30'"],
    ),
    "price as a number": (
        {"billing": {"voice": {"price_per_minute": 0.03}}},
        ["billing.voice.price_per_minute: must be text, not 0.03"],
    ),
    "price below nothing": (
        {"billing": {"spend_cap": {"per_month": "-1"}}},
        ["billing.spend_cap.per_month: must not be negative: -1"],
    ),
    "block without its size": (
        {"billing": {"sms": {"size": None, "anchor": None}}},
        ["billing.sms.size: is missing: model block needs it", "billing.sms.anchor: is missing: model block needs it"],
    ),
    "prepaid blocks": (
        {"billing": {"sms": {"prepaid": True}}},
        ["billing.sms.prepaid: only goes with model per_segment"],
    ),
    "size of a segment": (
        {"billing": {"sms": {"model": "per_segment", "count": None, "anchor": None}}},
        ["billing.sms.size: only goes with model block"],
    ),
    "no price for the tenant's class": (
        {"letter": {"class": "second"}},
        ["billing.letter.price_per_sheet: has no price for the class of the tenant's letters, 'second'"],
    ),
    "unknown channel": (
        {"channels": {"fax": {"requested": True}}},
        ['channels.fax: must be one of email, sms, short_code, voice, letter, webhook, not "fax"'],
    ),
    "key of another channel": ({"channels": {"email": {"via": "gateway"}}}, ["channels.email.via: unknown key"]),
    "webhook to nowhere": (
        {"channels": {"webhook": {"url": None}}},
        ["channels.webhook.url: is missing: a webhook needs an address"],
    ),
    "a day without end": (
        {"quiet_hours": {"end": "21:00"}},
        ["quiet_hours.end: must differ from start, both are 21:00"],
    ),
    "footer of mail": ({"footers": {"email": "Bye"}}, ["footers.email: unknown key: only texts have footers"]),
    "staff twice": ({"staff": [{"id": "s1"}, {"id": "s1"}]}, ["staff.1.id: stands twice: 's1'"]),
    "building of no brand": ({"buildings": {"b1": {"brand": "z"}}}, ["buildings.b1.brand: is no key of brands: 'z'"]),
    "secret that is a number": (
        {"channels": {"webhook": {"secret": 1234567890123456}}},
        ["channels.webhook.secret: must be text, not •••: put it in quotes"],
    ),
    "template of no kind": ({"templates": {"pigeon": {"email": {"text": "x"}}}}, ["templates.pigeon: unknown kind"]),
    "template of no channel": (
        {"templates": {"document": {"fax!": {"text": "x"}}}},
        ["templates.document.fax!: is neither a channel nor a locale"],
    ),
    "unknown part of a template": (
        {"templates": {"document": {"email": {"body": "x"}}}},
        ["templates.document.email.body: unknown key"],
    ),
    "rules that are no list": ({"rules": {}}, ["rules: must be a list, not {}"]),
    "rule id twice": ({"rules": [RULE, RULE]}, ["rules.1.id: is the id of rules.0 too: 'r'"]),
    "text rule with criteria": (
        {"rules": [{**TEXT_RULE, "when": "vip"}]},
        ["rules.0.when: a rule of channel sms has no criteria, got 'vip'"],
    ),
    "text rule with attachments": (
        {"rules": [{**TEXT_RULE, "attachments": [{"name": "a", "media_type": "b", "content": ""}]}]},
        ["rules.0.attachments: a rule of channel sms has no attachments"],
    ),
    "marketing by text": (
        {"rules": [{**TEXT_RULE, "class": "marketing"}]},
        ["rules.0.class: class_not_allowed_on_sender: marketing goes by short_code or email, not by sms"],
    ),
    "alert by short code": (
        {"rules": [{**RULE, "channel": "short_code"}]},
        ["rules.0.class: class_not_allowed_on_sender: a short code carries marketing only"],
    ),
    "programme of another channel": (
        {"rules": [{**RULE, "programme": "TRUNK"}]},
        ["rules.0.programme: only goes with channel short_code, not email"],
    ),
    "programme that is none": (
        {"rules": [{**RULE, "channel": "short_code", "class": "marketing", "programme": "ZZZ"}]},
        ["rules.0.programme: is no key of programmes: 'ZZZ'"],
    ),
    "rule that says nothing": (
        {"rules": [{**RULE, "text": None}]},
        ["rules.0.text: is missing: rule 'r' says nothing"],
    ),
    "rule for nobody": ({"rules": [{**RULE, "to": []}]}, ["rules.0.to: must not be empty"]),
    "rule for a stranger": (
        {"rules": [{**RULE, "to": ["somebody"]}]},
        ["rules.0.to.0: must be contact, role:<name>, staff:<role>, field:<path> or an address, not 'somebody'"],
    ),
    "rule on no event": (
        {"rules": [{**RULE, "on": ["Order"]}]},
        ["rules.0.on.0: is no event type such as order.placed: 'Order'"],
    ),
    "two timings": (
        {"rules": [{**RULE, "timing": {"days_before": 1, "after": "PT1H"}}]},
        ["rules.0.timing: counts in more than one way: days_before, after"],
    ),
    "now and later": (
        {"rules": [{**RULE, "timing": {"at": "now", "after": "PT1H"}}]},
        ["rules.0.timing.at: is now, and after says otherwise"],
    ),
    "a clock time of no day": (
        {"rules": [{**RULE, "timing": {"at": "13:00"}}]},
        ["rules.0.timing.at: a clock time only goes with days_before"],
    ),
    "at some time": (
        {"rules": [{**RULE, "timing": {"at": "noon"}}]},
        ["rules.0.timing.at: must be a clock time such as \"09:00\", not 'noon'"],
    ),
    "rebooking of an order": (
        {"rules": [{**RULE, "rebooking_interval": "PT10M"}]},
        ["rules.0.rebooking_interval: only goes with booking events"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], expected: list[str]) -> None:
    found = faults(change)
    assert len(found) == len(expected), found
    for one, start in zip(found, expected, strict=True):
        assert one.startswith(start)


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        {
            "timezone": "Mars",
            "flavour": 1,
            "kinds": {"cart": {"idle": "PT30H"}, "pigeon": {}},
            "rules": [{**TEXT_RULE, "when": "vip"}, {"id": "x"}],
            "staff": [{"id": "s1", "email": "x"}],
        }
    )
    assert sorted(line.partition(":")[0] for line in found) == [
        "flavour",
        "kinds.cart.idle",
        "kinds.pigeon",
        "rules.0.when",
        "rules.1.channel",
        "rules.1.on",
        "rules.1.to",
        "staff.0.email",
        "timezone",
    ]
