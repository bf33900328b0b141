"""Reads tenants' templates before they are taken: is all of it in the language, and does every variable exist?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import zip_longest
from typing import Any, ClassVar

from jinja2 import meta, nodes

from processors.template_language import (
    DEEPEST_LOOP,
    DEEPEST_NODE,
    FILTERS,
    LARGEST_ARGUMENT,
    LARGEST_NUMBER,
    LISTS,
    LONGEST_ARGUMENT,
    LOOP,
    MOST_NODES,
    PLAIN,
    REFUSED,
    RESERVED,
    TESTS,
)
from schemas.shapes import Form, Shape, shapes_of

Known = Shape | Mapping[str, "Known"]
"""What is known of a variable: its shape, or the names beneath it."""
ANYTHING = Shape(form=Form.JSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The variables of a template; `is_open` where an event may carry any field besides."""

    names: Mapping[str, Known]
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPlace:
    """What is wrong in a template, and in which line."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


OPEN = Scope(names={}, is_open=True)
"""Where nothing is known of the variables."""


def bad_places(template: nodes.Template, scope: Scope = OPEN) -> list[BadPlace]:
    """All that a tenant's template must not say, each thing once, in the order of its lines."""
    shape = _shape_of(template)
    if shape is not None:
        return [shape]
    found = list(_Reader(scope).read(template))
    return sorted(dict.fromkeys(found), key=lambda bad: bad.line)


def _shape_of(template: nodes.Template) -> BadPlace | None:
    """Whether the tree is too large or too deep to be walked."""
    waiting: list[tuple[nodes.Node, int, int]] = [(template, 0, 0)]
    count = 0
    while waiting:
        node, depth, loops = waiting.pop()
        count += 1
        loops += isinstance(node, nodes.For)
        if depth > DEEPEST_NODE:
            return BadPlace(line=node.lineno, reason=f"is nested more than {DEEPEST_NODE} levels deep")
        if loops > DEEPEST_LOOP:
            return BadPlace(line=node.lineno, reason=f"has more than {DEEPEST_LOOP} loops in each other")
        if count > MOST_NODES:
            return BadPlace(line=node.lineno, reason=f"has more than {MOST_NODES} parts")
        waiting += ((child, depth + 1, loops) for child in node.iter_child_nodes())
    return None


