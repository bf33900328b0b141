"""Templates ready to run: the built-in ones, which are found by name and may extend each other, and those of tenants.

A template that stands in the file of a built-in one may do what those may, also where a tenant copied it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from processors.markup import has_styles
from processors.template_reader import undeclared
from processors.template_sandbox import Missing, Sandbox, compiled, sandbox
from processors.wording import LOCALE, TIMEZONE, clock, date
from schemas.json_text import json_to_text

TEMPLATES = Path(__file__).parent / "templates"
LAYOUT = "layout.html.j2"
_IN_LAYOUT = f'{{% extends "{LAYOUT}" %}}'
_BODY = "body"
"""The one block of the layout that templates fill."""


class _Library(ImmutableSandboxedEnvironment):
    """Looks up keys before attributes, so that `order.items` is the field and not the method of a dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


@cache
def built_in_sources() -> frozenset[str]:
    """What the built-in templates say."""
    return frozenset(path.read_text() for path in TEMPLATES.rglob("*.j2"))


def is_body(source: str) -> bool:
    """Whether it is a built-in template that fills the layout."""
    return source.startswith(_IN_LAYOUT) and source in built_in_sources()


@cache
def layout(body: str) -> jinja2.Template:
    """The layout with this text as its body."""
    return _LIBRARY[True].from_string(f"{_IN_LAYOUT}{{% block {_BODY} %}}{body}{{% endblock %}}")


def parsed(source: str) -> nodes.Template:
    """The syntax tree; raises jinja2.TemplateSyntaxError."""
    environment: jinja2.Environment = _LIBRARY[False] if source in built_in_sources() else SANDBOX[False]
    return environment.parse(source)


@lru_cache(maxsize=2048)
def names_in(source: str) -> frozenset[str]:
    """The variables that a template takes, and what it includes; not those of the layout around it."""
    tree = parsed(source)
    included = [name for name in meta.find_referenced_templates(tree) if name is not None and name != LAYOUT]
    return frozenset(undeclared(tree)).union(*(names_in((TEMPLATES / name).read_text()) for name in included))


@cache
def names_in_built_in(kind: str) -> frozenset[str]:
    """The variables that the built-in templates of a kind take, beside those of every message."""
    return frozenset().union(*(names_in(path.read_text()) for path in (TEMPLATES / kind).glob("*.j2")))


class Ready:
    """A template that is ready to run, with what is known of it before it does.

    `is_body`: it fills the layout, and says the block alone. The frame around it is the same for many messages, and
    made once for them. `is_styled`: it has a style sheet of its own. `is_priced`: what it does costs steps.
    """

    __slots__ = ("_environment", "_evaluation", "_say", "is_body", "is_priced", "is_styled")

    def __init__(self, source: str, template: jinja2.Template) -> None:
        self.is_body = is_body(source)
        self.is_styled = has_styles(source)
        self._environment = template.environment
        self.is_priced = isinstance(self._environment, Sandbox)
        self._say = template.blocks[_BODY] if self.is_body else template.root_render_func
        self._evaluation = EvalContext(self._environment)

    def say(self, variables: Mapping[str, object]) -> Iterator[str]:
        """What it says, in pieces; it knows no names but these."""
        return self._say(_Known(self._environment, variables, self._evaluation))


class _Known(Context):
    """A context with no names but those given, and no blocks.

    Jinja2 3.1 prepares for more, and takes as long for it as a short template takes to say what it says. Nothing in
    our templates or those of tenants changes how they are evaluated, so all contexts of a template share that.
    """

    def __init__(self, environment: jinja2.Environment, variables: Mapping[str, Any], evaluation: EvalContext) -> None:
        self.parent: Any = variables
        self.vars = {}
        self.environment = environment
        self.eval_ctx = evaluation
        self.exported_vars = set()
        self.name = None
        self.globals_keys = set()
        self.blocks = {}


@lru_cache(maxsize=2048)
def ready(source: str, *, html: bool) -> Ready:
    """A template, ready to run; raises jinja2.TemplateError."""
    return Ready(source, _template(source, html))


def _template(source: str, html: bool) -> jinja2.Template:
    if source in built_in_sources():
        library = _LIBRARY[html]
        return library.template_class.from_code(library, library.compile(source), {})
    return compiled(source, SANDBOX[html])


def _localised(wording: Callable[[str, str, str], str]) -> Callable[[Context, str], str]:
    """A filter that knows the locale and the zone of the message."""

    @jinja2.pass_context
    def worded(context: Context, moment: str) -> str:
        known = context.resolve_or_missing
        return wording(moment, known(TIMEZONE), known(LOCALE))

    return worded


def _library(*, html: bool) -> _Library:
    """Where built-in templates run, which extend each other."""
    environment = _Library(
        undefined=Missing,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        auto_reload=False,
    )
    environment.filters.update(_OWN_FILTERS)
    environment.tests.update(_OWN_TESTS)
    return environment


def _json(value: object) -> str:
    """A value as JSON; unlike Jinja2's own `tojson` it is no markup, so HTML escapes it as any text."""
    return json_to_text(value)


def _given(value: object) -> bool:
    """Whether a value is there and is no blank text: upstream systems send what nobody filled in as `""`."""
    return not isinstance(value, Missing) and not (isinstance(value, str) and (not value or value.isspace()))


_OWN_TESTS: Mapping[str, Callable[..., bool]] = {"given": _given}
_OWN_FILTERS: Mapping[str, Callable[..., str]] = {"date": _localised(date), "clock": _localised(clock), "json": _json}
_LIBRARY = {html: _library(html=html) for html in (False, True)}
SANDBOX = {html: sandbox(html=html, own_filters=_OWN_FILTERS, own_tests=_OWN_TESTS) for html in (False, True)}
"""Where tenants' templates run."""
