"""What Jinja2 says of a template that it cannot read, in the words of whoever wrote the template."""

import re
from collections.abc import Callable, Mapping

from schemas.near import perhaps

TAGS = ("if", "elif", "else", "endif", "for", "endfor")
"""What may stand in `{% %}`."""
_TOKENS: Mapping[str, str] = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "end of template": "the end of the template",
    "integer": "a number",
    "float": "a number",
    "string": "a text",
    "name": "a name",
}


def in_plain_words(said: str) -> str:
    """The sentence of Jinja2 3.1 as one that names no parts of a parser; one that is not known stays."""
    for pattern, words in _SENTENCES:
        found = pattern.search(said)
        if found is not None:
            return words(found)
    return f"cannot be read: {said}"


def _token(name: str) -> str:
    return _TOKENS.get(name, f"'{name}'")


def _got(found: str) -> str:
    """What stands there: of a name, the name itself is said."""
    return f"'{found}'" if found == "name" else _token(found)


def _not_closed(tag: str) -> str:
    return f"{{% {tag} %}} is not closed: {{% end{tag} %}} is missing"


def _tag(found: re.Match[str]) -> str:
    tag, inside = found[1], found[2]
    if inside and tag.startswith("end"):
        return f"{{% {tag} %}} stands where {{% {inside} %}} is still open: {{% end{inside} %}} is missing before it"
    if tag in TAGS:
        return f"{{% {tag} %}} closes nothing" if tag.startswith("end") else f"{{% {tag} %}} stands in no {{% if %}}"
    near = "; did you mean 'elif'?" if tag in ("elseif", "elsif") else perhaps(tag, TAGS)
    return f"there is no {{% {tag} %}}{near or '; there are ' + ', '.join(TAGS)}"


def _instead(found: re.Match[str]) -> str:
    expected, got = found[1], found[2]
    if got == "=":
        return "= compares nothing: write =="
    if got == "|":
        return "| stands before a filter: write or"
    return f"{_got(got)} stands where {_token(expected)} is expected"


def _character(found: re.Match[str]) -> str:
    character = found[1]
    if character in "'\"":
        return f"a quotation mark {character} is not closed"
    also = {"&": ": write and", "|": ": write or", "“": ': write "', "”": ': write "', "!": ": write not"}
    return f"the character {character} means nothing between {{{{ }}}} or {{% %}}{also.get(character, '')}"


_Words = Callable[[re.Match[str]], str]
_SENTENCES: tuple[tuple[re.Pattern[str], _Words], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"unexpected end of template, expected '(.+?)'", lambda found: f"{_token(found[1])} is missing"),
        (
            r"Unexpected end of template\..*needs to be closed is '(\w+)'",
            lambda found: _not_closed(found[1]),
        ),
        (r"Encountered unknown tag '(\w+)'(?:.*needs to be closed is '(\w+)')?", _tag),
        (r"expected token '(.+?)', got '(.+?)'", _instead),
        (r"Expected an expression, got '(.+?)'", lambda found: f"something is missing before {_token(found[1])}"),
        (r"""unexpected char ['"](.)['"] at""", _character),
        (r"unexpected '(.)', expected '(.)'", lambda found: f"'{found[2]}' is missing before '{found[1]}'"),
        (r"unexpected '}'", lambda _: "one } is missing: write }}"),
        (r"unexpected '(.)'", lambda found: f"'{found[1]}' stands where it means nothing"),
        (r"expected name or number", lambda found: "a name is missing behind the dot"),
        (r"tag name expected", lambda found: "{% %} holds nothing"),
        (r"Missing end of comment tag", lambda found: "{# is not closed: #} is missing"),
        (r"Missing end of raw directive", lambda found: _not_closed("raw")),
    )
)
