"""What a text or letter costs before anybody gets it: its segments or sheets at least and at most, and their price."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from processors.billing import charge_of
from processors.render import extent
from processors.segments import pack
from processors.sheets import sheets
from schemas.billing import PaidBy
from schemas.faults import Fault
from schemas.partial import where_read
from schemas.settings import Settings
from schemas.words import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCost:
    """Units of one sort; `price` is that of the most, in the tenant's currency, None where none has its own."""

    unit: str
    least: int
    most: int
    price: Decimal | None


def is_counted(channel: Channel) -> bool:
    """Whether what a channel carries has units that its length decides."""
    return channel.has_segments or channel is Channel.LETTER


def text_cost(source: str, channel: Channel, settings: Settings) -> TextCost:
    """The cost of a template that was taken; the most where values are as long as is assumed."""
    ending = _ending(channel, settings)
    said = extent(source)
    least, most = (_units(text.strip() + ending, channel) for text in (said.least, said.most))
    charge = charge_of(said.most.strip() + ending, "", channel, most, settings)
    return TextCost(
        unit="sheet" if channel is Channel.LETTER else "segment",
        least=least,
        most=most,
        price=charge.amount if charge is not None and charge.paid_by is not PaidBy.BLOCK else None,
    )


def _ending(channel: Channel, settings: Settings) -> str:
    footer = settings.footers.get(channel)
    return f"\n{footer}" if footer and channel is Channel.SMS else ""


def _units(text: str, channel: Channel) -> int:
    return sheets(text) if channel is Channel.LETTER else pack(text).segments


@where_read
def length_faults(source: str, channel: Channel, path: str, settings: Settings) -> Iterator[Fault]:
    """A text that is too long whatever its values are; of a template that is taken."""
    if not channel.has_segments:
        return
    least = _units(extent(source).least.strip() + _ending(channel, settings), channel)
    if least > settings.max_segments:
        yield Fault(path=path, reason=f"has {least} segments or more, and at most {settings.max_segments} are sent")
