import json

import pytest

from tidings.events_text import events_in


def event(id_: str, **fields: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": id_,
        "type": "order.completed",
        "tenant": "pantry",
        "subject": "c1",
        "time": "2026-03-01T12:00:00Z",
        "data": {"order_id": "o1", "items": [{"name": "Rice", "quantity": 1}]},
    }
    return whole | fields


ONE, TWO = event("e1"), event("e2")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        f" \n{json.dumps([ONE, TWO])}\n\n",
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}",
        f"{json.dumps(ONE)}\r\n\r\n{json.dumps(TWO)}\r\n",
        f"{json.dumps(ONE, indent=2)}\n{json.dumps(TWO, indent=2)}\n",
    ],
    ids=["array", "indented array", "space around", "lines", "lines of Windows", "one after another"],
)
def test_events_are_found_in_every_layout(text: str) -> None:
    assert [(found.index, found.event_id, found.faults) for found in events_in(text)] == [(1, "e1", ()), (2, "e2", ())]


@pytest.mark.parametrize("text", ["", "\n \n", "[]"])
def test_a_text_without_events_has_none(text: str) -> None:
    assert list(events_in(text)) == []


def test_a_broken_event_does_not_stop_the_next_one() -> None:
    lines = [
        json.dumps(ONE),
        '{"id": "e9", "type": "order.completed"',
        json.dumps(event("e3", data={})),
        json.dumps(TWO),
    ]
    found = list(events_in("\n".join(lines)))
    assert [each.event is not None for each in found] == [True, False, False, True]
    assert "is not JSON" in str(found[1].faults[0])
    assert found[2].name == "event 3 (e3, order.completed)"
    assert {fault.path for fault in found[2].faults} == {"data.items", "data.order_id"}


def test_one_that_is_too_large_is_named_with_its_size() -> None:
    large = json.dumps(event("big", data={"order_id": "x" * 2_000_000, "items": []}))
    [found] = events_in(large)
    assert found.name == "event 1 (big, order.completed)"
    assert str(found.faults[0]) == f"is {len(large):,} bytes; an event may have 1,048,576"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"[{json.dumps(ONE)}", "the array is not closed"),
        (f"[{json.dumps(ONE)} {json.dumps(TWO)}]", "a comma is missing"),
        (f"[{json.dumps(ONE)}] x", "something stands after the array's end"),
        (f"[{json.dumps(ONE)}, oops]", "is not JSON"),
        (json.dumps(ONE, indent=2)[:-1], "is not JSON"),
        ("[" * 100_000, "nested"),
        ("not json at all", "is not JSON"),
        ("17", "must be a JSON object"),
    ],
)
def test_what_is_no_list_of_events_is_said(text: str, reason: str) -> None:
    found = list(events_in(text))
    assert reason in str(found[-1].faults[0])
