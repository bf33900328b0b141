"""What Faust does with an event on its way through an agent."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

from streams.consumer import Consumer
from tests.contracts.rig import EVENTS, Opened, batch_of, ours
from tests.contracts.upgrade import promised, still_needed

STOCK_PENDING = driver.Consumer._filter_tps_with_pending_acks
STOCK_COMMITTABLE = driver.Consumer._filter_committable_offsets


class DeafToAcks(Consumer):
    """Overrides `ack`, as one would to keep Faust from acking."""

    def ack(self, message: Any) -> bool:
        raise AssertionError("the iterator called Consumer.ack")


async def _fail_on_one(app: faust.App) -> Opened:
    """An agent's loop that takes one batch and raises."""
    opened = Opened(app)
    await opened.put(batch_of(app, 0, 5))
    iterator = aiter(opened.stream)
    with suppress(LookupError):
        async for _ in iterator:
            raise LookupError("the agent failed")
    await iterator.aclose()  # as the event loop does with what an exception leaves behind
    return opened


async def test_the_compiled_iterator_acks_by_itself(tmp_path: Path) -> None:
    app = ours(tmp_path)
    app.consumer = consumer = DeafToAcks(app.transport, *[_ignored] * 3)
    opened = Opened(app)
    message = await opened.put(batch_of(app, 0, 5))
    iterator = aiter(opened.stream)
    await anext(iterator)
    await iterator.aclose()
    still_needed(
        message.acked and consumer._acked[EVENTS] == [4],
        "Faust's compiled iterator acks past any override of Consumer.ack.",
        "streams.consumer.Consumer._filter_committable_offsets, which throws Faust's marks away",
    )


async def _ignored(*_: object) -> None:
    return


async def test_stock_faust_acks_what_its_agent_failed_on(tmp_path: Path) -> None:
    app = ours(tmp_path)
    await _fail_on_one(app)
    consumer: Any = app.consumer
    offsets = STOCK_COMMITTABLE(consumer, STOCK_PENDING(consumer))
    still_needed(
        offsets == {EVENTS: 5},
        "stock Faust commits past an event whose agent raised, and so loses it.",
        "streams.consumer.Consumer, where only `settle` makes an offset committable,",
    )


async def test_an_agent_that_fails_leaves_our_offset_unmoved(tmp_path: Path) -> None:
    app = ours(tmp_path)
    await _fail_on_one(app)
    consumer: Any = app.consumer
    promised(
        consumer._filter_committable_offsets(consumer._filter_tps_with_pending_acks()) == {},
        "that what Faust acks by itself cannot be committed.",
        "streams.consumer.Consumer._filter_committable_offsets",
    )


async def test_a_cancelled_agent_leaves_our_offset_unmoved(tmp_path: Path) -> None:
    app = ours(tmp_path)
    opened = Opened(app)
    await opened.put(batch_of(app, 0, 5))
    iterator = aiter(opened.stream)
    await anext(iterator)
    await iterator.aclose()
    consumer: Any = app.consumer
    still_needed(
        consumer._acked[EVENTS] == [4],
        "Faust acks the event of an agent that was cancelled.",
        "streams.consumer.Consumer, where only `settle` makes an offset committable,",
    )
    promised(
        consumer._filter_committable_offsets([EVENTS]) == {},
        "that a cancelled agent's event is not committed.",
        "streams.consumer.Consumer._filter_committable_offsets",
    )


async def test_a_batch_travels_through_faust_as_it_is(tmp_path: Path) -> None:
    app = ours(tmp_path)
    opened = Opened(app)
    sent = batch_of(app, 7, 3)
    await opened.put(sent)
    async for received in opened.stream:
        event: Any = faust.current_event()
        promised(
            received is sent,
            "that a message with the serializer `raw` reaches the agent as the object that was delivered.",
            "streams.consumer._message and streams.app.build",
        )
        promised(
            (event.message.partition, event.message.offset) == (0, 9),
            "that the current event's message says which partition is being performed.",
            "streams.batch, as Faust's tables look there for their partition,",
        )
        break
    await opened.stream.stop()


async def test_a_batch_of_an_older_generation_is_skipped_by_faust_itself(tmp_path: Path) -> None:
    app = ours(tmp_path)
    opened = Opened(app)
    await opened.put(batch_of(app, 0, 5))
    app.consumer_generation_id += 1
    await opened.put(batch_of(app, 5, 5))
    async for received in opened.stream:
        promised(
            received.first_offset == 5,
            "that Faust drops events of an older generation, which are in its queues after a rebalance.",
            "streams.runner.StageRunner.perform, which looks at the generation once more,",
        )
        break
    await opened.stream.stop()
