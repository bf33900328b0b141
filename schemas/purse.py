"""What the purse of a tenant keeps: its credits, what waits for them, what was paid; the layout is state on disk."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.candidate import Withdrawal
from schemas.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The prepaid credits that a tenant has left, and whether its texts need them."""

    credits: int
    is_prepaid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """A message that waits for credits."""

    message: Message
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A message that waited for credits and passes the gates again, with the credits that are reserved for it.

    `commanded_at` is that of the command it waited with. With `withdrawal` it does not leave any more.
    """

    commanded_at: datetime
    decided: int
    credits: int
    contact: str | None = None
    withdrawal: Withdrawal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A message that the purse let leave, with what was taken; `commanded_at` is that of the command it came with.

    `block` is the month of blocks that its units were counted into.
    """

    commanded_at: datetime
    credits: int
    amount: Decimal
    period: str
    given_back: bool = False
    block: str = ""
    units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the messages of one calendar month cost, those on their way included."""

    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """That something which adds up has been added: credits that were bought, or a usage entry with its sign."""

    positive: bool = True
