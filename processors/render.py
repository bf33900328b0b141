"""Stop 5 of 9 — render. Before: schedule. After: command. Words from a template; the only door to Jinja2.

Templates are found by name: `processors/templates/<kind>/<channel>.<part>.j2`, or what the tenant's settings say
instead. Tenants' templates run in a sandbox, on copies of plain values; a missing value fails that one message.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import jinja2

from processors.brands import BRAND
from processors.clean_text import clean_line, clean_text
from processors.markup import as_text, has_colours, has_styles, inlined, is_page
from processors.markup_faults import markup_faults
from processors.template_extent import Extent, extent_of
from processors.template_library import (
    SANDBOX,
    TEMPLATES,
    built_in_sources,
    layout,
    names_in,
    parsed,
    ready,
)
from processors.template_reader import BadPlace, Scope, bad_places
from processors.template_sandbox import BUDGET, Budget, MissingVariable
from processors.template_syntax import in_plain_words
from processors.wording import LOCALE
from schemas.faults import Fault
from schemas.json_text import size_bytes
from schemas.making import made_quickly
from schemas.reasons import Reason

TEMPLATE_LIMIT_BYTES = 64 * 1024
OUTPUT_LIMIT_BYTES = 256 * 1024
_PIECES_AT_ONCE = 16
"""A template gives its text in pieces; after so many the limit of all is looked at."""
PARTS = ("subject", "text", "html")
_PLACE = "\0"
"""Stands for the body while the layout around it is rendered; no variable holds it."""


class RenderError(ValueError):
    """A template that gives no message; `reason` is a closed one, `facts` say what is wrong."""

    def __init__(self, reason: str, facts: Mapping[str, object]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sources of one message's templates, by part; a part that is None is not made.

    Without `text`, the text is what the HTML says (expert mode).
    """

    subject: str | None
    text: str | None
    html: str | None

    @property
    def says_something(self) -> bool:
        """Whether there is a template for the body; a webhook may go without."""
        return self.text is not None or self.html is not None

    @property
    def version(self) -> str:
        """A digest of the sources: it changes whenever a word of them does."""
        return _digest(self.subject, self.text, self.html)

    @property
    def names(self) -> frozenset[str]:
        """The variables that they take; raises RenderError for a template that cannot be read."""
        return _names(self.subject, self.text, self.html)


@lru_cache(maxsize=2048)
def _names(*parts: str | None) -> frozenset[str]:
    try:
        return frozenset().union(*(names_in(part) for part in parts if part))
    except (jinja2.TemplateError, RecursionError, ArithmeticError, ValueError) as error:
        raise RenderError(Reason.RENDER_ERROR, {"error": f"{type(error).__name__}: {error}"}) from error


