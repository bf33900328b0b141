"""The tables of stage credit; their order in the stage is state on disk (append only)."""

from processors.effects import Table
from schemas.billing import Usage
from schemas.purse import Paid, Purse, Released, Spent, Taken, Unpaid
from schemas.state import Alarm, BlockAccount, BlockUse, InvoicedMonth

PURSES = Table(name="purses", holds=Purse)
UNPAID = Table(name="unpaid", holds=Unpaid)
TIMERS = Table(name="timers", holds=Alarm)
PAID = Table(name="paid", holds=Paid)
SPENT = Table(name="spent", holds=Spent)
TAKEN = Table(name="taken", holds=Taken)
MONTH_ENTRIES = Table(name="month_entries", holds=Usage)
"""tenant, `YYYY-MM` and message id → what stands on no invoice yet and goes onto that of the calendar month."""
BLOCK_ENTRIES = Table(name="block_entries", holds=Usage)
"""tenant, time of the command and message id → what counts into the block month that turns next."""
INVOICED_MONTHS = Table(name="invoiced_months", holds=InvoicedMonth)
BLOCK_ACCOUNTS = Table(name="block_accounts", holds=BlockAccount)
BLOCK_USES = Table(name="block_uses", holds=BlockUse)
"""tenant and the time at which a month of blocks began → what of it is used, for the spend cap."""
RELEASED = Table(name="released", holds=Released)
"""tenant and message id → a text on its way through the gates, between waiting for credits and leaving."""
