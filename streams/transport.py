"""The transport: which consumer and producer Faust speaks to the broker with."""

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver

from streams.consumer import Consumer


class Producer(driver.Producer):
    """Idempotent, acknowledged by all replicas in sync."""

    def _settings_extra(self) -> Mapping[str, Any]:
        # Faust 0.15.3 sets these only under its own transactions, which do not cover a fan-out.
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """Faust's transport over aiokafka, with our consumer and producer."""

    Consumer = Consumer
    Producer = Producer
