"""What a text will cost before anybody gets it: how many segments at least and at most, and their price."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from processors.render import extent
from processors.segments import pack
from schemas.faults import Fault
from schemas.settings import Settings
from schemas.words import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCost:
    """The segments of a text; `price` is that of the most, in the tenant's currency, None where nothing is charged."""

    least_segments: int
    most_segments: int
    price: Decimal | None


def text_cost(source: str, channel: Channel, settings: Settings) -> TextCost:
    """The cost of a template that was taken; the most where values are as long as is assumed."""
    footer = settings.footers.get(channel)
    ending = f"\n{footer}" if footer and channel is Channel.SMS else ""
    said = extent(source)
    least, most = (pack(text.strip() + ending).segments for text in (said.least, said.most))
    texts = settings.billing.sms
    price = texts.price * most if texts is not None and texts.model == "per_segment" else None
    return TextCost(least_segments=least, most_segments=most, price=price)


def length_faults(source: str, channel: Channel, path: str, settings: Settings) -> Iterator[Fault]:
    """A text that is too long whatever its values are."""
    if not channel.has_segments:
        return
    least = text_cost(source, channel, settings).least_segments
    if least > settings.max_segments:
        yield Fault(path=path, reason=f"has {least} segments or more, and at most {settings.max_segments} are sent")
