"""`--engine kafka`: the same file through the real broker and Faust comes to the same."""

import asyncio
import time
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from streams.unavailable import Unavailable
from tests.ports import free_port
from tidings.config import Installation, Kafka
from tidings.rehearsal import rehearse
from tidings.rehearsal.worker_process import WorkerEnded, running_workers

FORGET_SECONDS = 60.0

EVERYTHING = """
name: every way in and out at once
until: "2026-06-11T00:00:00Z"
settings:
  pantry: &settings
    timezone: America/New_York
    locale: en-US
    country: US
    senders: {email: "Pantry <hello@pantry.example>", sms: "+12025550111"}
    channels: {email: {requested: true}, sms: {requested: true, paid: true, via: gateway}}
    kinds: {appointment_reminder: {sms_hours_before: 24, email_hours_before: 24}}
  other: *settings
contacts:
  pantry: &people
    - {id: c1, name: Ann Lee, email: ann@example.org, phones: [{number: "+12025550101", type: mobile, primary: true}],
       boxes: {email: true, sms: true}}
    - {id: c2, name: Bob Ray, email: bob@example.org}
  other: *people
consents: {other: [{address: "ann@example.org", opted_out: [all]}]}
providers: {"bob@example.org": [bounced], "+12025550101": ["failed:503"]}
events:
  - {at: "2026-06-01T10:00:00Z", tenant: pantry, type: appointment.scheduled, subject: c1,
     data: {appointment_id: a1, starts_at: "2026-06-10T15:00:00Z", made_by: staff}}
  - {at: "2026-06-01T10:00:00Z", tenant: other, type: appointment.scheduled, subject: c1,
     data: {appointment_id: a1, starts_at: "2026-06-10T15:00:00Z", made_by: staff}}
  - {at: "2026-06-01T11:00:00Z", tenant: pantry, type: appointment.scheduled, subject: c1, data: {}}
  - {at: "2026-06-01T11:00:00Z", tenant: pantry, type: settings.changed, data: {tmezone: x}}
  - {at: "2026-06-02T10:00:00Z", tenant: pantry, type: order.completed, subject: c2, actor: {kind: client, id: c2},
     data: {order_id: o1, items: [{name: Rice, quantity: 2}]}}
  - {at: "2026-06-02T11:00:00Z", tenant: pantry, type: order.completed, subject: c2, actor: {kind: client, id: c2},
     data: {order_id: o2, items: [{name: Oats, quantity: 1}]}}
  - {at: "2026-06-03T10:00:00Z", tenant: pantry, type: contact.changed, subject: c1, data: {email: lee@example.org}}
"""

SIZES = """
name: characters of four bytes
until: "2026-06-02T00:00:00Z"
settings:
  pantry:
    senders: {{email: "Pantry <hello@pantry.example>"}}
    channels: {{email: {{requested: true}}}}
    rules:
      - {{id: big, on: [parcel.lost], to: [contact], channel: email, subject: Lost, text: "{{{{ said }}}}",
         html: "<p>{{{{ said }}}}</p>", attachments: [{{name: a.txt, media_type: text/plain, content: {file}}}]}}
      - {{id: later, on: [parcel.found], to: [contact], channel: email, subject: Found, text: Soon,
         timing: {{after: PT1H}}}}
contacts: {{pantry: [{{id: c1, name: Ann Lee, email: ann@example.org}}]}}
events:
  - {{id: fits, at: "2026-06-01T10:00:00Z", tenant: pantry, type: parcel.lost, subject: c1, data: {{said: "{fits}"}}}}
  - {{id: over, at: "2026-06-01T10:01:00Z", tenant: pantry, type: parcel.lost, subject: c1, data: {{said: "{over}"}}}}
  - {{id: unplanned, at: "2026-06-01T10:02:00Z", tenant: pantry, type: parcel.found, subject: c1,
     data: {{said: "{unplanned}"}}}}
  - {{id: after, at: "2026-06-01T10:03:00Z", tenant: pantry, type: parcel.lost, subject: c1, data: {{said: x}}}}
"""


@pytest.mark.slow
def test_the_same_file_comes_to_the_same_on_kafka_and_leaves_nothing_behind(kafka: str, tmp_path: Path) -> None:
    installation = Installation(kafka=Kafka(bootstrap_servers=kafka), home=tmp_path / "home")
    path = tmp_path / "everything.yaml"
    path.write_text(EVERYTHING)
    in_memory = rehearse(path).outcome.to_plain()
    on_kafka = rehearse(path, engine="kafka", installation=installation).outcome.to_plain()
    assert on_kafka == in_memory
    assert {part: len(on_kafka[part]) for part in ("messages", "refused", "consents")} == {
        "messages": 4,
        "refused": 2,
        "consents": 1,
    }
    assert asyncio.run(_topics_of_rehearsals(kafka)) == []


def test_without_a_broker_it_says_so(tmp_path: Path) -> None:
    installation = Installation(kafka=Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"), home=tmp_path / "home")
    path = tmp_path / "everything.yaml"
    path.write_text(EVERYTHING)
    with pytest.raises(Unavailable, match="No Kafka broker answers"):
        rehearse(path, engine="kafka", installation=installation)


async def _topics_of_rehearsals(bootstrap_servers: str) -> list[str]:
    """Those that are still there after a while; a broker takes a moment to forget what was deleted."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    deadline = time.monotonic() + FORGET_SECONDS
    try:
        while True:
            left = [name for name in await admin.list_topics() if name.startswith("rehearsal-")]
            if not left or time.monotonic() > deadline:
                return left
            await asyncio.sleep(0.1)
    finally:
        await admin.close()


async def test_a_worker_that_cannot_start_is_told_with_its_last_lines(tmp_path: Path) -> None:
    installation = Installation(kafka=Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"), home=tmp_path)
    with pytest.raises(WorkerEnded, match="the worker decide ended before it was ready") as ended:
        async with running_workers(tmp_path / "none.yaml", ["decide"], installation):
            pass
    assert "cannot be read: No such file or directory" in str(ended.value)


@pytest.mark.slow
def test_what_no_record_can_carry_has_the_same_fate_on_kafka(kafka: str, tmp_path: Path) -> None:
    """Characters of four bytes: a message at the limit leaves, one beyond it and an event beyond it are explained."""
    installation = Installation(kafka=Kafka(bootstrap_servers=kafka), home=tmp_path / "home")
    path = tmp_path / "sizes.yaml"
    path.write_text(SIZES.format(file="A" * 399_996, fits="😀" * 49_000, over="😀" * 60_000, unplanned="😀" * 200_000))
    on_kafka = rehearse(path, engine="kafka", installation=installation).outcome.to_plain()
    assert on_kafka == rehearse(path, through_codec=True).outcome.to_plain()
    assert [message["event_id"] for message in on_kafka["messages"]] == ["fits", "after"]
    [silent] = [each for each in on_kafka["decisions"] if each.get("reason") == "render_error"]
    assert silent["event_id"] == "over"
    assert [(each["event_id"], each["errors"][0]["reason"][:6]) for each in on_kafka["refused"]] == [
        ("unplanned", "writes")
    ]
