"""How many sheets a letter takes: two printed pages each (contract section 11, Prices).

A letter is priced when it is ordered, so its pages are counted on a layout that is fixed: A4 at 11 points, the first
page with the letterhead and the address in the window. Whoever prints it keeps to this room.
"""

from math import ceil
from textwrap import wrap

COLUMNS = 88
LINES_OF_FIRST_PAGE = 36
LINES_OF_PAGE = 52
PAGES_OF_SHEET = 2


def lines(text: str) -> int:
    """Lines on paper: each line of the text, folded at words."""
    return sum(len(wrap(line, COLUMNS)) or 1 for line in text.split("\n"))


def sheets(text: str) -> int:
    """Sheets of a letter; an empty one is one sheet, for it bears an address."""
    over = max(0, lines(text) - LINES_OF_FIRST_PAGE)
    return ceil((1 + ceil(over / LINES_OF_PAGE)) / PAGES_OF_SHEET)
