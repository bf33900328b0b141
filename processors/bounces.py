"""Which refusals say that an address does not exist (RFC 3463): only those suppress it."""

import re

NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced codes of a hard bounce, which suppresses the address: no such mailbox, no such domain, not an address, moved
away, a null MX, switched off. All others are about this message, our standing or the moment (5.1.7 and 5.1.8 blame the
sender, 5.2.2 is a full mailbox, 5.7.x is policy) and end only this message."""

_BOUNCES_BY_CODE = frozenset({550, 551, 553})
_ABOUT_US = re.compile(r"relay|auth|policy|spam|block|denied|rejected by|reputation|sender", re.IGNORECASE)


def says_no_such_address(enhanced: str | None, code: int, text: str) -> bool:
    """Whether a refusal says that the address does not exist.

    A server without enhanced codes says so with 550, 551 or 553; but a relay that does not know us says 550 too, and
    must not make us suppress every address there is.
    """
    if enhanced is not None:
        return enhanced in NO_SUCH_ADDRESS
    return code in _BOUNCES_BY_CODE and not _ABOUT_US.search(text)
