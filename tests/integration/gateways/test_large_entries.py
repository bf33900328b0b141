"""A command of nearly a mebibyte, which is the most a command may be, and its entry in the ledger."""

from base64 import b64encode
from random import Random

from aiokafka import TopicPartition

from gateways.kafka import KafkaLog, read_to_end
from gateways.log import Row, append
from schemas import codec
from schemas.delivery import AttemptState, LedgerEntry
from schemas.topics import BY_NAME, ledger_topic
from schemas.words import Channel
from tests.integration.gateways.rig import Rig
from tests.unit.gateways.samples import NOON, message


def noise(characters: int) -> str:
    """Text that no compression makes much smaller."""
    return b64encode(Random(characters).randbytes(characters * 3 // 4)).decode()


async def test_the_entry_of_the_largest_command_fits_the_ledger(rig: Rig) -> None:
    command = message("m1", text=noise(1_040_000), to_name=noise(5_000))
    assert len(codec.encode(command)) < BY_NAME["delivery.commands.email.normal"].max_bytes
    entry = LedgerEntry(
        message_id="m1", state=AttemptState.INTENT, attempt=1, at=NOON, detail=noise(8_000), message=command
    )
    topic = ledger_topic(Channel.EMAIL)
    log = KafkaLog(rig.kafka, "test")
    await log.start()
    try:
        small = Row(key=b"m0", value=b"small")
        end = await append(log, topic, 3, [small, Row(key=b"m1", value=codec.encode(entry)), small])
    finally:
        await log.stop()
    found: list[bytes] = []
    place = TopicPartition(rig.prefix + topic, 3)
    assert await read_to_end(rig.kafka, "test", place, lambda record: found.append(record.value)) == end == 3
    assert codec.decode(found[1]) == entry
