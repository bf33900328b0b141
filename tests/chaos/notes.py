"""Notes: what workers write down about themselves, one JSON line each, for whoever torments them."""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class What(StrEnum):
    """What happened."""

    READY = "ready"
    """A stage has its partitions and their state."""
    DIED = "died"
    """It killed itself at a seam, as it was told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line; `by` is the process, as its outputs say."""

    at: float
    by: str
    what: What
    stage: str = ""
    partitions: tuple[int, ...] = ()
    generation: int = 0
    seam: str = ""


def signature(worker: str, pid: int) -> str:
    """What tells one process of a worker from the next."""
    return f"{worker}:{pid}"


class Notebook:
    """One file of one trial; appends are whole lines, so that all processes may share it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "notes.jsonl"
        self._read_bytes = 0
        self._notes: list[Note] = []

    def write(
        self,
        worker: str,
        what: What,
        *,
        stage: str = "",
        partitions: Iterable[int] = (),
        generation: int = 0,
        seam: str = "",
    ) -> None:
        """Append a line about this process."""
        note = Note(
            at=time.time(),
            by=signature(worker, os.getpid()),
            what=what,
            stage=stage,
            partitions=tuple(sorted(partitions)),
            generation=generation,
            seam=seam,
        )
        line = json.dumps(asdict(note)) + "\n"
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)

    def read(self) -> list[Note]:
        """All notes so far."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read_bytes)
                whole, _, _ = file.read().rpartition(b"\n")
            if whole:
                self._read_bytes += len(whole) + 1
                self._notes += [_note(line) for line in whole.splitlines()]
        return self._notes


def _note(line: bytes) -> Note:
    plain = json.loads(line)
    plain["what"] = What(plain["what"])
    plain["partitions"] = tuple(plain["partitions"])
    return Note(**plain)
