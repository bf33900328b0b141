"""What every runner has to do alike: instructions, one list per event of the case, and what must come of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.runners.laboratory import Instruction

Answers = Sequence[tuple[str, Any]]
"""The id of each answer without the case's name, and what it says; in the order of the topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One key's events, its answers in order, and the first fault of each dead letter by the event's number."""

    events: Sequence[Sequence[Instruction] | bytes]
    answers: Answers = ()
    letters: Mapping[int, str] = field(default_factory=dict)
    has_stack: bool = False
    timers_aside: Sequence[tuple[str, str]] = ()
    """The row of each timer that is a dead letter, without the case's name, and what is wrong; in due order."""


def _two_lists(*rows: str) -> list[Instruction]:
    return [["put", row, row.upper()] for row in rows]


_ALL = ["range", "", "~", 100]

CASES: Mapping[str, Case] = {
    "get-of-nothing": Case(events=[[["get", "a"]]], answers=[("0/0", None)]),
    "read-your-writes": Case(
        events=[[["put", "a", "1"], ["get", "a"], ["put", "a", "2"], ["get", "a"], ["delete", "a"], ["get", "a"]]],
        answers=[("0/1", "1"), ("0/3", "2"), ("0/5", None)],
    ),
    "state-outlives-a-record": Case(
        events=[[["put", "a", "1"]], [["get", "a"]], [["delete", "a"]], [["get", "a"]]],
        answers=[("1/0", "1"), ("3/0", None)],
    ),
    "range-in-order-of-keys": Case(
        events=[_two_lists("c", "a", "é", "b", "\N{BELL}"), [_ALL]],
        answers=[("1/0", [["a", "A"], ["b", "B"], ["c", "C"]])],
    ),
    "range-in-order-of-utf8": Case(
        events=[[*_two_lists("\uffee", "\U0001f514", "é"), ["range", "a", "\U0010ffff", 100]]],
        answers=[("0/3", [["é", "É"], ["\uffee", "\uffee"], ["\U0001f514", "\U0001f514"]])],
    ),
    "range-ends-before-high": Case(
        events=[_two_lists("a", "b", "c"), [["range", "a", "c", 100]], [["range", "b", "b", 100]]],
        answers=[("1/0", [["a", "A"], ["b", "B"]]), ("2/0", [])],
    ),
    "range-has-a-limit": Case(
        events=[_two_lists("a", "b", "c"), [["range", "", "~", 2]], [["range", "", "~", 0]]],
        answers=[("1/0", [["a", "A"], ["b", "B"]]), ("2/0", [])],
    ),
    "range-sees-own-writes-and-deletions": Case(
        events=[
            _two_lists("a", "b", "c"),
            [["delete", "b"], ["put", "bb", "new"], ["put", "c", "changed"], _ALL, ["put", "b", "again"], _ALL],
        ],
        answers=[
            ("1/3", [["a", "A"], ["bb", "new"], ["c", "changed"]]),
            ("1/5", [["a", "A"], ["b", "again"], ["bb", "new"], ["c", "changed"]]),
        ],
    ),
    "limit-counts-what-is-not-deleted": Case(
        events=[_two_lists("a", "b", "c", "d"), [["delete", "a"], ["delete", "c"], ["range", "", "~", 2]]],
        answers=[("1/2", [["b", "B"], ["d", "D"]])],
    ),
    "deleting-nothing": Case(events=[[["delete", "a"], ["get", "a"]]], answers=[("0/1", None)]),
    "answers-in-order": Case(
        events=[[["say", str(number)] for number in range(20)], [["say", "after"]]],
        answers=[*[(f"0/{number}", [str(number)]) for number in range(20)], ("1/0", ["after"])],
    ),
    "many-records": Case(
        events=[[["put", str(number % 7), str(number)], _ALL] for number in range(40)],
        answers=[
            (
                f"{number}/1",
                sorted([str(n % 7), str(n)] for n in range(max(0, number - 6), number + 1)),
            )
            for number in range(40)
        ],
    ),
    "refuse-undoes-all": Case(
        events=[
            [["put", "a", "1"]],
            [["put", "a", "2"], ["put", "b", "2"], ["say", "never"], ["refuse", "data.a", "is refused"], ["say", "x"]],
            [["get", "a"], ["get", "b"]],
        ],
        answers=[("2/0", "1"), ("2/1", None)],
        letters={1: "data.a: is refused"},
    ),
    "an-exception-undoes-all": Case(
        events=[
            [["put", "a", "1"]],
            [["delete", "a"], ["put", "b", "2"], ["arm", "t", 1], ["say", "never"], ["raise", "no such thing"]],
            [["get", "a"], ["get", "b"]],
        ],
        answers=[("2/0", "1"), ("2/1", None)],
        letters={1: "LookupError: no such thing"},
        has_stack=True,
    ),
    "a-raised-refusal-keeps-its-faults": Case(
        events=[[["put", "a", "1"], ["raise Refused", "data.x", "cannot be"]], [["get", "a"]]],
        answers=[("1/0", None)],
        letters={0: "data.x: cannot be"},
        has_stack=True,
    ),
    "bytes-that-cannot-be-read": Case(
        events=[[["put", "a", "1"]], b"junk", [["get", "a"]]], answers=[("2/0", "1")], letters={1: "not framed"}
    ),
    "too-long-a-record": Case(
        events=[[["put", "a", "1"], ["long answer", 1_100_000]], [["get", "a"]]],
        answers=[("1/0", None)],
        letters={0: "to audience, which takes 1,048,576"},
    ),
    "too-much-state": Case(
        events=[[["much state", 20, 60_000], ["say", "never"]], [["get", "much1"]]],
        answers=[("1/0", None)],
        letters={0: "one record may write 900,000"},
    ),
    "a-row-of-another-class": Case(
        events=[[["wrong row"]], [["get", "x"]]],
        answers=[("1/0", None)],
        letters={0: "TypeError: table notes holds Alarm, not Seen"},
        has_stack=True,
    ),
    "timers-in-due-order": Case(
        events=[[["arm", "third", 30], ["arm", "first", 10], ["arm", "second", 20], ["say", "armed"]]],
        answers=[("0/3", ["armed"]), ("first rang", ["first"]), ("second rang", ["second"]), ("third rang", ["third"])],
    ),
    "a-timer-that-is-stopped": Case(
        events=[[["arm", "a", 10], ["arm", "b", 10], ["disarm", "a", 10]]], answers=[("b rang", ["b"])]
    ),
    "a-timer-that-raises-leaves-its-neighbours": Case(
        events=[[["arm", "a", 10], ["arm", "b:raise", 20], ["arm", "c:raise", 20], ["arm", "d", 30]], [["get", "x"]]],
        answers=[("1/0", None), ("a rang", ["a"]), ("d rang", ["d"])],
        timers_aside=[("b:raise", "LookupError: no b:raise here"), ("c:raise", "LookupError: no c:raise here")],
    ),
    "a-timer-that-refuses": Case(
        events=[[["arm", "a:refuse", 10], ["arm", "b", 20]]],
        answers=[("b rang", ["b"])],
        timers_aside=[("a:refuse", "row: is refused")],
    ),
    "a-timer-that-wakes-what-is-unknown": Case(
        events=[[["arm", "a:mystery", 10], ["arm", "b", 20]]],
        answers=[("b rang", ["b"])],
        timers_aside=[("a:mystery", "KeyError: 'mystery'")],
    ),
    "a-timer-within-a-timer": Case(
        events=[[["arm", "a:fire", 10]]],
        timers_aside=[("a:fire", "TypeError: the timer '0' fires within another")],
    ),
    "a-timer-that-writes-too-much": Case(
        events=[[["arm", "a:much:20", 10], ["arm", "b", 20]]],
        answers=[("b rang", ["b"])],
        timers_aside=[("a:much:20", "one record may write 900,000")],
    ),
    "timers-that-do-not-fit-together": Case(
        events=[[["arm", f"{name}:much:9", 10] for name in "abc"]],
        answers=[(f"{name}:much:9 rang", [f"{name}:much:9"]) for name in "abc"],
    ),
    "a-shared-copy": Case(events=[[["shared", "known"], ["shared", "unknown"]]], answers=[("0/0", 3), ("0/1", None)]),
}
