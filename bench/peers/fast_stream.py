"""FastStream: a batch subscriber, one publish per event, all awaited before the batch is acknowledged.

It has no state store, so this script brings one: RocksDB on the disk, and one publish per mark to a compacted topic
from which the marks could be read again.
"""

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path

import uvloop
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from framed import ENABLED, JOB, LEADS_MS, TIMERS, answer, decode, encode, key_of, timer_key
from rocksdict import Options, Rdict

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
broker = KafkaBroker(
    JOB["servers"], acks="all", linger_ms=5, max_batch_size=1 << 18, compression_type="lz4", logger=None
)
store = Rdict(str(Path(JOB["home"]) / "marks"), Options(raw_mode=True))


@broker.subscriber(
    JOB["source"],
    group_id=JOB["group"],
    batch=True,
    max_records=1000,
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.ACK,
    decoder=lambda message: [decode(value) for value in message.body],
)
async def decide(changes: list[dict]) -> None:
    """The job, for one batch."""
    sendings = []
    now_ms = int(time.time() * 1000)
    for change in changes:
        name = change["event_id"]
        if ENABLED[change["tenant"]] and store.get(name.encode()) is None:
            timers = [timer_key(now_ms, lead_ms, name) for lead_ms in LEADS_MS[:TIMERS]]
            sendings += [mark(key.encode(), name.encode()) for key in (name, *timers)]
            sendings.append(broker.publish(encode(answer(change)), JOB["target"], key=key_of(change).encode()))
    await asyncio.gather(*sendings)


def mark(key: bytes, value: bytes) -> Awaitable[object]:
    """Remember, here and in the changelog."""
    store[key] = value
    return broker.publish(value, f"{JOB['group']}-changelog", key=key)


if __name__ == "__main__":
    asyncio.run(FastStream(broker, logger=None).run())
