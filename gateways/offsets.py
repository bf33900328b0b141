"""The offset that may be committed: everything before it is done."""


class Offsets:
    """What is open of one topic partition; offsets are opened in rising order and closed in any."""

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._next: int | None = None
        self._committed: int | None = None

    def opened(self, offset: int) -> None:
        """A record was taken in."""
        self._open[offset] = 1
        self._next = offset + 1

    def split(self, offset: int) -> None:
        """One more thing needs to be done for the record."""
        self._open[offset] += 1

    def closed(self, offset: int) -> None:
        """One thing that needed to be done for the record is done."""
        self._open[offset] -= 1
        if not self._open[offset]:
            del self._open[offset]

    @property
    def open_count(self) -> int:
        """How many records are being worked on."""
        return len(self._open)

    def to_commit(self) -> int | None:
        """The offset to commit, contiguous only; None when it is the one committed last."""
        contiguous = next(iter(self._open), self._next)
        return None if contiguous == self._committed else contiguous

    def committed(self, offset: int) -> None:
        """The broker has it."""
        self._committed = offset
