"""What the engine needs of the thread that speaks to the broker, and of aiokafka's positions."""

import asyncio
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState
from faust.types import TP

from streams.consumer import Consumer, _Thread
from tests.contracts.rig import EVENTS, ours, stock
from tests.contracts.upgrade import promised, still_needed

OTHER = TP("events", 1)
FOLLOWS = "streams.consumer.Consumer._follows"


async def _ignored(*_: object) -> None:
    return


async def test_the_thread_is_made_by_the_consumer_and_makes_the_reader(tmp_path: Path) -> None:
    app = ours(tmp_path)
    consumer: Any = app.consumer
    promised(
        type(consumer._thread) is _Thread and type(consumer) is Consumer,
        "that the transport's Consumer makes its thread with _new_consumer_thread.",
        "streams.consumer.Consumer._new_consumer_thread and streams.transport.Transport",
    )
    reader = consumer._thread._create_consumer(asyncio.get_running_loop())
    promised(
        isinstance(reader, AIOKafkaConsumer) and reader._isolation_level == "read_committed",
        "that the thread reads with what _create_worker_consumer makes.",
        "streams.consumer._Thread",
    )
    promised(
        "isolation_level=self._isolation_level" in inspect.getsource(AIOKafkaConsumer.start),
        "that aiokafka looks at _isolation_level when it starts, and not before.",
        "streams.consumer._Thread._create_worker_consumer",
    )


async def test_stock_faust_reads_what_was_aborted(tmp_path: Path) -> None:
    app = stock(tmp_path)
    consumer: Any = app.consumer
    reader = consumer._thread._create_consumer(asyncio.get_running_loop())
    still_needed(
        reader._isolation_level == "read_uncommitted",
        "Faust reads uncommitted records unless it uses its own transactions, and has no setting for it.",
        "streams.consumer._Thread",
    )


async def test_aiokafka_keeps_the_position_where_we_look_for_it() -> None:
    subscription: Any = SubscriptionState()
    partition = TopicPartition(*EVENTS)
    promised(subscription.subscription is None, "that there is no subscription at first.", FOLLOWS)
    subscription.assign_from_user({partition})
    state = subscription.subscription.assignment._tp_state.get(partition)
    promised(state is not None and state._position is None, "that a partition begins without a position.", FOLLOWS)
    state.seek(10)
    promised(state._position == 10, "that a seek moves the position at once.", FOLLOWS)
    state.consumed_to(15)
    promised(state._position == 15, "that a fetch moves the position when it is handed out.", FOLLOWS)
    reader = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    promised(
        isinstance(reader._subscription, SubscriptionState),
        "that a reader keeps its positions in _subscription.",
        FOLLOWS,
    )


async def test_a_seek_of_the_thread_takes_effect_at_once(tmp_path: Path) -> None:
    consumer: Any = ours(tmp_path).consumer
    thread = consumer._thread
    sought: list[tuple[object, int]] = []
    thread._consumer = SimpleNamespace(seek=lambda partition, offset: sought.append((partition, offset)))
    result = thread.seek(TopicPartition(*EVENTS), 7)
    promised(
        sought == [(TopicPartition(*EVENTS), 7)] and not inspect.isawaitable(result),
        "that the thread's seek is aiokafka's, without a pause in which the position could move.",
        "streams.consumer.Consumer._fetch_again",
    )


async def test_the_committed_offset_is_known_after_faust_has_sought(tmp_path: Path) -> None:
    app = ours(tmp_path)

    class Seeking(Consumer):
        async def seek_to_committed(self) -> Any:
            return {EVENTS: 42, OTHER: None}

    consumer = Seeking(app.transport, _ignored, _ignored, _ignored)
    await consumer.perform_seek()
    promised(
        (consumer.committed(EVENTS), consumer.committed(OTHER)) == (42, 0),
        "that _committed_offset holds what is committed as soon as Faust has sought there after a recovery.",
        "streams.consumer.Consumer.committed, from which streams.runner takes the position of a new partition,",
    )
