"""Settings are looked at as a whole: what is wrong in one place hides nothing that is wrong in another."""

from typing import Any

import pytest

from processors.settings import parse, parse_part
from schemas.faults import Refused
from tests.unit.processors.world import PANTRY, World

RULE: dict[str, Any] = {"id": "r", "on": ["order.placed"], "to": ["contact"], "channel": "email", "text": "Hi"}
SHORT = {**RULE, "channel": "short_code", "class": "marketing"}
SMS = {"model": "per_segment", "price": "1"}
BROKEN: dict[str, Any] = {"max_segments": "x", "holidays": ["x"], "staff": 1, "kinds": {"cart": {"idle": "x"}}}
"""Sections that are wrong in themselves and touch none of those below."""

FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "words of a kind": (
        {"templates": {"document": {"email": {"text": "{{ nane }}"}}}},
        ["templates.document.email.text"],
    ),
    "words beside a wrong channel": (
        {"templates": {"document": {"fax": {"text": "x"}, "email": {"text": "{{ oops"}}}},
        ["templates.document.fax", "templates.document.email.text"],
    ),
    "words of a kind that is none": (
        {"templates": {"dokument": {"email": {"text": "{{ oops"}}}},
        ["templates.dokument", "templates.dokument.email.text"],
    ),
    "words beside other words that are none": (
        {"templates": {"document": {"email": {"subject": 3, "html": "<form>"}}}},
        ["templates.document.email.subject", "templates.document.email.html"],
    ),
    "every part of one rule": (
        {
            "rules": [
                {**RULE, "channel": "fax", "on": ["Order", 3], "when": "a = 1", "text": "{{ oops", "html": "<form>"}
            ]
        },
        ["rules.0.channel", "rules.0.on.1", "rules.0.on.0", "rules.0.text", "rules.0.html"],
    ),
    "two timings, and words": (
        {"rules": [{**RULE, "timing": {"after": "PT1H", "days_before": 1}, "text": "{{ nane }}"}]},
        ["rules.0.timing", "rules.0.text"],
    ),
    "a sender and a criterion": (
        {"rules": [{**RULE, "from": "desk", "when": "a = 1", "id": 7}]},
        ["rules.0.id", "rules.0.from", "rules.0.when"],
    ),
    "recipients, one by one": (
        {"rules": [{**RULE, "to": [1, "somebody", "+4670"]}]},
        ["rules.0.to.0", "rules.0.to.1", "rules.0.to.2"],
    ),
    "files, one by one": (
        {
            "rules": [
                {
                    **RULE,
                    "html": "x",
                    "images": [{"name": "a b", "media_type": 1, "content": ""}],
                    "attachments": [{"name": "a", "media_type": "pdf", "content": "?"}],
                }
            ]
        },
        [
            "rules.0.images.0.media_type",
            "rules.0.images.0.name",
            "rules.0.attachments.0.media_type",
            "rules.0.attachments.0.content",
        ],
    ),
    "a rule that is none, beside one": ({"rules": ["x", {**RULE, "text": None}]}, ["rules.0", "rules.1.text"]),
    "prices": (
        {
            "billing": {
                "sms": {**SMS, "price": 1},
                "voice": {"price_per_minute": "-1"},
                "spend_cap": {"per_month": "-1"},
            }
        },
        ["billing.sms.price", "currency", "billing.spend_cap.per_month", "billing.voice.price_per_minute"],
    ),
    "brands": (
        {"brands": {"a": {"header_html": "<form>"}}, "buildings": {"b": {"name": "B", "brand": "z"}, "c": 1}},
        ["brands.a.name", "buildings.c", "buildings.b.brand", "brands.a.header_html"],
    ),
    "durations of a conversation": (
        {"kinds": {**BROKEN["kinds"], "conversation": {"window": "PT0S", "max_window": "x"}}},
        ["kinds.conversation.max_window", "kinds.conversation.window"],
    ),
}


def faults(document: dict[str, Any]) -> list[str]:
    with pytest.raises(Refused) as refused:
        parse(document)
    assert len(set(refused.value.faults)) == len(refused.value.faults), "told twice"
    return [fault.path for fault in refused.value.faults]


