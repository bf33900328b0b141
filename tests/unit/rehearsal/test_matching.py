"""What was expected against what happened (contract section 10, Reading and matching)."""

from typing import Any

import pytest

from schemas.validation import parse
from tidings.rehearsal.agreement import agrees, disagreements, reasons_agree
from tidings.rehearsal.expectation import Expectation
from tidings.rehearsal.matching import differences
from tidings.rehearsal.outcome import Outcome
from tidings.rehearsal.pairing import pairs

NOTHING: dict[str, Any] = {
    part: [] for part in ("messages", "decisions", "statuses", "usage", "invoices", "campaigns", "consents", "refused")
}
ANN = {"at": "2026-06-01T10:00:00Z", "kind": "k", "to": "ann@x.example", "subject": "Rice", "text": "two\nbags"}
BOB = {"at": "2026-06-01T11:00:00Z", "kind": "k", "to": "bob@x.example", "subject": "Oats", "text": "one bag"}


def said(expect: dict[str, Any], **happened: list[dict[str, Any]]) -> list[str]:
    found = differences(parse(Expectation, expect), Outcome(**{**NOTHING, **happened}))
    return [str(difference) for difference in found]


@pytest.mark.parametrize(
    ("wanted", "found", "field", "is_same"),
    [
        ("2026-06-01T10:00:00-04:00", "2026-06-01T14:00:00Z", "at", True),
        ("2026-06-01T10:00:00-04:00", "2026-06-01T14:00:01Z", "at", False),
        ("opted_out", "opted_out:all", "reason", True),
        ("opted_out:all", "opted_out:marketing", "reason", False),
        ("opted", "opted_out:all", "reason", False),
        ("expired:2026-06-01T10:00:00-04:00", "expired:2026-06-01T14:00:00Z", "reason", True),
        ("0.04", "0.040", "amount", True),
        ("0.04", "0.05", "amount", False),
        ("0.04", "0.040", "text", False),
        (2, 2, "units", True),
        (1, True, "units", False),
        (True, 1, "edited", False),
        ("1", 1, "period", False),
        (None, None, "subject", True),
        ({"kind": "staff"}, {"kind": "staff", "id": "s1"}, "actor", True),
        ({"kind": "staff"}, {"id": "s1"}, "actor", False),
        ([{"name": "a.pdf"}], [{"name": "a.pdf", "content": ""}], "attachments", True),
        ([{"name": "a.pdf"}], [], "attachments", False),
        (["a", "b"], ["b", "a"], "roles", False),
        (["a", "b"], ["b", "a"], "opted_out", True),
        ({}, "text", "facts", False),
    ],
)
def test_values_agree_by_what_they_mean(wanted: object, found: object, field: str, is_same: bool) -> None:
    assert agrees(wanted, found, field) is is_same


def test_a_reason_named_without_its_parameter_matches_any() -> None:
    assert reasons_agree("setting_off", "setting_off:email_hours_before")
    assert not reasons_agree("setting_off:email_hours_before", "setting_off")


@pytest.mark.parametrize(
    ("key", "value", "holds"),
    [
        ("contains", ["Rice", "bags"], True),
        ("contains", ["bags", "Rice"], False),
        ("contains", "Rice\ntwo", True),
        ("contains", ["<b>Rice</b>", "tail"], True),
        ("contains", ["two", "tail"], False),
        ("contains", [], True),
        ("lacks", ["Oats"], True),
        ("lacks", ["Oats", "tail"], False),
        ("lacks", "bags", False),
        ("subject_contains", ["Rice"], True),
        ("subject_contains", ["bags"], False),
    ],
)
def test_texts_are_searched_in_order_in_subject_then_text_or_in_html(key: str, value: object, holds: bool) -> None:
    message = {**ANN, "html": "<b>Rice</b> tail"}
    assert (disagreements({key: value}, message) == []) is holds


def test_messages_are_an_exact_multiset() -> None:
    assert said({"messages": [{"to": "ann@x.example"}, {"kind": "k"}]}, messages=[ANN, BOB]) == []
    assert said({"messages": [{"kind": "k"}, {"to": "ann@x.example"}]}, messages=[ANN, BOB]) == []
    assert said({"messages": [{"kind": "k"}, {"kind": "k"}]}, messages=[ANN, ANN]) == []
    assert len(said({"messages": [{"kind": "k"}]}, messages=[ANN, BOB])) == 1
    assert len(said({"messages": [{"kind": "k"}, {"kind": "k"}, {"kind": "k"}]}, messages=[ANN, BOB])) == 1
    assert said({"messages": []}) == []
    assert said({}, messages=[ANN]) == []


def test_a_difference_shows_what_was_wanted_the_nearest_and_what_differs() -> None:
    (text,) = said({"messages": [{"at": "2026-06-01T11:00:00+02:00", "to": "ann@x.example"}]}, messages=[ANN])[:1]
    assert text.splitlines() == [
        "messages[0]: did not happen",
        '  expected {at: "2026-06-01T11:00:00+02:00", to: "ann@x.example"}',
        '  nearest  {at: "2026-06-01T10:00:00Z", kind: "k", to: "ann@x.example", subject: "Rice", text: "two\\nbags"}',
        '    at: expected "2026-06-01T11:00:00+02:00", was "2026-06-01T10:00:00Z"',
    ]


