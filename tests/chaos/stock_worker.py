"""The control: the same stage in stock Faust's own idiom; it is started as `tests.chaos.worker` is.

`at_least_once`, a table that is written key by key, a `send` per output: what Faust's documentation shows, tuned. The
stage's functions, topics, ticks and faults are those of the real run; only what stores their effects is not ours.
"""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import faust
from aiokafka.structs import ConsumerRecord

from schemas.topics import BY_NAME, EVENTS, PARTITIONS, SETTINGS, TICKS
from streams.full_copy import FullCopy
from streams.naming import app_id, state_directory, table_name, topic_name
from streams.store import ROCKSDB, PartitionStore
from streams.ticker import tick_until_cancelled
from streams.writes import Writes
from tests.chaos.notes import Notebook, What
from tests.chaos.stage import Dedup, Watch, chaos_stage
from tests.chaos.worker import end_with_parent, installation
from tidings.config import Installation

_RAW: Mapping[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
_TUNED: Mapping[str, Any] = {
    "store": "rocksdb://",
    "processing_guarantee": "at_least_once",
    "topic_partitions": PARTITIONS,
    "web_enabled": False,
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "consumer_auto_offset_reset": "earliest",
    "producer_linger": 0.02,
    "table_standby_replicas": 0,
    "broker_session_timeout": 10,
    "broker_heartbeat_interval": 2,
    "broker_rebalance_timeout": 20,
}


class StockApp(faust.App):
    """Faust's own app; it notes what it was assigned and reads what the stage joins before it starts."""

    here: Installation
    copies: tuple[FullCopy, ...] = ()

    async def on_first_start(self) -> None:
        for copy in self.copies:
            await copy.start()
        self.add_future(tick_until_cancelled(self.here))
        await super().on_first_start()

    def on_rebalance_end(self) -> None:
        super().on_rebalance_end()
        events = topic_name(self.here, EVENTS.name)
        Notebook(self.here.home).write(
            self.here.worker.name,
            What.READY,
            stage=Dedup.NAIVE,
            partitions={tp.partition for tp in self.consumer.assignment() if tp.topic == events},
            generation=self.consumer_generation_id,
        )


def build(here: Installation) -> StockApp:
    """The app with its agent."""
    app = StockApp(
        app_id(here, Dedup.NAIVE),
        broker=f"kafka://{here.kafka.bootstrap_servers}",
        **_TUNED,
        datadir=str(state_directory(here, Dedup.NAIVE)),
        consumer_group_instance_id=here.worker.name,
        canonical_url=f"http://{here.worker.name}",
    )
    app.here = here
    copy = FullCopy(SETTINGS, here)
    app.copies = (copy,)
    options = dict(ROCKSDB)
    table = app.Table(table_name(), key_type=bytes, value_type=bytes, partitions=PARTITIONS, options=options)
    source = app.topic(*(topic_name(here, topic.name) for topic in (EVENTS, TICKS)), **_RAW)
    outputs = {name: app.topic(topic_name(here, name), **_RAW) for name in BY_NAME}
    watch = Watch(chaos_stage(Dedup.NAIVE), here.kafka.topic_prefix, {SETTINGS.name: copy.records})

    @app.agent(source)
    async def take(stream: Any) -> None:
        async for event in stream.events():
            store = PartitionStore(cast(Any, table.data)._db_for_partition(event.message.partition))
            change = watch.apply(_record(event.message), store, Writes())
            for key, value in change.writes.items():
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value
            for output in change.outputs:
                headers = [*output.headers]
                await outputs[output.topic].send(key=output.key, value=output.value, headers=headers)

    return app


def _record(message: Any) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=int(message.timestamp * 1000),
        timestamp_type=message.timestamp_type,
        key=message.key,
        value=message.value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(message.headers or ()),
    )


def main(arguments: list[str]) -> None:
    """Serve until told to stop, or killed."""
    end_with_parent()
    bootstrap_servers, prefix, home, name, *_ = arguments
    here = installation(bootstrap_servers, prefix, Path(home), name)
    state_directory(here, Dedup.NAIVE).mkdir(parents=True, exist_ok=True)
    worker = faust.Worker(build(here), quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None
    worker.execute_from_commandline()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    main(sys.argv[1:])
