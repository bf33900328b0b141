"""What an audit notes of each record, and the notebook that puts all notes on one thing together.

Memory is bounded, whatever the length of the log: notes stand in a file and are sorted there.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from schemas import codec
from schemas.clock import from_millis, to_millis

CACHE_KIBIBYTES = 16_384
NOTES_AT_ONCE = 5_000
_IN_TIME = "address"
"""Notes on an address are put in the order of time; those on anything else stay in the order of their topics."""


class What(StrEnum):
    """What a note is about a thing."""

    EVENT = "event"
    UNREADABLE = "unreadable"
    DEAD_LETTER = "dead_letter"
    REPLAY = "replay"
    DECISION = "decision"
    PORTION = "portion"
    DIVIDED = "divided"
    ANSWERED = "answered"
    EFFECT = "effect"
    CAUSE = "cause"
    UPDATE = "update"
    MISDATED = "misdated"
    CANDIDATE = "candidate"
    ASKED = "asked"
    UNSAYABLE = "unsayable"
    JOINED = "joined"
    END = "end"
    RECALL = "recall"
    ERASURE = "erasure"
    FOLLOWED = "followed"
    NAMED = "named"
    ENDER = "ender"
    COMMAND = "command"
    STATUS = "status"
    REPORTED = "reported"
    LEDGER = "ledger"
    VERSION = "version"
    TERMS = "terms"
    PAID_AHEAD = "paid_ahead"
    USAGE = "usage"
    INVOICED = "invoiced"
    INVOICE = "invoice"
    CONSENT = "consent"
    CHANGE = "change"
    LEFT = "left"


REPEATABLE = (
    *(What.DECISION, What.COMMAND, What.USAGE, What.INVOICE, What.CANDIDATE, What.ASKED, What.UNSAYABLE, What.RECALL),
    *(What.ERASURE, What.FOLLOWED, What.UPDATE, What.PORTION, What.ANSWERED, What.EFFECT, What.VERSION, What.CHANGE),
    *(What.DEAD_LETTER, What.REPLAY),
)
"""Records that stand on their topic once; statuses may be repeated at any time (contract section 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note: about a thing (`kind\\0its names`), the record's time and place, and what of it is needed later."""

    about: str
    what: What
    at: datetime
    place: str
    text: str = ""
    value: object = None
    digest: bytes = b""


class Notebook:
    """A file of notes that is gone when the notebook is closed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tidings-audit-", dir=folder)
        self._file = sqlite3.connect(Path(self._folder.name) / "notes", isolation_level=None)
        for pragma in (f"cache_size=-{CACHE_KIBIBYTES}", "journal_mode=OFF", "synchronous=OFF", "temp_store=FILE"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute(
            "CREATE TABLE notes (seq INTEGER PRIMARY KEY, about TEXT, time INTEGER, at INTEGER, what TEXT, place TEXT,"
            " text TEXT, value BLOB, digest BLOB)"
        )
        self._waiting: list[Note] = []

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        self._folder.cleanup()

    def add(self, notes: Iterable[Note]) -> None:
        """Note."""
        self._waiting += notes
        if len(self._waiting) >= NOTES_AT_ONCE:
            self._write()

    def things(self) -> Iterator[tuple[str, Iterator[Note]]]:
        """Each thing with the notes on it; the inner iterator has to be used up before the next one."""
        self._write()
        rows = self._file.execute(
            "SELECT about, what, at, place, text, value, digest FROM notes ORDER BY about, time, seq"
        )
        for about, own in groupby(rows, key=lambda row: str(row[0])):
            yield about, map(_note, own)

    def repeats(self) -> Iterator[tuple[str, What, int]]:
        """Records that stand on their topic more than once, the same to the letter: thing, what, how often."""
        self._write()
        wanted = ",".join("?" * len(REPEATABLE))
        rows = self._file.execute(
            f"SELECT about, what, count(*) FROM notes WHERE what IN ({wanted}) AND digest <> x''"
            " GROUP BY about, what, digest HAVING count(*) > 1 ORDER BY about, what",
            REPEATABLE,
        )
        for about, what, times in rows:
            yield str(about), What(what), int(times)

    def _write(self) -> None:
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO notes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, self._waiting))
        self._file.execute("COMMIT")
        self._waiting.clear()


def thing(kind: str, *names: str) -> str:
    """What notes are about."""
    return "\0".join((kind, *names))


def digest(value: object, *further: object) -> bytes:
    """What tells a record from others, with all that is said of it beside."""
    said = "\0".join(map(str, further)).encode()
    return hashlib.blake2b(codec.encode(value) + said, digest_size=12).digest()


def _row(note: Note) -> tuple[object, ...]:
    at = to_millis(note.at)
    value = None if note.value is None else codec.encode(note.value)
    in_time = at if note.about.startswith(_IN_TIME) else 0
    return note.about, in_time, at, note.what, note.place, note.text, value, note.digest


def _note(row: tuple[str, str, int, str, str, bytes | None, bytes]) -> Note:
    about, what, at, place, text, value, digest = row
    return Note(
        about=about,
        what=What(what),
        at=from_millis(at),
        place=place,
        text=text,
        value=None if value is None else codec.decode(value),
        digest=digest,
    )