class _Reader:
    """Walks one template with the variables of each place; loops add theirs."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.loops: list[dict[str, Known]] = []

    def read(self, node: nodes.Node) -> Iterator[BadPlace]:
        """What is wrong with the node and what it is made of."""
        for types, reads in self._READS:
            if isinstance(node, types):
                yield from reads(self, node)
                return
        yield self._bad(node, REFUSED.get(type(node), f"{type(node).__name__.lower()} is not allowed"))

    def _children(self, node: nodes.Node) -> Iterator[BadPlace]:
        for child in node.iter_child_nodes():
            yield from self.read(child)

    def _bad(self, node: nodes.Node, reason: str) -> BadPlace:
        return BadPlace(line=node.lineno, reason=reason)

    def _variable(self, node: nodes.Expr) -> Iterator[BadPlace]:
        known = self._known(node)
        if isinstance(known, BadPlace):
            yield known

    def _arithmetic(self, node: nodes.BinExpr) -> Iterator[BadPlace]:
        for side in (node.left, node.right):
            if isinstance(side, nodes.Const) and not isinstance(side.value, int | float):
                yield self._bad(node, f"{node.operator} is for numbers, not {str(side.value)[:40]!r}")
        yield from self._children(node)

    def _list(self, node: nodes.List | nodes.Tuple) -> Iterator[BadPlace]:
        if not all(isinstance(item, nodes.Const) for item in node.items):
            yield self._bad(node, "a list may hold texts and numbers only")
        yield from self._children(node)

    def _const(self, node: nodes.Const) -> Iterator[BadPlace]:
        if isinstance(node.value, int | float) and not abs(node.value) <= LARGEST_NUMBER:
            yield self._bad(node, "a number is too large")

    def _compare(self, node: nodes.Compare) -> Iterator[BadPlace]:
        if len(node.ops) != 1:
            yield self._bad(node, "compare two values at a time, and join with and")
        lists = [each for each in node.ops if isinstance(each.expr, nodes.List | nodes.Tuple)]
        if any(each.op not in ("in", "notin") for each in lists):
            yield self._bad(node, "a list can only stand behind in")
        yield from self._children(node)

    def _test(self, node: nodes.Test) -> Iterator[BadPlace]:
        if node.name not in TESTS:
            yield self._bad(node, f"there is no test {node.name!r}{_perhaps(node.name, TESTS)}")
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > 1:
            yield self._bad(node, f"test {node.name!r} has one argument at most")
        yield from self.read(node.node)
        for argument in node.args:
            yield from self.read(argument)

    def _filter(self, node: nodes.Filter) -> Iterator[BadPlace]:
        allowed = FILTERS.get(node.name)
        if node.node is None or allowed is None:
            yield self._bad(node, f"there is no filter {node.name!r}{_perhaps(node.name, FILTERS)}")
            return
        given: list[tuple[str, nodes.Node]] = list(zip_longest(allowed[: len(node.args)], node.args, fillvalue=""))  # type: ignore[arg-type] # the names are the shorter ones
        given += [(str(pair.key), pair.value) for pair in node.kwargs]
        if node.dyn_args or node.dyn_kwargs or any(name not in allowed for name, _ in given):
            yield self._bad(node, f"filter {node.name!r} takes {', '.join(allowed) or 'nothing'}")
        for name, value in given:
            if name == "default_value":
                yield from self.read(value)
            elif not (isinstance(value, nodes.Const) and _is_small(node.name, value.value)):
                yield self._bad(node, f"{name or 'an argument'} of filter {node.name!r} must be short and written out")
        yield from self.read(node.node)

    def _loop(self, node: nodes.For) -> Iterator[BadPlace]:
        listed: nodes.Node | None = node.iter
        while isinstance(listed, nodes.Filter) and listed.name in LISTS:
            listed = listed.node
        if not isinstance(listed, nodes.Name | nodes.Getattr | nodes.Getitem):
            yield self._bad(node, "a loop goes over a variable")
        if node.recursive:
            yield self._bad(node, "a loop cannot be recursive")
        yield from self.read(node.iter)
        names = {target.name for target in node.target.find_all(nodes.Name)}
        names |= {node.target.name} if isinstance(node.target, nodes.Name) else set()
        item = self._item(node.iter) if isinstance(node.target, nodes.Name) else ANYTHING
        for name in names:
            if name.startswith("_") or name in RESERVED or name in self.scope.names:
                yield self._bad(node, f"{name!r} cannot be the name of a loop: it means something else")
        self.loops.append(dict.fromkeys(names, item) | {"loop": dict.fromkeys(LOOP, Shape(form=Form.INTEGER))})
        for part in (*node.body, *([node.test] if node.test else [])):
            yield from self.read(part)
        self.loops.pop()
        for part in node.else_:
            yield from self.read(part)

    def _item(self, listed: nodes.Node) -> Known:
        known = self._known(listed) if isinstance(listed, nodes.Name | nodes.Getattr | nodes.Getitem) else ANYTHING
        return known.item if isinstance(known, Shape) and known.form is Form.LIST and known.item else ANYTHING

    def _known(self, node: nodes.Expr) -> Known | BadPlace:
        """What is known of a variable, or what is wrong with its name."""
        if isinstance(node, nodes.Name):
            return self._named(node)
        if not isinstance(node, nodes.Getattr | nodes.Getitem):
            return next(self.read(node), ANYTHING)
        owner = self._known(node.node)
        if isinstance(owner, BadPlace):
            return owner
        if isinstance(node, nodes.Getitem):
            if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, int | str):
                return self._bad(node, "what stands in [ ] must be written out")
            if isinstance(node.arg.value, int):
                listed = isinstance(owner, Shape) and owner.form is Form.LIST and owner.item
                return listed or ANYTHING
        name = node.attr if isinstance(node, nodes.Getattr) else str(node.arg.value)  # type: ignore[attr-defined] # Const
        return self._beneath(owner, name, node)

    def _named(self, node: nodes.Name) -> Known | BadPlace:
        for names in (*reversed(self.loops), self.scope.names):
            if node.name in names:
                return names[node.name]
        if node.name.startswith("_") or node.name in RESERVED or not self.scope.is_open:
            known = [*self.scope.names, *(name for names in self.loops for name in names)]
            return self._bad(node, f"unknown variable {node.name!r}{_perhaps(node.name, known)}")
        return ANYTHING

    def _beneath(self, owner: Known, name: str, node: nodes.Expr) -> Known | BadPlace:
        path = _path(node)
        if name.startswith("_"):
            return self._bad(node, f"unknown variable {path!r}")
        if isinstance(owner, Shape):
            if owner.form is Form.JSON:
                return ANYTHING
            if owner.form is Form.MAP:
                return owner.item or ANYTHING
            if owner.form is not Form.RECORD or owner.record is None:
                return self._bad(node, f"unknown variable {path!r}: {_path(node.node)} has no fields")  # type: ignore[attr-defined] # both kinds of access have it
            owner = {field.wire_name: field.shape for field in shapes_of(owner.record)}
        return owner.get(name) or self._bad(node, f"unknown variable {path!r}{_perhaps(name, owner)}")

    _READS: ClassVar[tuple[tuple[Any, Callable[["_Reader", Any], Iterator[BadPlace]]], ...]] = (
        (nodes.For, _loop),
        ((nodes.Name, nodes.Getattr, nodes.Getitem), _variable),
        (nodes.Filter, _filter),
        (nodes.Test, _test),
        (nodes.Compare, _compare),
        (nodes.Const, _const),
        ((nodes.List, nodes.Tuple), _list),
        ((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod), _arithmetic),
        (PLAIN, _children),
    )


def _perhaps(name: str, known: Mapping[str, object] | frozenset[str] | list[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _path(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_path(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const() as constant):
            return f"{_path(node.node)}.{constant.value}"
        case nodes.Filter() if node.node is not None:
            return f"{_path(node.node)} | {node.name}"
        case _:
            return "?"


def _is_small(name: str, value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_ARGUMENT and "__" not in value
    if isinstance(value, bool) or value is None:
        return True
    largest = 9 if name == "round" else LARGEST_ARGUMENT
    return isinstance(value, int | float) and abs(value) <= largest


def undeclared(template: nodes.Template) -> set[str]:
    """The names that a template takes from outside."""
    return meta.find_undeclared_variables(template)