@lru_cache(maxsize=2048)
def _digest(*parts: str | None) -> str:
    joined = "\0".join(part or "" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a person reads."""

    subject: str | None
    text: str
    html: str | None


@lru_cache(maxsize=256)
def built_in(kind: str, channel: str) -> Words:
    """The built-in templates of a kind on a channel; raises RenderError when there are none."""
    sources = {part: TEMPLATES / kind / f"{channel}.{part}.j2" for part in PARTS}
    found = {part: path.read_text() if path.exists() else None for part, path in sources.items()}
    text = found["text"]
    if text is None:
        raise RenderError(Reason.RENDER_ERROR, {"template": f"{kind}/{channel}.text.j2", "error": "no such template"})
    return Words(subject=found["subject"], text=text, html=found["html"])


def render(words: Words, variables: Mapping[str, object]) -> Rendered:
    """All parts of a message; raises RenderError with the value that is missing or the fault of the template."""
    subject = _part(words.subject, variables, html=False) if words.subject is not None else None
    html = _html(words.html, variables) if words.html is not None else None
    text = _part(words.text, variables, html=False) if words.text is not None else _text_of(html or "")
    return Rendered(
        subject=clean_line(subject) if subject is not None else None,
        text=clean_text(text).strip(),
        html=_page(html, words.html or "", variables) if html is not None else None,
    )


def _html(source: str, variables: Mapping[str, object]) -> str:
    """What an HTML template says, a page or a piece of one; one that extends the layout says the whole page."""
    said = clean_text(_part(source, variables, html=True))
    return _in_layout(said, variables, own_colours=False) if ready(source, html=True).is_body else said


def _text_of(html: str) -> str:
    try:
        text = as_text(html)
    except (ValueError, RecursionError) as error:
        raise RenderError(Reason.RENDER_ERROR, {"error": f"the HTML gives no text: {error}"}) from error
    return _within_limit(text)


def _within_limit(output: str) -> str:
    _require_room(size_bytes(output))
    return output


def _require_room(size: int) -> None:
    if size > OUTPUT_LIMIT_BYTES:
        raise RenderError(Reason.RENDER_ERROR, {"error": f"output over {OUTPUT_LIMIT_BYTES} bytes"})


def _page(html: str, source: str, variables: Mapping[str, object]) -> str:
    """What is not a whole page is put into the layout; a tenant's style sheets go to the elements.

    A piece with colours of its own was made for white paper: the layout then stays light where screens are dark. Styles
    are inlined here and not when a template is saved, because a template is no HTML yet: `{% for %}` between two rows
    of a table is text where no text may stand, and a parser would move it.
    """
    template = ready(source, html=True)
    if template.is_body or is_page(html):
        return _within_limit(inlined(html)) if template.is_styled else html
    page = _in_layout(html, variables, own_colours=has_colours(html))
    return _within_limit(inlined(page)) if has_styles(html) else page


def _in_layout(body: str, variables: Mapping[str, Any], *, own_colours: bool) -> str:
    brand, tenant = variables[BRAND], variables["tenant"]
    head, tail = _frame(
        variables[LOCALE],
        own_colours,
        (brand["name"], brand["header"], tuple(brand["lines"])),
        tenant.get("main_phone"),
        tenant.get("portal_url"),
    )
    return _within_limit(head + body + tail)


@lru_cache(maxsize=512)
def _frame(
    locale: str,
    own_colours: bool,
    brand: tuple[str, str, tuple[str, ...]],
    main_phone: str | None,
    portal_url: str | None,
) -> tuple[str, str]:
    """What the layout puts before and behind a body: all that it is told is here, so one does for many messages."""
    name, header, lines = brand
    ways = {"main_phone": main_phone, "portal_url": portal_url}
    tenant = {name: way for name, way in ways.items() if way is not None}
    told = {LOCALE: locale, BRAND: {"name": name, "header": header, "lines": lines}, "tenant": tenant}
    colours = {"_own_colours": True} if own_colours else {}
    head, _, tail = layout(_PLACE).render(**told, **colours).partition(_PLACE)
    return clean_text(head), clean_text(tail)


def template_faults(source: str, path: str, *, html: bool, scope: Scope) -> Iterator[Fault]:
    """What keeps a tenant's template from being taken: its size, its syntax, what it must not say; with the line."""
    if len(source.encode("utf-8", "surrogatepass")) > TEMPLATE_LIMIT_BYTES:
        yield Fault(path=path, reason=f"is over {TEMPLATE_LIMIT_BYTES} bytes")
    elif source not in built_in_sources():
        for bad in _bad_places(source, html, scope):
            yield Fault(path=path, reason=str(bad))
        if html:
            yield from markup_faults(source, path)


def _bad_places(source: str, html: bool, scope: Scope) -> list[BadPlace]:
    try:
        return bad_places(SANDBOX[html].parse(source), scope)
    except jinja2.TemplateSyntaxError as error:
        return [BadPlace(line=error.lineno, reason=in_plain_words(str(error.message)))]
    except RecursionError:
        return [BadPlace(line=1, reason="is nested too deeply")]
    except (ValueError, ArithmeticError) as error:  # a number that Python does not read
        return [BadPlace(line=1, reason=f"cannot be read: {error}")]


def extent(source: str) -> Extent:
    """How short and how long the text of a template may be."""
    return extent_of(parsed(source))


def _part(source: str, variables: Mapping[str, object], *, html: bool) -> str:
    output, size = "", 0
    try:
        template = ready(source, html=html)
        stream = template.say({**variables, BUDGET: Budget()} if template.is_priced else variables)
        while pieces := list(islice(stream, _PIECES_AT_ONCE)):
            said = "".join(pieces)
            size += size_bytes(said)
            _require_room(size)
            output += said
            if len(pieces) < _PIECES_AT_ONCE:
                break
    except MissingVariable as absent:
        path = _path_of(absent.owner, variables, absent.name)
        raise RenderError(Reason.MISSING_VARIABLE.of(path), {"missing": path}) from absent
    except (jinja2.TemplateError, RecursionError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        if isinstance(error, RenderError):
            raise
        raise RenderError(Reason.RENDER_ERROR, {"error": f"{type(error).__name__}: {error}"}) from error
    return output


def _path_of(owner: object, variables: Mapping[str, object], name: str, prefix: str = "", depth: int = 3) -> str:
    """Where a missing value would be: the path of the map that lacks it, found by identity."""
    for key, value in variables.items():
        if value is owner:
            return f"{prefix}{key}.{name}"
        if depth and isinstance(value, Mapping):
            found = _path_of(owner, value, "", f"{prefix}{key}.", depth - 1)
            if found:
                return found + name
    return name
