"""Rules that only a real broker can put to the test."""

import asyncio
import uuid
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import RequestTimedOutError
from aiokafka.protocol.produce import ProduceRequest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from schemas.topics import AUDIENCE, EVENTS, PARTITIONS
from streams.app import App, build
from streams.batch import Batch
from streams.consumer import _Thread
from streams.crash import Fatal
from streams.full_copy import FullCopy
from streams.readiness import Readiness
from streams.runner import StageRunner
from streams.transport import Producer
from tests.integration.streams.chimes import CHIMES
from tests.safety.cluster import Cluster
from tests.safety.process import Parts, Process, answers, ring
from tests.safety.rule import Place, Rule, require
from tidings.config import Installation, Kafka, Worker

_COUNT = 300


async def _installation(place: Place, topic: str, partitions: int = 1) -> Installation:
    """An installation whose prefix nobody else has, with this one topic."""
    kafka = Kafka(bootstrap_servers=place.bootstrap_servers, topic_prefix=f"safety-{uuid.uuid4().hex[:8]}.")
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(kafka.topic_prefix + topic, partitions, 1)])
    finally:
        await admin.close()
    return Installation(kafka=kafka, home=place.home, worker=Worker(name="w1"))


def _app(installation: Installation) -> App:
    return build(CHIMES, installation, Readiness("w1", [CHIMES.name]))


async def _produce(place: Place, tp: TP, cluster: Cluster) -> None:
    """Put what a model's partition holds into a real one."""
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap_servers)
    await producer.start()
    try:
        sent = [
            await producer.send(tp.topic, each.value, each.key, partition=tp.partition, headers=list(each.headers))
            for each in cluster.log(tp)
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _values(reading: AIOKafkaConsumer, tp: TP) -> list[bytes | None]:
    """All that this consumer gets to see of a partition."""
    await reading.start()
    try:
        partition = TopicPartition(*tp)
        reading.assign([partition])
        await reading.seek_to_beginning(partition)
        end = (await reading.end_offsets([partition]))[partition]
        values: list[bytes | None] = []
        while await reading.position(partition) < end:
            for records in (await reading.getmany(partition, timeout_ms=200)).values():
                values += [record.value for record in records]
        return values
    finally:
        await reading.stop()


class AnyGap(StageRunner):
    """Goes on wherever a batch begins."""

    async def _require_no_loss(self, place: object, batch: Batch) -> None:
        return


async def a_fetch_that_was_dropped_on_its_way_is_noticed(runner: type[StageRunner], place: Place) -> None:
    installation = await _installation(place, EVENTS.name)
    cluster, events = Cluster(), TP(installation.kafka.topic_prefix + EVENTS.name, 0)
    ring(cluster, "e0", "e1", "e2", to=events)
    await _produce(place, events, cluster)
    process = Process(cluster, place.home, "w1", Parts(runner=runner), installation.kafka)
    process.lose(2)
    try:
        await process.run()
    except Fatal:
        assert answers(cluster) == {}
    process.end()
    again = Process(cluster, place.home, "w1", Parts(runner=runner), installation.kafka)
    await again.run()
    again.end()
    lost = [each for each in ("e0", "e1", "e2") if f"heard {each}" not in answers(cluster)]
    require(not lost, f"lost: {lost}")


class _Deaf:
    """A connection that loses the first answer to a produce request, after the broker has done it."""

    def __init__(self, client: Any) -> None:
        self._client, self._is_deaf = client, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any, **kwargs: Any) -> Any:
        answer = await self._client.send(node_id, request, **kwargs)
        if self._is_deaf and isinstance(request, ProduceRequest):
            self._is_deaf = False
            raise RequestTimedOutError("the answer was lost")
        return answer


class _DeafProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka is untyped
    """A producer on such a connection."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._sender.client = _Deaf(self.client)


class StockProducer(Producer):
    """Faust's own settings."""

    def _settings_extra(self) -> dict[str, Any]:
        return dict(driver.Producer._settings_extra(self))


