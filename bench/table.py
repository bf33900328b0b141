"""Tables that are read on a terminal and in Markdown alike."""

from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table whose columns are in line; numbers stand to the right."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = [max(len(column[0]), 3, *(len(cell) for cell in column[1:])) for column in zip(heads, *cells, strict=True)]
    right = [bool(rows) and all(isinstance(row[index], int | float) for row in rows) for index in range(len(heads))]
    ruler = ["-" * (width - 1) + (":" if is_right else "-") for width, is_right in zip(widths, right, strict=True)]
    return "\n".join(_line(line, widths, right) for line in (heads, ruler, *cells))


def shown(value: object) -> str:
    """A number with as many places as one can believe in: three digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )
    return f"| {' | '.join(padded)} |"
