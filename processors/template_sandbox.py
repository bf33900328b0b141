"""Where tenants' templates run: Jinja2's sandbox, with steps counted and nothing in it but what the language has.

Steps stand for time, because a pure function reads no clock: each loop pays for its body, each filter and comparison
for the length of what it looks at and makes.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from processors.template_language import FILTERS, LARGEST_NUMBER, LOOP, TESTS
from processors.template_reader import bad_places

MOST_STEPS = 50_000
LONGEST_VALUE = 256 * 1024
BUDGET = "_steps"
"""The name under which a rendering carries its budget."""
_CHARACTERS_PER_STEP, _MEMBERS_PER_STEP = 1024, 16


class TooCostly(jinja2.TemplateRuntimeError):
    """A rendering that went over a bound."""


class MissingVariable(jinja2.UndefinedError):
    """A template asked for a value that is not there."""

    def __init__(self, name: str, owner: object, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class Missing(jinja2.StrictUndefined):
    """Strict, and able to say which value is missing."""

    __slots__ = ()

    def __init__(self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        """One is made for each `is defined` of what is not there: without the calls of what it is derived from."""
        self._undefined_hint, self._undefined_obj, self._undefined_name = hint, obj, name

    @property
    def _undefined_exception(self) -> Any:  # type: ignore[override]  # only `__init__` would write it
        """Jinja2 calls it and never catches by it."""
        return partial(MissingVariable, str(self._undefined_name), self._undefined_obj)

    def named(self) -> MissingVariable:
        """The error that says which value this is not."""
        return MissingVariable(str(self._undefined_name), self._undefined_obj)


class Budget:
    """The steps that a rendering has left."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Raise TooCostly when there are not so many."""
        self.left -= steps
        if self.left < 0:
            raise TooCostly(f"more than {MOST_STEPS} steps")


class Sandbox(ImmutableSandboxedEnvironment):
    """Looks into maps and lists only: `order.items` is the field, and no value has methods."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Missing):
            raise obj.named()
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: str | int | Any) -> Any:
        if isinstance(obj, list | tuple | str) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.getattr(obj, str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, Missing):
                raise value.named()
            if not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
                raise SecurityError(f"{operator} takes two numbers, not {str(value)[:40]!r}")
        return super().call_binop(context, operator, left, right)


_OPERATORS: Mapping[str, tuple[str, bool]] = {"lteq": ("le", False), "gteq": ("ge", False), "notin": ("in", True)}


class _Counted(NodeTransformer):
    """Puts a price on loops, and makes comparisons tests, which have one."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2 finds it by this name
        weight = 1 + sum(_size(part) for part in node.body) + (_size(node.test) if node.test else 0)
        self.generic_visit(node)
        arguments = [nodes.Const(weight, lineno=node.lineno)]
        node.iter = nodes.Filter(node.iter, "_each", arguments, [], None, None, lineno=node.lineno)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja2 finds it by this name
        self.generic_visit(node)
        operand = node.ops[0]
        name, negated = _OPERATORS.get(operand.op, (operand.op, False))
        test = nodes.Test(node.expr, name, [operand.expr], [], None, None, lineno=node.lineno)
        return nodes.Not(test, lineno=node.lineno) if negated else test


def _size(node: nodes.Node) -> int:
    """How many nodes run each time; loops in it pay for themselves."""
    if isinstance(node, nodes.For):
        return 1
    return 1 + sum(_size(child) for child in node.iter_child_nodes())


def compiled(source: str, environment: Sandbox) -> jinja2.Template:
    """A tenant's template, ready to run; raises TemplateError for one that the language does not have."""
    tree = environment.parse(source)
    bad = bad_places(tree)
    if bad:
        raise SecurityError(str(bad[0]))
    counted: nodes.Template = _Counted().visit(tree)
    counted.set_environment(environment)
    return environment.template_class.from_code(environment, environment.compile(counted), {})


def sandbox(
    *, html: bool, own_filters: Mapping[str, Callable[..., Any]], own_tests: Mapping[str, Callable[..., bool]]
) -> Sandbox:
    """The environment of tenants' templates; `own_filters` and `own_tests` are those that Jinja2 does not have."""
    environment = Sandbox(undefined=Missing, autoescape=html, trim_blocks=True, lstrip_blocks=True)
    library = jinja2.Environment(undefined=Missing, autoescape=html)
    library.filters.update(own_filters)
    environment.globals = {}
    environment.filters = {name: _priced_filter(name, library) for name in FILTERS} | {"_each": _each}
    tests: Mapping[str, Any] = {**library.tests, **own_tests}
    environment.tests = {name: _priced_test(tests[name]) for name in TESTS}
    return environment


def _priced_filter(name: str, library: jinja2.Environment) -> Callable[..., Any]:
    makes_list = name in ("items", "reverse", "unique")
    takes_missing = name in ("default", "d")

    @jinja2.pass_context
    def priced(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, Missing) and not takes_missing:
            raise value.named()
        budget: Budget = context[BUDGET]
        budget.spend(_cost(value))
        if name == "join" and isinstance(value, Sequence) and not isinstance(value, str):
            budget.spend(sum(_cost(each) for each in value))
        made = library.call_filter(name, value, args, kwargs, context=context, eval_ctx=context.eval_ctx)
        if makes_list and not isinstance(made, str):
            made = list(made)
        budget.spend(_cost(made))
        if isinstance(made, str) and len(made) > LONGEST_VALUE:
            raise TooCostly(f"a value longer than {LONGEST_VALUE}")
        return made

    return priced


def _priced_test(test: Callable[..., Any]) -> Callable[..., Any]:
    @jinja2.pass_context
    def priced(context: Context, value: Any, *args: Any) -> Any:
        budget: Budget = context[BUDGET]
        budget.spend(_cost(value) + sum(_cost(each) for each in args))
        return test(value, *args)

    return priced


@jinja2.pass_context
def _each(context: Context, listed: Any, weight: int) -> Any:
    """What a loop goes over, paid for before it begins."""
    if isinstance(listed, Missing):
        raise listed.named()
    if not isinstance(listed, list | tuple | dict):
        raise TypeError(f"a loop needs a list, not {type(listed).__name__}")
    budget: Budget = context[BUDGET]
    budget.spend(weight * len(listed))
    return listed


def _cost(value: object) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS_PER_STEP
    if isinstance(value, list | tuple | dict):
        return 1 + len(value) // _MEMBERS_PER_STEP
    return 1
