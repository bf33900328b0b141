"""What the timers of stage credit wake: a parked text by its own row, all else by a row that names it."""

from enum import StrEnum

from processors.effects import row_key


class Wake(StrEnum):
    """What is due beside parked texts; the words are state on disk."""

    RELEASE = "release"
    MONTH = "month"
    SWEEP_MONTH = "sweep_month"
    BLOCK = "block"
    SWEEP_BLOCKS = "sweep_blocks"


def wake_row(wake: Wake, *about: str) -> str:
    """A timer's row. It begins with an empty part: rows of parked texts begin with a tenant, which is never empty."""
    return row_key("", wake, *about)


def parts_of(row: str) -> tuple[Wake, tuple[str, ...]] | None:
    """What `wake_row` was given; None for the row of a parked text."""
    empty, *named = row.split("\0")
    return None if empty else (Wake(named[0]), tuple(named[1:]))
