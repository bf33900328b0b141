"""Mails as a mail server leaves them: one in a file or a pipe, many in an mbox or in the new ones of a Maildir."""

import mailbox
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

LARGEST_MAIL_BYTES = 32 * 1024 * 1024
_MBOX_BEGINS = b"From "
_MAILDIR = ("cur", "new", "tmp")


class Readable(Protocol):
    """What the bytes of a mail are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, or as many as there are."""


class NoMail(Exception):
    """A place that cannot be read, in a sentence; `is_busy`: another program holds it, and later it may be read."""

    def __init__(self, words: str, *, is_busy: bool = False) -> None:
        super().__init__(words)
        self.is_busy = is_busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail by its name; `fault` says why its bytes are no mail. `take_away` is called once it is safe."""

    name: str
    raw: bytes = b""
    fault: str | None = None
    take_away: Callable[[], None] = lambda: None


def mails_in(place: str) -> Iterator[Mail]:
    """The mails of a file, an mbox, a Maildir, or `-` for one on standard input; raises NoMail when it is none of them.

    A mail of a Maildir moves from `new` to `cur`, marked as seen, when it is safe. Files and mboxes stay as they are:
    they may be read again, for the same mail is the same event.
    """
    if place == "-":
        yield _mail("standard input", sys.stdin.buffer)
        return
    path = Path(place)
    try:
        if path.is_dir():
            yield from _of_maildir(path)
        elif _begin_of(path) == _MBOX_BEGINS:
            yield from _of_mbox(path)
        else:
            with path.open("rb") as file:
                yield _mail(place, file)
    except OSError as error:
        raise NoMail(f"{place} cannot be read: {error.strerror or error}") from None


def _begin_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MBOX_BEGINS))


def _mail(name: str, file: Readable, take_away: Callable[[], None] = lambda: None) -> Mail:
    raw = file.read(LARGEST_MAIL_BYTES + 1)
    if len(raw) > LARGEST_MAIL_BYTES:
        return Mail(name=name, fault=f"has more than {LARGEST_MAIL_BYTES:,} bytes")
    if not raw.strip():
        return Mail(name=name, fault="is empty")
    return Mail(name=name, raw=raw, take_away=take_away)


def _of_mbox(path: Path) -> Iterator[Mail]:
    box = mailbox.mbox(path, create=False)
    try:
        with _locked(box, path):
            for number, key in enumerate(box.iterkeys(), 1):
                yield _mail(f"{path}:{number}", box.get_file(key))
    finally:
        box.close()


@contextmanager
def _locked(box: mailbox.mbox, path: Path) -> Iterator[None]:
    """A mail server that is just appending would leave half a mail; who may only read cannot lock it out."""
    if not os.access(path, os.W_OK):
        yield
        return
    try:
        box.lock()
    except mailbox.ExternalClashError:
        raise NoMail(f"{path} is locked by another program", is_busy=True) from None
    try:
        yield
    finally:
        box.unlock()


def _of_maildir(path: Path) -> Iterator[Mail]:
    if not all((path / part).is_dir() for part in _MAILDIR):
        raise NoMail(f"{path} is no Maildir: it has not all of {', '.join(_MAILDIR)}")
    for file in sorted((path / "new").iterdir()):
        seen = path / "cur" / (file.name if ":2," in file.name else f"{file.name}:2,S")
        with file.open("rb") as opened:
            yield _mail(str(file), opened, partial(_move, file, seen))


def _move(file: Path, seen: Path) -> None:
    file.rename(seen)
