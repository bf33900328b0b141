"""A claim: one process at a time may work in a folder, and it is free again however that process ends."""

import fcntl
import os
from pathlib import Path
from typing import IO


class Taken(RuntimeError):
    """Another process that runs has the folder."""


class Claim:
    """Holds the folder for as long as this object lives, at most until the process ends.

    The lock stands beside the folder, not in it, so that the folder may be removed or moved away meanwhile. It is the
    kernel's: a process that was killed leaves nothing behind that somebody would have to clear away.
    """

    def __init__(self, folder: Path, whose: str) -> None:
        path = folder.with_name(f"{folder.name}.lock")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: IO[str] = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(self._file)
            self._file.close()
            raise Taken(
                f"{whose} runs already{holder} and works in {folder}: "
                "give each process its own TIDINGS_WORKER__NAME, or end the other one first"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let others have it."""
        self._file.close()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    pid = file.read(20)
    return f" (process {pid})" if pid.isdecimal() else ""