@pytest.mark.parametrize(("change", "paths"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_told_beside_whatever_else_is_wrong(change: dict[str, Any], paths: list[str]) -> None:
    others = {"max_segments", "holidays.0", "staff", "kinds.cart.idle"}
    assert sorted(faults({**BROKEN, **change})) == sorted({*paths, *others})


CONSEQUENCES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a programme that is wrong is known": (
        {"programmes": {"STOP": {"short_code": 1}}, "rules": [{**SHORT, "programme": "STOP"}]},
        ["programmes.STOP.short_code", "programmes.STOP.name", "programmes.STOP"],
    ),
    "a section that is misspelt may hold it": (
        {"programes": {"TRUNK": {}}, "rules": [{**SHORT, "programme": "TRUNK"}]},
        ["programes"],
    ),
    "a key that is misspelt is not missing": ({"rules": [{**RULE, "txt": "Hi", "text": None}]}, ["rules.0.txt"]),
    "a mandatory key that is misspelt is not missing": (
        {"rules": [{key: value for key, value in RULE.items() if key != "channel"} | {"chanel": "email"}]},
        ["rules.0.chanel"],
    ),
    "a timing that is misspelt is one": (
        {"rules": [{**RULE, "timming": {"days_before": 1}, "business_days_only": True}]},
        ["rules.0.timming"],
    ),
    "an event that is none may have any fields": (
        {"rules": [{**RULE, "on": ["order.placed", 3], "text": "{{ nane }}"}]},
        ["rules.0.on.1"],
    ),
    "a channel that is none may take all": (
        {"rules": [{**RULE, "channel": "fax", "to": ["somebody"], "from": "x", "attachments": [], "html": "<p>"}]},
        ["rules.0.channel"],
    ),
    "a price that is none is there": (
        {"currency": "USD", "billing": {"letter": {"price_per_sheet": {"second": 1}}}},
        ["billing.letter.price_per_sheet.second"],
    ),
    "a currency that is wrong is there": ({"currency": 3, "billing": {"sms": SMS}}, ["currency"]),
    "a currency that is misspelt is there": ({"curency": "USD", "billing": {"sms": SMS}}, ["curency"]),
    "a country that is wrong dials nothing": (
        {"country": "USA", "rules": [{**RULE, "channel": "sms", "to": ["070123456"]}]},
        ["country"],
    ),
    "the name of an image is one fault, not two": (
        {
            "rules": [
                {
                    **RULE,
                    "html": '<img src="cid:log.png">',
                    "images": [{"name": "logo.png", "media_type": "image/png", "content": "iVBORw0KGgo="}],
                }
            ]
        },
        ["rules.0.html"],
    ),
}


@pytest.mark.parametrize(("document", "paths"), CONSEQUENCES.values(), ids=CONSEQUENCES)
def test_what_follows_from_another_fault_is_not_told(document: dict[str, Any], paths: list[str]) -> None:
    document = {**document, "rules": [_set(rule) for rule in document.get("rules", [])]}
    assert faults(document) == paths


def _set(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if value is not None}


def test_rules_alone_are_not_held_against_sections_that_nobody_knows() -> None:
    rules = [{**SHORT, "programme": "TRUNK"}, {**RULE, "id": "s", "channel": "sms", "to": ["070123456"]}]
    assert len(parse_part({"rules": rules}).rules) == 2
    assert faults({"rules": rules}) == ["rules.0.programme", "rules.1.to.0"]


def test_a_change_by_event_is_refused_with_every_fault() -> None:
    world = World(settings=PANTRY)
    words = {"document": {"email": {"text": "{{ oops"}}}
    world.happens("settings.changed", data={"timezone": "Mars", "templates": words, "rules": [{**RULE, "when": "a ="}]})
    [letter] = world.refused
    assert [fault.path for fault in letter.faults] == ["timezone", "templates.document.email.text", "rules.0.when"]


def test_of_very_many_faults_in_one_place_the_first_hundred_are_told_and_none_elsewhere_is_lost() -> None:
    """To guess what was meant by each of 20,000 keys held a worker for seconds."""
    strangers = {f"nmae{number}": 1 for number in range(101)}
    told = faults({**strangers, "x" * 100_000: 1, "billing": strangers, "currency": 1})
    assert told == [
        *(f"nmae{number}" for number in range(100)),
        "",
        "currency",
        *(f"billing.nmae{number}" for number in range(100)),
        "billing",
    ]


def test_a_hundred_faults_in_one_place_are_all_of_them() -> None:
    strangers = {f"nmae{number}": 1 for number in range(100)}
    assert faults({"templates": strangers}) == [*(f"templates.{key}" for key in strangers)] * 2
