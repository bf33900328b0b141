"""Reports: what became of messages, on the topic of statuses."""

from collections.abc import Sequence

from gateways.log import Log, Row, append
from schemas import codec
from schemas.delivery import DeliveryStatus
from tidings.metrics import status_reported


class Reports:
    """Appends statuses to the partition that their commands came from."""

    def __init__(self, log: Log, topic: str) -> None:
        self._log = log
        self._topic = topic

    async def send(self, partition: int, statuses: Sequence[DeliveryStatus]) -> None:
        """Append and wait for the acks."""
        if not statuses:
            return
        rows = [Row(key=status.key.encode(), value=codec.encode(status)) for status in statuses]
        await append(self._log, self._topic, partition, rows)
        for status in statuses:
            status_reported(status.channel, status.status)
