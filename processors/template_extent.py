"""How short and how long a template's output may be, without data: what is always said, and all that may be."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import nodes

ASSUMED_CHARACTERS = 40
ASSUMED_ITEMS = 10
"""What an estimate takes a value and a list to hold."""
_ANY_LETTER = "ж"
"""A value may hold letters that GSM-7 does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The shortest output there is, and the longest where values are as long as is assumed."""

    least: str
    most: str


def extent_of(template: nodes.Template) -> Extent:
    """Both ends of what the template may say."""
    return Extent(least=_least(template.body), most=_most(template.body))


def _least(body: Sequence[nodes.Node]) -> str:
    said = []
    for node in body:
        if isinstance(node, nodes.Output):
            said += [part.data for part in node.nodes if isinstance(part, nodes.TemplateData)]
        elif isinstance(node, nodes.If):
            said.append(min((_least(branch) for branch in _branches(node)), key=len))
    return "".join(said)


def _most(body: Sequence[nodes.Node]) -> str:
    said = []
    for node in body:
        if isinstance(node, nodes.Output):
            said += [_longest(part) for part in node.nodes]
        elif isinstance(node, nodes.If):
            said.append(max((_most(branch) for branch in _branches(node)), key=len))
        elif isinstance(node, nodes.For):
            said.append(_most(node.body) * ASSUMED_ITEMS)
    return "".join(said)


def _branches(node: nodes.If) -> list[Sequence[nodes.Node]]:
    return [node.body, *(each.body for each in node.elif_), node.else_]


def _longest(part: nodes.Node) -> str:
    return part.data if isinstance(part, nodes.TemplateData) else _ANY_LETTER * ASSUMED_CHARACTERS
