"""Criteria: a rule's condition in CEL, bounded in cost; the only door to celpy, and to RE2, which it matches with.

A criterion never raises when it is asked. What it cannot say, because something is missing or because it would cost too
much, makes it false, and the facts tell so.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import celpy
import lark
import re2
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import Activation, CELEvalError, Evaluator

from processors.criteria_slips import slip

DEEPEST_TREE = 150
MOST_STEPS = 1_500
MOST_VALUES = 500
LONGEST_VALUE = 65_536
LONGEST_PATTERN = 1_000
"""How much an evaluation may visit, look at, and build by adding texts or lists; together they bound its time."""
_CHARACTERS_PER_STEP = 2_048
"""What a pattern looks at costs steps, too."""
_PATTERNS = re2.Options()
_PATTERNS.log_errors = False
_CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
_FACTS = 20
_UNLIKE = {
    "relation_eq": "!=",
    "relation_ne": "==",
    "relation_lt": ">=",
    "relation_le": ">",
    "relation_gt": "<=",
    "relation_ge": "<",
}


class BadCriterion(ValueError):
    """An expression that is refused; the message says why, with the place where there is one."""


class TooCostly(Exception):
    """An evaluation that went over a bound; no operator of CEL swallows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a criterion holds; `facts` is what that rests on, by path."""

    holds: bool
    facts: Mapping[str, object] = field(default_factory=dict)


class _Bounded(Evaluator):
    """Counts its steps over all evaluators that macros make of it."""

    def __init__(self, ast: lark.Tree[Any], activation: Activation, steps: Iterator[int]) -> None:
        super().__init__(ast=ast, activation=activation)
        self.steps = steps

    def visit(self, tree: lark.Tree[Any]) -> Any:
        _take(self.steps, 1)
        return super().visit(tree)

    def sub_evaluator(self, ast: lark.Tree[Any]) -> "_Bounded":
        return _Bounded(ast, self.activation, self.steps)

    def addition(self, tree: lark.Tree[Any]) -> Any:
        total = super().addition(tree)
        if isinstance(total, str | bytes | list) and len(total) > LONGEST_VALUE:
            raise TooCostly(f"a value longer than {LONGEST_VALUE}")
        return total


def _take(steps: Iterator[int], number: int) -> None:
    for _ in range(number):
        if next(steps) >= MOST_STEPS:
            raise TooCostly(f"more than {MOST_STEPS} steps")


def _matching(steps: Iterator[int]) -> Callable[[str, str], Any]:
    """The function `matches` of CEL, which pays for the text it searches."""

    def matches(text: str, pattern: str) -> Any:
        _take(steps, 1 + len(text) // _CHARACTERS_PER_STEP)
        if len(pattern) > LONGEST_PATTERN:
            return CELEvalError(f"a pattern longer than {LONGEST_PATTERN}")
        try:
            return celpy.celtypes.BoolType(re2.search(pattern, text, _PATTERNS) is not None)
        except re2.error as error:
            return CELEvalError(f"no pattern: {error}")

    return matches


def check(expression: str) -> None:
    """Raise BadCriterion for what is no CEL, or nested too deeply."""
    _compiled(expression)


def judge(expression: str, variables: Mapping[str, object]) -> Verdict:
    """Whether the expression is true of these variables; anything but `true` makes it false."""
    tree = _compiled(expression)
    named = {str(node.children[0]) for _, node in _nodes(tree) if node.data == "ident"}
    variables = {name: value for name, value in variables.items() if name in named}
    if _count(variables) > MOST_VALUES:
        return Verdict(holds=False, facts={"criteria": f"it looks at more than {MOST_VALUES} values"})
    try:
        context = {name: json_to_cel(value) for name, value in variables.items()}  # type: ignore[arg-type] # plain JSON
        steps = count()
        activation = Activation(vars=context, functions={"matches": _matching(steps)})
        result: object = _Bounded(tree, activation, steps).evaluate()
    except CELEvalError as error:
        said = _CLASS.sub(r"\1", str(error.args[0]).partition(" (in activation")[0])
        return Verdict(holds=False, facts=_facts(tree, variables) | {"criteria": said[:200]})
    except Exception as error:  # noqa: BLE001 - whatever the evaluator stumbles over makes one criterion false
        return Verdict(holds=False, facts={"criteria": f"{type(error).__name__}: {error}"[:200]})
    if isinstance(result, celpy.celtypes.BoolType) and result:
        return Verdict(holds=True)
    return Verdict(holds=False, facts=_facts(tree, variables))


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> lark.Tree[Any]:
    try:
        tree = celpy.Environment().compile(expression)
    except CELParseError as error:
        place = f"line {error.line}, column {error.column}"
        raise BadCriterion(f"is no CEL, {place}{slip(expression)}: {expression!r}") from error
    deepest = max(depth for depth, _ in _nodes(tree))
    if deepest > DEEPEST_TREE:
        raise BadCriterion(f"is nested too deeply: {deepest} levels of {DEEPEST_TREE} in {expression[:80]!r}")
    return tree


def _nodes(tree: lark.Tree[Any]) -> Iterator[tuple[int, lark.Tree[Any]]]:
    """Every node with its depth, without recursion, from left to right."""
    waiting = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(node.children) if isinstance(child, lark.Tree)]


def _count(value: object) -> int:
    """How many values there are in all, counted up to a little over the limit."""
    waiting, count = [value], 0
    while waiting and count <= MOST_VALUES:
        one = waiting.pop()
        count += 1
        if isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return count


def _facts(tree: lark.Tree[Any], variables: Mapping[str, object]) -> dict[str, object]:
    """The values that the expression looked at; beside a constant, what they are in place of it."""
    facts: dict[str, object] = {}
    for _, node in _nodes(tree):
        if len(facts) >= _FACTS:
            break
        if node.data == "relation" and len(node.children) > 1:
            path, unlike = _compared(node)
            if path:
                facts.setdefault(path, f"{_shown(path, variables)} {unlike}")
        path = _path(node) if node.data in ("member_dot", "ident") else None
        if path and not any(known == path or known.startswith(f"{path}.") for known in facts):
            facts[path] = _shown(path, variables)
    return facts


def _compared(relation: lark.Tree[Any]) -> tuple[str | None, str]:
    """A path that is compared with a constant, and how it is not like it."""
    operator, right = relation.children[0], relation.children[1]
    literal = _only(right)
    unlike = _UNLIKE.get(str(operator.data))
    if unlike is None or literal.data != "literal":
        return None, ""
    return _path(_only(operator)), f"{unlike} {literal.children[0]}"


def _only(node: lark.Tree[Any]) -> lark.Tree[Any]:
    while len(node.children) == 1 and isinstance(node.children[0], lark.Tree):
        node = node.children[0]
    return node


def _path(node: lark.Tree[Any]) -> str | None:
    if node.data == "ident":
        return str(node.children[0])
    if node.data != "member_dot":
        return None
    owner = _path(_only(node.children[0]))
    return f"{owner}.{node.children[1]}" if owner else None


def _shown(path: str, variables: Mapping[str, object]) -> str:
    found: object = variables
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return "missing"
        found = found[name]
    return repr(found)[:200]
