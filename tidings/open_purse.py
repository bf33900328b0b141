"""The stages up to the order to a gateway, with a purse that never says no: for runs that ask what would be said."""

from collections.abc import Iterator
from dataclasses import replace

from processors.allowance import back_to_allowance
from processors.effects import Effect, Forward, Record, Tables
from schemas.message import Message
from schemas.topics import CHARGES
from streams.stage import Stage
from streams.topology import DECIDE, DISPATCH


def _let_leave(record: Record, _: Tables) -> Iterator[Effect]:
    message = record.value
    if not isinstance(message, Message):
        return
    yield (
        back_to_allowance(message)
        if message.allowance
        else Forward(topic=message.topic, key=message.key, value=replace(message, candidate=None))
    )


UP_TO_COMMANDS = (DECIDE, DISPATCH, Stage(name="open purse", reads={CHARGES.name: _let_leave}, tables=()))
