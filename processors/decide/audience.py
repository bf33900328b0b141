"""An event that is for others than its subject: who they are, and its way to them through topic `audience`."""

from collections.abc import Iterator

from processors.decide.batches import call_together, chunks, send_out
from processors.decide.growing import begin, call_listed
from processors.decide.inbound import hear
from processors.decide.objections import dropped, switched_off
from processors.effects import Effect
from processors.kind import Batch, Desk, Kind, Listed, Named, Writer
from processors.occasion import Occasion
from schemas.envelope import Event


def may_travel(kind: Kind, event: Event) -> bool:
    """Whether an event of this type may be for others than its subject."""
    match kind.audience:
        case Batch(whole=whole):
            return event.type == whole
        case Listed() | Named():
            return True
        case _:
            return False


def travels(kind: Kind, event: Event) -> bool:
    """Whether this event is for others than its subject."""
    if isinstance(kind.audience, Named):
        return _named(kind.audience, event) not in (None, event.subject)
    if isinstance(kind.audience, (Writer, Desk)):
        return True
    return may_travel(kind, event)


def call(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """Send the event to all of its audience; for many of them, a kind that is off is decided once."""
    match kind.audience:
        case Named() as named:
            yield from send_out(occasion.event, chunks([str(_named(named, occasion.event))]))
        case Writer() | Desk():
            yield from hear(kind, occasion)
        case Batch() | Listed() as many:
            off = switched_off(kind, occasion)
            if off:
                for channel in kind.channels:
                    yield dropped(kind, occasion, channel, off)
                if isinstance(many, Listed):
                    yield from begin(many, occasion)
            elif isinstance(many, Batch):
                yield from call_together(many, kind, occasion)
            else:
                yield from call_listed(many, kind, occasion)


def _named(audience: Named, event: Event) -> str | None:
    return getattr(event.data, audience.field, None) or None
