"""docs/reference/reasons.md: why something was not sent, in plain words."""

from schemas.consent import SUPPRESSIONS
from schemas.reasons import Reason
from tidings.docs.markdown import code, escaped, page, table
from tidings.plain_reasons import because

_INTRO = """
A decision that is not `sent` carries one of these reasons; some carry a parameter after a colon. The list is closed: a
program may rely on it. `tidings why` tells the same in sentences.

What was not sent is not charged. Where another message goes in its place, that one is charged as any other.

What may stand in the way is asked in an order, and the first that does is the reason: behind it may stand another.
"""


def reasons() -> str:
    """The page."""
    columns = ("reason", "what happened", "what to do", "charged", "it would be sent if")
    rows = [_row(reason, name) for reason in Reason for name in _names(reason)]
    return page("Reasons", "`schemas/reasons.py` and `tidings/reason_texts.py`", _INTRO, table(columns, rows))


def _names(reason: Reason) -> tuple[str, ...]:
    if reason is Reason.NO_ADDRESS:
        return reason.of("<channel>"), reason.of("field:<path>")
    if reason is Reason.SUPPRESSED:
        return tuple(map(reason.of, SUPPRESSIONS))
    return (reason.of(f"<{reason.takes}>") if reason.takes else str(reason),)


def _row(reason: Reason, name: str) -> tuple[str, ...]:
    told = because(name)
    happened = f"{told.why[:1].upper()}{told.why[1:]}."
    return code(name), escaped(happened), escaped(told.advice), told.charged, escaped(told.otherwise)
