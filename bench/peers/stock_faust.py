"""Stock Faust as its manual writes it, tuned: an agent, `table[key] = …`, `await topic.send`."""

import asyncio
import logging

import faust
import uvloop
from framed import ENABLED, JOB, LEADS_MS, PARTITIONS, TIMERS, answer, decode, encode, timer_key

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
logging.disable(logging.INFO)


class Framed(faust.Codec):
    """The job's records."""

    def _dumps(self, record: dict) -> bytes:
        return encode(record)

    def _loads(self, value: bytes) -> dict:
        return decode(value)


app = faust.App(
    JOB["group"],
    broker=f"kafka://{JOB['servers']}",
    store="rocksdb://",
    datadir=JOB["home"],
    topic_partitions=PARTITIONS,
    web_enabled=False,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=1.0,
    broker_max_poll_records=5000,
    consumer_max_fetch_size=4 << 20,
    stream_buffer_maxsize=8192,
    producer_acks=-1,
    producer_linger=0.02,
    producer_max_batch_size=1 << 18,
    producer_compression_type="lz4",
)
source = app.topic(JOB["source"], key_type=bytes, key_serializer="raw", value_serializer=Framed())
target = app.topic(JOB["target"], key_type=bytes, key_serializer="raw", value_serializer=Framed())


def table(name: str) -> faust.Table:
    """A table as tuned as ours."""
    options = {"driver": "rocksdict", "block_cache_size": 16 << 20, "write_buffer_size": 8 << 20}
    return app.Table(name, partitions=PARTITIONS, options=options)


seen = table("seen")
timers = table("timers")


@app.agent(source)
async def decide(stream: faust.Stream) -> None:
    """The job."""
    async for event in stream.events():
        change = event.value
        name = change["event_id"]
        if ENABLED[change["tenant"]] and seen.get(name) is None:
            seen[name] = 1
            for lead_ms in LEADS_MS[:TIMERS]:
                timers[timer_key(int(event.message.timestamp * 1000), lead_ms, name)] = name
            await target.send(key=event.key, value=answer(change))


if __name__ == "__main__":
    faust.Worker(app, loglevel="error", quiet=True, redirect_stdouts=False).execute_from_commandline()
