"""The model of a producer answers whatever a living process hands over, as Kafka's does: with an offset or an error."""

import asyncio
from random import Random

import pytest
from aiokafka.errors import KafkaTimeoutError, OutOfOrderSequenceNumber

from tests.simulation.broker import Broker, Metadata, Producer, Row
from tests.simulation.loop import simulate
from tests.simulation.process import Process
from tests.simulation.storm import Odds, Storm

BATCHES = 20


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_after_a_lost_batch_fails_too_and_is_never_left_unanswered(seed: int) -> None:
    storm = Storm(rng=Random(seed), odds=Odds(failed_send=0.3))
    broker = Broker(storm, now_ms=0)

    async def send_all() -> list[Metadata | BaseException]:
        producer = Producer(broker=broker, process=Process("p", storm))
        return await asyncio.gather(*[await _sent(producer, b"%d" % n) for n in range(BATCHES)], return_exceptions=True)

    answers = simulate(send_all())
    arrived = [record.value for record in broker.history["topic", 0]]
    assert arrived == [b"%d" % number for number in range(len(arrived))]
    for number, answer in enumerate(answers):
        if number > len(arrived):
            assert isinstance(answer, OutOfOrderSequenceNumber)
        elif isinstance(answer, Metadata):
            assert answer.offset == number < len(arrived)
        else:
            assert isinstance(answer, KafkaTimeoutError)


async def _sent(producer: Producer, value: bytes) -> "asyncio.Future[Metadata]":
    batch = producer.create_batch()
    batch.append(timestamp=None, key=b"k", value=value)
    return await producer.send_batch(batch, "topic", partition=0)


def test_a_fetch_passes_over_what_compaction_removed() -> None:
    async def fetched() -> list[int]:
        broker = Broker(Storm(rng=Random(1), odds=Odds()), now_ms=0)
        broker.append("topic", 0, [Row(key, b"v") for key in (b"a", b"b", b"a", b"b", b"a", b"c")])
        broker.compact("topic", 0, 6)
        return [record.offset for record in broker.fetch("topic", 0, 1, 2)]

    assert simulate(fetched()) == [3, 4]
