"""The keys that unsubscribe links are signed with: a file of lines `<id> <secret>`, the newest first.

The first key signs; all of them verify. To change keys, put a new line on top and start the processes again; a line
that is taken out ends the links it signed.
"""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from schemas.faults import Fault, Refused
from schemas.unsubscribe import BadToken, SigningKey, Token, is_signed, read, sign
from tidings.config import Installation

FILE = "unsubscribe.keys"
SHORTEST_SECRET = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class ExpiredToken(BadToken):
    """A token whose time is over, or whose key was taken out."""


class ForeignToken(BadToken):
    """A token that was not signed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys of an installation, the signing one first."""

    keys: tuple[SigningKey, ...]
    valid_days: int

    def token(self, tenant: str, message_id: str, issued_on: date) -> str:
        """The token of one message's link."""
        return sign(tenant, message_id, issued_on, self.keys[0])

    def verified(self, text: str, today: date) -> Token:
        """What a token says; raises BadToken, ExpiredToken or ForeignToken."""
        token = read(text)
        key = next((key for key in self.keys if key.id == token.key_id), None)
        if key is None:
            raise ExpiredToken(f"was signed with key {token.key_id!r}, which is not in use any more")
        if not is_signed(text, key):
            raise ForeignToken("was not signed here")
        if today > token.issued_on + timedelta(days=self.valid_days):
            raise ExpiredToken(f"is older than {self.valid_days} days")
        return token


def keys_of(installation: Installation) -> Keys:
    """The keys of this installation, one made where no file is named and none is there; raises Refused."""
    path = installation.unsubscribe.key_file or _made(installation.home / FILE)
    return Keys(keys=_read(path), valid_days=installation.unsubscribe.valid_days)


def keys_there(installation: Installation) -> Keys | None:
    """The keys of this installation where this machine has them; none is made. Raises Refused for bad ones."""
    path = installation.unsubscribe.key_file or installation.home / FILE
    return Keys(keys=_read(path), valid_days=installation.unsubscribe.valid_days) if path.exists() else None


def _made(path: Path) -> Path:
    """A file with one key. It appears complete or not at all: two processes that make it at once share one."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"k{secrets.token_hex(3)} {secrets.token_hex(32)}\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


def _read(path: Path) -> tuple[SigningKey, ...]:
    found: dict[str, SigningKey] = {}
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(Fault(path=str(path), reason=f"cannot be read: {error}")) from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, secret = line.strip().partition(" ")
        if not _ID.fullmatch(key_id) or len(secret.strip()) < SHORTEST_SECRET:
            reason = f"line {number} is not an id and a secret of at least {SHORTEST_SECRET} characters"
            raise Refused(Fault(path=str(path), reason=reason))
        if key_id in found:
            raise Refused(Fault(path=str(path), reason=f"line {number} has the id of another line: {key_id!r}"))
        found[key_id] = SigningKey(id=key_id, secret=secret.strip().encode())
    if not found:
        raise Refused(Fault(path=str(path), reason="holds no key"))
    return tuple(found.values())
