"""Quix Streams: a streaming data frame with state, whose checkpoint is flushed and committed every second."""

from typing import Any

from framed import ENABLED, JOB, LEADS_MS, TIMERS, answer, decode, encode, timer_key
from quixstreams import Application
from quixstreams.models.serializers import Deserializer, SerializationContext, Serializer


class Read(Deserializer):
    """The job's changes."""

    def __call__(self, value: bytes, ctx: SerializationContext) -> dict:
        return decode(value)


class Write(Serializer):
    """The job's answers."""

    def __call__(self, value: Any, ctx: SerializationContext) -> bytes:
        return encode(value)


app = Application(
    broker_address=JOB["servers"],
    consumer_group=JOB["group"],
    auto_offset_reset="earliest",
    commit_interval=1.0,
    state_dir=JOB["home"],
    processing_guarantee=JOB["guarantee"],
    producer_extra_config={"acks": "all", "linger.ms": 20, "compression.type": "lz4"},
    loglevel="WARNING",
)


def decide(change: dict, key: Any, timestamp_ms: int, headers: Any, state: Any) -> dict | None:
    """The job."""
    name = change["event_id"]
    if not ENABLED[change["tenant"]] or state.get(name) is not None:
        return None
    state.set(name, 1)
    for lead_ms in LEADS_MS[:TIMERS]:
        state.set(timer_key(timestamp_ms, lead_ms, name), name)
    return answer(change)


frame = app.dataframe(app.topic(JOB["source"], key_deserializer="bytes", value_deserializer=Read()))
frame = frame.apply(decide, stateful=True, metadata=True)
frame = frame.filter(lambda said: said is not None)
frame = frame.to_topic(app.topic(JOB["target"], key_serializer="bytes", value_serializer=Write()))

if __name__ == "__main__":
    app.run()
