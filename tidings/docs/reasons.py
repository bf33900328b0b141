"""docs/reference/reasons.md: why something was not sent, in plain words."""

from schemas.reasons import Reason
from tidings.docs.markdown import code, escaped, page, table
from tidings.plain_reasons import because

_INTRO = """
A decision that is not `sent` carries one of these reasons; some carry a parameter after a colon. The list is closed: a
program may rely on it. `tidings why` tells the same in sentences.

What was not sent is not charged. Where another message goes in its place, that one is charged as any other.
"""
_CHARGED = {
    Reason.INSUFFICIENT_CREDIT: "when it leaves",
    Reason.HELD_QUIET_HOURS_UNTIL: "when it leaves",
    Reason.NOT_APPROVED: "when it leaves",
    Reason.COALESCED_INTO: "the other message is",
    Reason.DUPLICATE: "the first one is",
    Reason.DUPLICATE_RECIPIENT: "the first one is",
    Reason.RESCHEDULED_BY_EVENT: "the new one is",
}


def reasons() -> str:
    """The page."""
    columns = ("reason", "what happened", "what to do", "charged")
    rows = [_row(reason, name) for reason in Reason for name in _names(reason)]
    return page("Reasons", "`schemas/reasons.py` and `tidings/plain_reasons.py`", _INTRO, table(columns, rows))


def _names(reason: Reason) -> tuple[str, ...]:
    if reason is Reason.NO_ADDRESS:
        return reason.of("<channel>"), reason.of("field:<path>")
    return (reason.of(f"<{reason.takes}>") if reason.takes else str(reason),)


def _row(reason: Reason, name: str) -> tuple[str, ...]:
    told = because(name)
    sentence = f"{told.why[:1].upper()}{told.why[1:]}."
    return code(name), escaped(sentence), escaped(told.advice), _CHARGED.get(reason, "no")
