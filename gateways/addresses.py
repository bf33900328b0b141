"""Mail addresses as SMTP takes them: domains in IDNA, local parts outside ASCII only where SMTPUTF8 is offered."""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

import idna

_LOCAL = re.compile(r'[^\x00-\x20\x7f-\xa0"(),:;<>@\[\\\]\u2028\u2029\ud800-\udfff]{1,64}')
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class NotAnAddress(ValueError):
    """A text that mail cannot be sent to or from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address with its domain in ASCII, and the name that stands before it."""

    local: str
    domain: str
    name: str | None = None

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that offers SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def address(text: str) -> Address:
    """An address without a name. Raises NotAnAddress; the message does not repeat the address, for it is logged."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise NotAnAddress("the part before the @ is no local part of a mail address")
    return Address(local=local, domain=_ascii_domain(domain))


@lru_cache(maxsize=1024)
def sender(text: str) -> Address:
    """`Name <address>` or an address alone. Raises NotAnAddress."""
    name, bare = parseaddr(text)
    found = address(bare or text)
    return Address(local=found.local, domain=found.domain, name=name or None)


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise NotAnAddress("the part after the @ is no domain name") from error
    if len(ascii_domain) > 253 or not _DOMAIN.fullmatch(ascii_domain):
        raise NotAnAddress("the part after the @ is no domain name")
    return ascii_domain.lower()
