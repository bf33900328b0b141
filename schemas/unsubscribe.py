"""The token of an unsubscribe link: it names one message, bears no personal data, and is signed (RFC 8058).

    <key id>.<payload>.<signature>      payload: base64url of ["tenant", "message id", days since 1970]

The signature is HMAC-SHA256 over key id and payload. Keys have ids so that a new one can take over while
links that were signed with the old one still work.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta

_EPOCH = date(1970, 1, 1)
_FORM = re.compile(r"[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{43}")


class BadToken(ValueError):
    """A text that is no token of an unsubscribe link, or has lost a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key of an installation; what it signed names it by its id."""

    id: str
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says; only `is_signed` tells whether it may be believed."""

    key_id: str
    tenant: str
    message_id: str
    issued_on: date


def sign(tenant: str, message_id: str, issued_on: date, key: SigningKey) -> str:
    """The token for one message; the same every time."""
    payload = json.dumps([tenant, message_id, (issued_on - _EPOCH).days], separators=(",", ":"))
    signed = f"{key.id}.{_text(payload.encode())}"
    return f"{signed}.{_text(_signature(signed, key))}"


def read(text: str) -> Token:
    """What a token says, its signature unseen; raises BadToken."""
    if not _FORM.fullmatch(text):
        raise BadToken("is no token of an unsubscribe link")
    key_id, payload, _ = text.split(".")
    try:
        tenant, message_id, days = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if not (isinstance(tenant, str) and isinstance(message_id, str) and type(days) is int):
            raise TypeError("fields of other types")
        return Token(key_id=key_id, tenant=tenant, message_id=message_id, issued_on=_EPOCH + timedelta(days=days))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise BadToken("is no token of an unsubscribe link") from error


def is_signed(text: str, key: SigningKey) -> bool:
    """Whether this key signed the token; takes as long for a wrong signature as for a right one."""
    signed, _, signature = text.rpartition(".")
    return hmac.compare_digest(_text(_signature(signed, key)), signature)


def _signature(signed: str, key: SigningKey) -> bytes:
    return hmac.new(key.secret, signed.encode(), hashlib.sha256).digest()


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
