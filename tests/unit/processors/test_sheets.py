import pytest

from processors.sheets import COLUMNS, LINES_OF_FIRST_PAGE, LINES_OF_PAGE, lines, sheets

ONE_SHEET = LINES_OF_FIRST_PAGE + LINES_OF_PAGE


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (0, 1),
        (1, 1),
        (LINES_OF_FIRST_PAGE + 1, 1),
        (ONE_SHEET, 1),
        (ONE_SHEET + 1, 2),
        (ONE_SHEET + 2 * LINES_OF_PAGE, 2),
    ],
)
def test_a_sheet_has_two_pages(count: int, wanted: int) -> None:
    assert sheets("\n".join(["word"] * count)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", 1), ("one\n\nthree", 3), ("x" * COLUMNS, 1), ("x" * (COLUMNS + 1), 2), ("word " * 40, 3)],
)
def test_long_lines_are_folded_at_words(text: str, wanted: int) -> None:
    assert lines(text) == wanted