async def a_batch_whose_ack_was_lost_is_there_once(producer: type[Producer], place: Place) -> None:
    installation = await _installation(place, AUDIENCE.name)
    audience = TP(installation.kafka.topic_prefix + AUDIENCE.name, 0)

    class Wired(producer):  # type: ignore[misc, valid-type]  # the class is the scenario's argument
        @property
        def _producer_type(self) -> type[AIOKafkaProducer]:
            return _DeafProducer

    sending = Wired(_app(installation).transport)._new_producer()
    await sending.start()
    try:
        batch = sending.create_batch()
        batch.append(timestamp=0, key=b"k", value=b"hello")
        await (await sending.send_batch(batch, *audience[:1], partition=0))
    finally:
        await sending.stop()
    values = await _values(AIOKafkaConsumer(bootstrap_servers=place.bootstrap_servers), audience)
    require(values == [b"hello"], f"doubled: {len(values)} records of one send")


class Uncommitted(_Thread):
    """Reads what Faust would read."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        return driver.AIOKafkaConsumerThread._create_worker_consumer(self, transport)


async def what_a_transaction_took_back_never_happened(thread: type[_Thread], place: Place) -> None:
    installation = await _installation(place, EVENTS.name)
    events = TP(installation.kafka.topic_prefix + EVENTS.name, 0)
    upstream = AIOKafkaProducer(bootstrap_servers=place.bootstrap_servers, transactional_id=events.topic)
    await upstream.start()
    try:
        for value, is_kept in ((b"never", False), (b"so", True)):
            await upstream.begin_transaction()
            await upstream.send_and_wait(events.topic, value, partition=0)
            await (upstream.commit_transaction() if is_kept else upstream.abort_transaction())
    finally:
        await upstream.stop()
    app = _app(installation)
    consumer: Any = app.consumer
    transport: Any = app.transport
    reading = thread(consumer, loop=consumer.loop, beacon=consumer.beacon)._create_worker_consumer(transport)
    values = await _values(reading, events)
    require(values == [b"so"], f"made up: {values}")


class Hasty(FullCopy):
    """Lets the stage start at once, and reads meanwhile."""

    async def start(self) -> None:
        self._starting = asyncio.create_task(super().start())

    async def stop(self) -> None:
        await self._starting
        await super().stop()


async def a_stage_begins_with_all_that_it_joins(copy: type[FullCopy], place: Place) -> None:
    installation = await _installation(place, AUDIENCE.name, PARTITIONS)
    audience = TP(installation.kafka.topic_prefix + AUDIENCE.name, 0)
    cluster = Cluster()
    ring(cluster, "e0", to=audience)
    one = cluster.log(audience)[0]
    copied = Cluster()
    for number in range(_COUNT):
        copied.append(audience, [(0, b"k%d" % number, one.value, one.headers)])
    await _produce(place, audience, copied)
    joined = copy(AUDIENCE, installation)
    await joined.start()
    missing = _COUNT - len(joined.records)
    await joined.stop()
    require(not missing, f"decided without {missing} of the {_COUNT} records that it joins")


RULES = (
    Rule(
        says="a gap in the offsets with records in it is fatal",
        kept_by=StageRunner,
        at="_require_no_loss",
        without=AnyGap,
        scenario=a_fetch_that_was_dropped_on_its_way_is_noticed,
        needs_broker=True,
    ),
    Rule(
        says="the producer is idempotent",
        kept_by=Producer,
        at="_settings_extra",
        without=StockProducer,
        scenario=a_batch_whose_ack_was_lost_is_there_once,
        needs_broker=True,
    ),
    Rule(
        says="only committed records are read",
        kept_by=_Thread,
        at="_create_worker_consumer",
        without=Uncommitted,
        scenario=what_a_transaction_took_back_never_happened,
        needs_broker=True,
    ),
    Rule(
        says="a full copy is complete before its stage starts",
        kept_by=FullCopy,
        at="start",
        without=Hasty,
        scenario=a_stage_begins_with_all_that_it_joins,
        needs_broker=True,
    ),
)
