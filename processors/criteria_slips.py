"""What people write in a criterion that CEL says otherwise."""

import re

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_SLIPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"[“”„‘’«»]", "write straight quotation marks, ' or \""),
        (r"===", "write == to compare"),
        (r"<>", "write != for not equal"),
        (r"(?<![=!<>])=(?!=)", "write == to compare"),
        (r"\band\b", "write && for and"),
        (r"\bor\b", "write || for or"),
        (r"\bnot\b", "write ! for not"),
        (r"\bis\b", "write == to compare"),
        (r"\bin\s*\(", "write a list as ['SE', 'NO']"),
        (r"\blike\b", "write startsWith, endsWith, contains or matches: name.contains('x')"),
        (r"\bif\b", "write condition ? one : other"),
        (r";", "leave out the semicolon"),
        (r"&(?!&)(?<!&&)", "write && for and"),
    )
)


def slip(expression: str) -> str:
    """`: write == to compare`, or nothing where it is not clear what was meant."""
    rest = _TEXT.sub("''", expression)
    for pattern, words in _SLIPS:
        if pattern.search(rest):
            return f": {words}"
    outside = rest.replace("''", "")
    if outside.count("'") % 2 or outside.count('"') % 2:
        return ": a quotation mark is not closed"
    for opening, closing in ("()", "[]", "{}"):
        if rest.count(opening) != rest.count(closing):
            return f": {opening} and {closing} do not go in pairs"
    return ": something is missing at the end" if re.search(r"[=<>&|!+*/.?:-]\s*$", rest) else ""
