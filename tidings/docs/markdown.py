"""Markdown as the reference pages use it: headings, tables and code, the same text for the same content."""

from collections.abc import Iterable, Sequence


def page(title: str, written_from: str, *parts: str) -> str:
    """A whole page: its title, a note on where it comes from, and its parts with one empty line between them."""
    note = f"<!-- Written by `make docs` from {written_from}; change that, not this page. -->"
    return "\n\n".join((f"# {title}", note, *(part.strip("\n") for part in parts if part))) + "\n"


def heading(text: str, level: int = 2) -> str:
    """A heading."""
    return f"{'#' * level} {text}"


def code(text: object) -> str:
    """Inline code; empty for nothing."""
    return f"`{text}`" if str(text) else ""


def escaped(text: str) -> str:
    """Text in which angle brackets are not taken for HTML."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def listed(words: Iterable[object]) -> str:
    """Words as inline code, one after another."""
    return ", ".join(code(word) for word in words)


def block(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.strip()}\n```"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column that is empty in every row is left out."""
    cells = [tuple(_cell(cell) for cell in row) for row in rows]
    kept = [number for number in range(len(columns)) if any(row[number] for row in cells)]
    lines = [_line([columns[number] for number in kept]), _line(["---"] * len(kept))]
    return "\n".join([*lines, *(_line([row[number] for number in kept]) for row in cells)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
