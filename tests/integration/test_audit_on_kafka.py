"""`tidings audit` over real topics: an untouched log, one with a record missing, one with a record twice."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from typer.testing import CliRunner, Result

from processors.effects import Record
from schemas import wire
from schemas.clock import rfc3339
from schemas.topics import BY_NAME, EVENTS
from streams import topics_admin
from streams.client import partition_of, publisher
from streams.topology import TOPOLOGY
from tidings.audit.records import AUDITED
from tidings.cli.root import app
from tidings.config import Installation, Kafka
from tidings.rehearsal.driver import run_in_memory
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import read_scenario
from tidings.yaml_text import write_yaml

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
PREFIXES = count()


@pytest.fixture
def installation(kafka: str, tmp_path: Path) -> Iterator[Kafka]:
    """Topics of a test's own."""
    prefix = f"audit{os.getpid()}-{next(PREFIXES)}."
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", kafka)
        patch.setenv("TIDINGS_KAFKA__TOPIC_PREFIX", prefix)
        patch.setenv("TIDINGS_HOME", str(tmp_path))
        assert tidings("topics", "apply").exit_code == 0
        own = Kafka(bootstrap_servers=kafka, topic_prefix=prefix)
        yield own
        asyncio.run(topics_admin.remove(Installation(kafka=own)))


def tidings(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def log_of(folder: Path) -> list[Record]:
    """What two reminders by text leave on the topics: one is delivered, one refused."""
    scenario = {
        "name": "two reminders",
        "start": rfc3339(START),
        "until": rfc3339(START + timedelta(hours=3)),
        "settings": {
            "pantry": {
                "timezone": "America/New_York",
                "currency": "USD",
                "senders": {"sms": "+12025550111"},
                "channels": {"sms": {"requested": True}},
                "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
                "kinds": {"appointment_reminder": {"sms_hours_before": 2}},
            }
        },
        "contacts": {"pantry": [_contact("c1", "+12025550101"), _contact("c2", "+12025550102")]},
        "providers": {"+12025550102": ["failed:30003"]},
        "events": [_appointment("c1"), _appointment("c2")],
    }
    path = folder / "reminders.yaml"
    path.write_text(write_yaml(scenario))
    read = read_scenario(path)
    run = run_in_memory(read, (*TOPOLOGY, provider_stage(read.providers)), partitions=8)
    seen = [run.runner.watch(topic.name) for topic in AUDITED]
    run.run()
    return [record for records in seen for record in records]


def _contact(id_: str, number: str) -> dict[str, object]:
    return {"id": id_, "phones": [{"number": number, "type": "mobile", "primary": True}]}


def _appointment(contact: str) -> dict[str, object]:
    starts_at = rfc3339(START + timedelta(hours=4))
    data = {"appointment_id": f"a-{contact}", "starts_at": starts_at, "made_by": "client"}
    return {
        "id": f"e-{contact}",
        "at": rfc3339(START),
        "tenant": "pantry",
        "type": "appointment.scheduled",
        "subject": contact,
        "data": data,
    }


def write(kafka: Kafka, records: list[Record]) -> None:
    async def send() -> None:
        async with publisher(kafka, *AUDITED) as publishing:
            for record in records:
                encoded = wire.encode(record.value)
                topic, key = BY_NAME[record.topic], record.key.encode()
                await publishing.send_at(record.now, topic, key, encoded.value, encoded.headers)

    asyncio.run(send())


def test_a_log_that_nobody_touched_has_no_difference(installation: Kafka, tmp_path: Path) -> None:
    write(installation, log_of(tmp_path))
    result = tidings("audit", "--settle-seconds", "0", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["differences"]) == (0, [])
    assert found["counts"]["law 1"]["events decided"] == 2
    assert found["counts"]["law 1"]["messages commanded"] == 2
    assert found["sums"] == {"in usage": {"USD": "0.02"}, "to be billed": {"USD": "0.02"}}
    assert "Law 1. Nothing is lost: holds." in tidings("audit", "--settle-seconds", "0").stdout


def _is_decision_to_send(record: Record) -> bool:
    return record.topic == "decisions" and getattr(record.value, "outcome", None) == "sent"


@pytest.mark.parametrize(
    ("is_meant", "wanted"),
    [
        (_is_decision_to_send, "no decision to send it"),
        (lambda record: record.topic.startswith("delivery.commands"), "no delivery command"),
        (lambda record: record.topic == "billing.usage", "topic billing.usage lacks it"),
    ],
    ids=["decision", "command", "usage"],
)
def test_a_record_left_out_is_missed_and_one_put_twice_is_named(
    is_meant: Callable[[Record], bool], wanted: str, installation: Kafka, tmp_path: Path
) -> None:
    records = log_of(tmp_path)
    meant = next(record for record in records if is_meant(record))
    write(installation, [record for record in records if record is not meant])
    missed = tidings("audit", "--settle-seconds", "0")
    assert missed.exit_code == 1
    assert wanted in missed.stdout
    write(installation, [meant])
    assert tidings("audit", "--settle-seconds", "0").exit_code == 0
    write(installation, [meant])
    doubled = tidings("audit", "--settle-seconds", "0")
    assert doubled.exit_code == 1
    assert doubled.stdout.count("Difference: ") == 1
    assert "stands 2 times on its topic" in doubled.stdout
    assert tidings("audit", "--settle-seconds", "0", "--allow-repeats").exit_code == 0


def test_records_that_are_deleted_are_missed(installation: Kafka, tmp_path: Path) -> None:
    write(installation, log_of(tmp_path))

    async def delete(topic: str, key: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=installation.bootstrap_servers)
        await admin.start()
        try:
            place = TopicPartition(installation.topic_prefix + topic, partition_of(key.encode(), 8))
            await admin.delete_records({place: RecordsToDelete(before_offset=-1)})
        finally:
            await admin.close()

    asyncio.run(delete("decisions", "pantry|e-c2"))
    missed = tidings("audit", "--settle-seconds", "0")
    assert missed.exit_code == 1
    assert "law 1, event pantry/e-c2: appointment.scheduled at events/" in missed.stdout


def test_an_event_that_cannot_be_read_needs_its_dead_letter(installation: Kafka) -> None:
    async def send() -> None:
        async with publisher(installation, EVENTS) as publishing:
            await publishing.send(EVENTS, b"pantry|c1", b"no event at all")

    asyncio.run(send())
    assert "cannot be read, and has no dead letter" in tidings("audit", "--settle-seconds", "0").stdout
    assert tidings("audit").exit_code == 0  # younger than a minute