def test_a_message_that_did_not_happen_comes_with_the_reasons_given_for_its_kind() -> None:
    dropped = {"kind": "k", "channel": "email", "outcome": "dropped", "reason": "opted_out:all"}
    other, sent = {**dropped, "kind": "other"}, {**dropped, "reason": None}
    (text,) = said({"messages": [{"kind": "k", "to": "cy@x.example"}]}, decisions=[other, dropped, sent])
    assert text.splitlines()[2:] == [
        '  decided {kind: "k", channel: "email", outcome: "dropped", reason: "opted_out:all"}'
    ]


@pytest.mark.parametrize("part", ["decisions", "invoices", "statuses"])
def test_each_expected_one_occurs_and_others_may_too(part: str) -> None:
    happened = {part: [{"tenant": "a"}, {"tenant": "b"}]}
    assert said({part: [{"tenant": "a"}, {"tenant": "a"}]}, **happened) == []
    assert len(said({part: [{"tenant": "c"}]}, **happened)) == 1
    assert len(said({part: [{"tenant": "c"}]})) == 1


def test_no_decisions_names_the_one_that_occurs() -> None:
    dropped = [{"kind": "k", "outcome": "dropped"}]
    assert said({"no_decisions": [{"kind": "k", "outcome": "sent"}]}, decisions=dropped) == []
    (text,) = said({"no_decisions": [{"kind": "k"}]}, decisions=dropped)
    assert text.startswith('no_decisions[0]: occurs: {kind: "k"}')


def test_an_address_without_a_record_has_empty_lists() -> None:
    stopped = [{"tenant": "t", "address": "+1", "opted_out": ["all"], "opted_in": []}]
    assert said({"consents": [{"tenant": "t", "address": "+2", "opted_out": []}]}, consents=stopped) == []
    assert len(said({"consents": [{"tenant": "t", "address": "+1", "opted_out": []}]}, consents=stopped)) == 1


def test_refused_looks_for_its_text_in_path_and_reason() -> None:
    refused = [{"type": "settings.changed", "errors": [{"path": "kinds.cart.idle", "reason": "must be less"}]}]
    assert said({"refused": [{"type": "settings.changed", "contains": "idle"}]}, refused=refused) == []
    assert said({"refused": [{"contains": "must be"}]}, refused=refused) == []
    assert len(said({"refused": [{"contains": "warning"}]}, refused=refused)) == 1


def test_usage_is_the_sum_of_a_channel() -> None:
    used = [
        {"tenant": "t", "channel": "sms", "units": 2, "amount": "0.04"},
        {"tenant": "t", "channel": "sms", "units": 1, "amount": "0.02"},
        {"tenant": "u", "channel": "sms", "units": 9, "amount": "9"},
    ]
    assert said({"usage": {"t": {"sms": {"units": 3, "amount": "0.06"}}}}, usage=used) == []
    assert said({"usage": {"t": {"email": {"units": 0, "amount": "0.00"}}}}, usage=used) == []
    assert said({"usage": {"t": {"sms": {"units": 2}}}}, usage=used) == [
        "usage.t.sms: units: expected 2, was 3 (of 2 entries)"
    ]


def campaign(tenant: str, **states: list[str]) -> dict[str, Any]:
    rows = [{"row": row, "state": state} for state, named in states.items() for row in named]
    return {"tenant": tenant, "campaign": "c", "rows": rows, "failed": [{"account": "9", "reason": "no_address:email"}]}


def test_campaigns_are_exact_per_state_named() -> None:
    happened = [campaign("t", new=["2", "1"], sent=["3"])]
    assert said({"campaigns": {"c": {"rows": {"new": ["1", "2"], "error": []}}}}, campaigns=happened) == []
    assert (
        said({"campaigns": {"t/c": {"failed": [{"account": "9", "reason": "no_address"}]}}}, campaigns=happened) == []
    )
    assert said({"campaigns": {"c": {"rows": {"new": ["1"]}}}}, campaigns=happened) == [
        "campaigns.c.rows.new: expected ['1'], was ['1', '2']"
    ]
    assert len(said({"campaigns": {"c": {"failed": []}}}, campaigns=happened)) == 1


def test_a_campaign_of_two_tenants_must_be_named_with_one() -> None:
    happened = [campaign("t", new=["1"]), campaign("u", new=["2"])]
    assert said({"campaigns": {"u/c": {"rows": {"new": ["2"]}}}}, campaigns=happened) == []
    (text,) = said({"campaigns": {"c": {"rows": {}}}}, campaigns=happened)
    assert "is ambiguous" in text


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ([], 0),
        ([[0, 1], [0]], 2),
        ([[0], [0]], 1),
        ([[0, 1], [1, 2], [0], [2]], 3),
        ([[1], [0, 1], [0, 2], [2, 3]], 4),
        ([[n, n + 1] for n in range(2000)] + [[0]], 2001),
    ],
)
def test_as_many_pairs_as_there_can_be(options: list[list[int]], most: int) -> None:
    found = pairs(options)
    assert len(found) == most
    assert len(set(found.values())) == most
    assert all(right in options[left] for left, right in found.items())
