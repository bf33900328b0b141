"""A list of the Message-IDs that were taken, on disk before the sender is told so; kill tests count it."""

import asyncio
import os
from pathlib import Path


class Journal:
    """One Message-ID a line; mails that arrive together share one fsync."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, message_id: str) -> None:
        """Return when the line is safe; raises OSError when it is not."""
        safe = asyncio.get_running_loop().create_future()
        self._waiting.append((message_id, safe))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await safe

    def close(self) -> None:
        """Close the file; nothing is written after it."""
        self._file.close()

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            lines = "".join(f"{' '.join(message_id.split()) or '-'}\n" for message_id, _ in batch)
            try:
                await asyncio.to_thread(self._append, lines.encode("utf-8", "replace"))
            except OSError as error:
                for _, safe in batch:
                    safe.set_exception(error)
            else:
                for _, safe in batch:
                    if not safe.done():
                        safe.set_result(None)

    def _append(self, lines: bytes) -> None:
        self._file.write(lines)
        os.fsync(self._file.fileno())
