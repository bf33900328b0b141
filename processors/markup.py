"""HTML as mail programs can read it: styles inlined, tenants' snippets cleaned, and the text of a page.

The only door to css-inline, nh3 and inscriptis.
"""

import re
from functools import lru_cache

import nh3
from css_inline import CSSInliner
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from inscriptis.model.css import CssParse
from inscriptis.model.html_document_state import HtmlDocumentState
from inscriptis.model.html_element import HtmlElement
from inscriptis.model.tag import CustomHtmlTagHandlerMapping

# These run over what anybody wrote: possessive and atomic, so that none takes longer than its text is long.
_PAGE = re.compile(r"\s*+(?><!--.*?-->\s*+)*+<(?:!doctype|html)\b", re.IGNORECASE | re.DOTALL)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_ELEMENT = re.compile(r"<[a-zA-Z]")
_COLOURS = re.compile(r"<(?:style|font)\b|\b(?:style|bgcolor|background)\s*+=", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n{3,}")
MOST_ELEMENTS = 2000
"""css-inline 0.23 and nh3 0.3 end the whole process on HTML nested some 10,000 deep; so much is never given to them."""
MOST_FOR_TEXT = 5000
"""inscriptis takes a quarter of a second for a table of so many cells, and four times as long for two such tables."""

_SNIPPET_STYLE = "img{max-width:100%;height:auto;border:0}"

# Nothing is ever fetched for a mail: remote and local style sheets alike are left out.
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_link_tags=False)

_TAGS = (nh3.ALLOWED_TAGS | {"font", "section"}) - {"area", "map"}
_STYLED = {"style", "class", "dir", "lang", "title", "align", "width", "height", "role"}
_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": _STYLED,
    "table": {"bgcolor", "cellpadding", "cellspacing", "border"},
    "td": {"bgcolor", "valign", "colspan", "rowspan"},
    "img": {"src", "alt"},
    "font": {"color", "face", "size"},
}
_PROPERTIES = {
    *("color", "background", "background-color", "font", "font-family", "font-size", "font-style", "font-weight"),
    *("border", "border-bottom", "border-top", "border-radius", "display", "height", "width", "max-width", "margin"),
    *("padding", "line-height", "letter-spacing", "text-align", "text-decoration", "vertical-align"),
    *(f"{box}-{side}" for box in ("margin", "padding") for side in ("top", "right", "bottom", "left")),
}


def is_page(html: str) -> bool:
    """Whether it is a whole page rather than a piece of one."""
    return _PAGE.match(html) is not None


def is_small(html: str, most: int = MOST_ELEMENTS) -> bool:
    """Whether it has so few elements that it can be parsed without danger."""
    return len(_ELEMENT.findall(html)) <= most


def has_styles(html: str) -> bool:
    """Whether it has a style sheet of its own."""
    return _STYLE.search(html) is not None


def has_colours(html: str) -> bool:
    """Whether it may set colours of its own: nobody knows how they look on a dark ground."""
    return _COLOURS.search(html) is not None


def inlined(page: str) -> str:
    """The page with its styles at the elements; media queries stay in the head, where mail programs look for them.

    A page with more than MOST_ELEMENTS stays as it is: most mail programs know style sheets.
    """
    return _INLINER.inline(page) if is_small(page) else page


@lru_cache(maxsize=512)
def cleaned(snippet: str) -> str:
    """A snippet that somebody wrote, without whatever could act, load or break out of its place in a page.

    One with more than MOST_ELEMENTS is left out.
    """
    if not is_small(snippet):
        return ""
    clean = nh3.clean(
        snippet,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto", "tel"},
        filter_style_properties=_PROPERTIES,
        link_rel=None,
    )
    return _INLINER.inline_fragment(clean, _SNIPPET_STYLE) if clean.strip() else ""


def as_text(html: str) -> str:
    """What the HTML says, as lines of text: links with their addresses, pictures with their descriptions.

    Raises ValueError for what cannot be read as HTML, and for more than MOST_FOR_TEXT elements.
    """
    if not is_small(html, MOST_FOR_TEXT):
        raise ValueError(f"more than {MOST_FOR_TEXT} elements; write the text as well")
    if not html.strip():
        return ""
    lines = "\n".join(line.rstrip() for line in get_text(html, _CONFIG).split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip("\n")


def _link_begins(state: HtmlDocumentState, attributes: dict[str, str]) -> None:
    state.link_target = attributes.get("href", "").strip()


def _link_ends(state: HtmlDocumentState) -> None:
    """A link whose words are its address is not repeated."""
    address = state.link_target.removeprefix("mailto:").removeprefix("tel:")
    state.link_target = ""
    words = state.tags[-1].canvas.current_block.content.rstrip()
    if address and not address.startswith("#") and not words.endswith(address):
        state.tags[-1].write(f" ({address})")


def _visible(style: str, element: HtmlElement) -> None:
    """Of all styles a text only needs to know what is not shown, and where line ends count.

    inscriptis 2.7.6 would write every margin and padding as lines and blanks, up to 100,000 for each element.
    """
    for declaration in style.lower().split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() == "display":
            CssParse.attr_display(value.strip(), element)
        elif name.strip() == "white-space":
            CssParse.attr_white_space(value.strip(), element)


_CONFIG = ParserConfig(
    css=CSS_PROFILES["strict"],
    display_images=True,
    custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping(
        start_tag_mapping={"a": _link_begins}, end_tag_mapping={"a": _link_ends}
    ),
)
_CONFIG.attribute_handler.attribute_mapping = {"style": _visible}
