"""An allowance: how much of a category one recipient may get, over all channels and addresses (contract section 3)."""

from dataclasses import dataclass

from schemas.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What `caps` gave for a message's category when it was ordered, and whose days they are.

    `is_paid`: the tenant's purse has let the message leave, and the last word is the allowance's.
    """

    timezone: str
    per_day: int | None = None
    per_week: int | None = None
    is_paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceGivenBack:
    """A message that did not leave, or not yet: it takes no place of its recipient's allowance."""

    tenant: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsayable:
    """A message that could not be rendered: so it is decided, unless its recipient's allowance is used up anyway."""

    decision: Decision
    category: str
    allowance: Allowance
