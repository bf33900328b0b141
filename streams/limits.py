"""How much one record may do: what it forwards fits its topic, and what it writes fits one unit of work."""

from processors.effects import Forward
from schemas import wire
from schemas.faults import Fault, Refused
from schemas.topics import BY_NAME
from streams.unit_of_work import WRITES_LIMIT_BYTES, Output, output

ENOUGH_BYTES = 600_000
"""After so many bytes of writes a tick leaves what is due to the next."""

ENOUGH_FORWARDED_BYTES = 4_000_000
"""The same for what its timers forward."""


class TooLarge(Refused):
    """The record would do more than may be done for one; the fault says all there is to say."""


def fitting_output(effect: Forward, timestamp_ms: int) -> Output:
    """The record as it is forwarded. Raises TooLarge."""
    forwarded = output(effect.topic, effect.key, wire.encode(effect.value), timestamp_ms)
    limit_bytes = BY_NAME[effect.topic].max_bytes
    if forwarded.size_bytes > limit_bytes:
        size = f"{forwarded.size_bytes:,} bytes"
        raise TooLarge(Fault(path="", reason=f"forwards {size} to {effect.topic}, which takes {limit_bytes:,}"))
    return forwarded


def require_fit(size_bytes: int) -> None:
    """Raises TooLarge when so much written by one record, or by one timer, does not fit a unit of work."""
    if size_bytes > WRITES_LIMIT_BYTES:
        size = f"{size_bytes:,} bytes"
        raise TooLarge(Fault(path="", reason=f"writes {size} of state; one record may write {WRITES_LIMIT_BYTES:,}"))
