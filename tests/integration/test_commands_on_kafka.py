"""Commands against a real broker: what they publish, read, explain and replay."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from schemas import wire
from schemas.billing import PaidBy, Usage
from schemas.consent import Consent
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.faults import Fault, Refused
from schemas.message import Message
from schemas.state import Seen, TenantSettings
from schemas.topics import (
    BY_NAME,
    CONSENTS,
    DEAD_LETTERS,
    DECISIONS,
    EVENTS,
    PARTITIONS,
    SETTINGS,
    STATUSES,
    USAGE,
    Topic,
    ledger_topic,
)
from schemas.words import Channel, InDoubt, Lane, Outcome, Status
from streams.client import Position, Stored, partition_of, publisher, read_to_end
from streams.unavailable import TopicMissing
from tidings.cli.root import app
from tidings.config import Installation, Kafka, load
from tidings.progress import heard_by

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def prefix() -> str:
    """The topics of this module; making all of them takes a second, so its tests share them and keep to own tenants."""
    return f"cli{os.getpid()}."


@pytest.fixture(scope="module", autouse=True)
def installation(kafka: str, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", kafka)
        patch.setenv("TIDINGS_KAFKA__TOPIC_PREFIX", prefix)
        patch.setenv("TIDINGS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TIDINGS_SMTP__PORT", "1")
        applied = tidings("topics", "apply")
        assert (applied.exit_code, applied.stdout) == (0, "All topics are as they have to be.\n")
        yield load()


def tidings(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=text, catch_exceptions=False)


def event(id_: str, tenant: str, **fields: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": id_,
        "type": "order.completed",
        "tenant": tenant,
        "subject": "c1",
        "time": "2026-03-01T12:00:00Z",
        "data": {"order_id": "o1", "items": [{"name": "Rice", "quantity": 1}]},
    }
    return whole | fields


async def stored(kafka: Kafka, topic: Topic, holds: Callable[[Stored], bool]) -> list[Stored]:
    async with aclosing(read_to_end(kafka, topic)) as records:
        return [record async for record in records if holds(record)]


def put(kafka: Kafka, topic: Topic, *keyed: tuple[str, object]) -> list[Position]:
    async def send() -> list[Position]:
        async with publisher(kafka, topic) as publishing:
            return [await publishing.send(topic, key.encode(), wire.encode(record).value) for key, record in keyed]

    return asyncio.run(send())


def test_topics_that_are_right_leave_nothing_to_plan() -> None:
    assert tidings("topics", "plan", "--json").stdout == "[]\n"


def test_events_stand_on_the_topic_as_they_were_said_in_order(installation: Installation) -> None:
    said = [event(f"e{number}", "order") for number in range(50)]
    published = tidings("publish", "-", text="\n".join(map(json.dumps, said)))
    assert (published.exit_code, published.stdout) == (0, "50 events published.\n")
    records = asyncio.run(stored(installation.kafka, EVENTS, lambda record: record.key == b"order|c1"))
    events = [wire.decode(EVENTS, record.key, record.value, record.headers) for record in records]
    assert [each.id for each in events] == [f"e{number}" for number in range(50)]  # type: ignore[attr-defined]
    assert {record.position.partition for record in records} == {partition_of(b"order|c1", 8)}


def test_a_refused_event_does_not_keep_the_others_back() -> None:
    said = [
        event("e1", "size"),
        event("e2", "size", data={"order_id": "x" * 5_000_000, "items": []}),
        event("e3", "size"),
    ]
    published = tidings("publish", "-", text=json.dumps(said))
    assert (published.exit_code, published.stdout) == (1, "2 events published, 1 refused.\n")
    assert published.stderr.startswith("Event 2 (e2, order.completed) refused: is 5,000,")
    assert published.stderr.endswith(" bytes; an event may have 1,048,576.\n")


def test_an_event_that_fits_as_text_and_not_as_a_record_is_named_too() -> None:
    """Every character takes one byte as JSON text here; the key and headers come on top."""
    room = 1_048_576 - len(json.dumps(event("e1", "brim", data={"order_id": "", "items": []})))
    said = event("e1", "brim", data={"order_id": "x" * room, "items": []})
    published = tidings("publish", "-", text=json.dumps(said))
    assert published.exit_code == 1
    assert "a record of topic events may have 1,048,576" in published.stderr


def test_records_are_tailed_decoded_and_unreadable_ones_with_the_reason(installation: Installation) -> None:
    consent = Consent(tenant="tail", address="ann@example.org", opted_out=("all",))
    put(installation.kafka, CONSENTS, (consent.key, consent), (consent.key, Seen(at=NOW)))
    tailed = tidings("tail", "consents", "--from-beginning", "-n", "2", "--json").stdout.splitlines()
    first, second = map(json.loads, tailed)
    assert (first["record"], first["value"]["opted_out"]) == ("Consent", ["all"])
    assert second["record"] == "unreadable"
    assert "holds a Seen, but topic consents carries Consent" in second["value"]["errors"][0]
    assert " Consent\n" in tidings("tail", "consents", "--from-beginning", "-n", "1").stdout


def letter(position: Position, id_: str) -> DeadLetter:
    return DeadLetter(
        topic="events",
        partition=position.partition,
        offset=position.offset,
        stage="decide",
        at=NOW,
        faults=(Fault(path="data.items", reason="is missing"),),
        key=b"letters|c1",
        value=b'{"broken":true}',
        headers={"content-type": b"application/cloudevents+json"},
        tenant="letters",
        type="order.completed",
        event_id=id_,
    )


def test_a_dead_letter_is_listed_shown_and_replayed(installation: Installation) -> None:
    kafka = installation.kafka
    broken = letter(Position(topic="events", partition=0, offset=9_000_000, at=NOW), "b1")
    put(kafka, DEAD_LETTERS, (broken.id, broken))
    assert "letters" in tidings("dead-letters", "list").stdout
    shown = tidings("dead-letters", "show", broken.id).stdout
    assert "data.items: is missing" in shown
    assert '{"broken":true}' in shown
    why = tidings("why", "--tenant", "letters", "--event", "b1")
    assert why.exit_code == 1
    assert f"It was refused (data.items: is missing). `tidings dead-letters show {broken.id}`" in why.stderr

    replayed = tidings("dead-letters", "replay", broken.id, "--json")
    [placed] = json.loads(replayed.stdout)
    [again] = asyncio.run(stored(kafka, EVENTS, lambda record: record.key == b"letters|c1"))
    assert str(again.position) == placed["now"]
    assert (again.value, dict(again.headers)) == (broken.value, broken.headers)

    [listed] = json.loads(tidings("dead-letters", "list", "--all", "--json").stdout)
    assert (listed["fate"], listed["replays"][0]["now"]) == ("replayed", placed["now"])
    assert "replayed already" in tidings("dead-letters", "replay", broken.id).stderr
    assert tidings("dead-letters", "list", "--json").stdout == "[]\n"

    worse = letter(again.position, "b1")
    put(kafka, DEAD_LETTERS, (worse.id, worse))
    fates = {each["id"]: each["fate"] for each in json.loads(tidings("dead-letters", "list", "--all", "--json").stdout)}
    assert fates == {broken.id: "refused_again", worse.id: "open"}


def decision(event_id: str, **fields: object) -> Decision:
    given = {"tenant": "why", "outcome": Outcome.SENT, "at": NOW, "kind": "order_confirmation"} | fields
    return Decision(event_id=event_id, **given)  # type: ignore[arg-type]  # fields as the test names them


def status(event_id: str, state: Status) -> DeliveryStatus:
    return DeliveryStatus(
        message_id=f"m-{event_id}",
        tenant="why",
        kind="order_confirmation",
        channel=Channel.EMAIL,
        to="ann@example.org",
        event_id=event_id,
        category="service",
        status=state,
        attempt=1,
        at=NOW + timedelta(seconds=1),
        commanded_at=NOW,
        contact="ann",
    )


def test_what_became_of_an_event_is_told_in_sentences(installation: Installation) -> None:
    kafka = installation.kafka
    sent = decision("w1", contact="ann", to="ann@example.org", channel=Channel.EMAIL, message_id="m-w1")
    refused = decision("w2", contact="bo", outcome=Outcome.DROPPED, reason="opted_out:all", channel=Channel.EMAIL)
    strange = replace(sent, tenant="whyever", contact="eve")
    put(kafka, DECISIONS, ("why|w1", sent), ("why|w2", refused), ("whyever|w1", strange))
    put(kafka, STATUSES, ("why|ann@example.org", status("w1", Status.ACCEPTED)))

    told = tidings("why", "--tenant", "why", "--event", "w1")
    assert told.exit_code == 0
    assert "Order confirmation by email for contact ann to ann@example.org" in told.stdout
    assert "It was handed over for delivery." in told.stdout
    assert "The provider accepted it." in told.stdout
    assert "eve" not in told.stdout
    assert told.stdout == tidings("why", "--tenant", "why", "--contact", "ann").stdout
    assert told.stdout == tidings("why", "--tenant", "why", "--message", "m-w1").stdout

    silent = tidings("why", "--tenant", "why", "--event", "w2").stdout
    assert "because the recipient opted out of all (opted_out:all)." in silent
    assert "→ Respect it." in silent
    [as_json] = json.loads(tidings("why", "--tenant", "why", "--event", "w2", "--json").stdout)
    assert as_json["decisions"][0]["reason"] == "opted_out:all"


def test_the_whole_life_of_a_message_is_told(installation: Installation) -> None:
    kafka, address = installation.kafka, "why|Cy@example.org"
    beside = partition_of(address.lower().encode(), PARTITIONS)
    message_id = next(id_ for n in range(99) if partition_of((id_ := f"m{n}").encode(), PARTITIONS) == beside)
    about = {"contact": "cy", "to": "Cy@example.org", "channel": Channel.EMAIL, "message_id": message_id}
    planned, sent = (decision("w3", outcome=outcome, **about) for outcome in (Outcome.SCHEDULED, Outcome.SENT))
    report = replace(status("w3", Status.DELIVERED), message_id=message_id, to="Cy@example.org", contact="cy")
    command = Message(
        message_id=message_id,
        tenant="why",
        kind="order_confirmation",
        channel=Channel.EMAIL,
        to="Cy@example.org",
        from_="why@example.org",
        event_id="w3",
        lane=Lane.URGENT,
        category="service",
        in_doubt=InDoubt.RESEND,
        text="Hello",
        settings_version=1,
        template_version="t1",
        commanded_at=NOW,
    )
    entry = LedgerEntry(message_id=message_id, state=AttemptState.RETRY_AT, attempt=1, at=NOW, code="451")
    usage = Usage(
        message_id=message_id,
        tenant="why",
        channel=Channel.EMAIL,
        units=1,
        unit="message",
        amount=Decimal("0.01"),
        currency="USD",
        period="2026-03",
        at=NOW,
    )
    put(kafka, DECISIONS, ("why|w3", planned), ("why|w3", sent))
    put(kafka, BY_NAME[command.topic], (command.key, command), (command.key, replace(command, message_id="another")))
    put(kafka, BY_NAME[ledger_topic(Channel.EMAIL)], (message_id, entry))
    put(kafka, STATUSES, (report.key, report))
    put(kafka, USAGE, ("why|", usage), ("why|", replace(usage, message_id="another")))

    told = tidings("why", "--tenant", "why", "--message", message_id, "--json")
    [story] = json.loads(told.stdout)
    counted = {part: len(story[part]) for part in ("decisions", "commands", "attempts", "statuses", "usage")}
    assert counted == {"decisions": 2, "commands": 1, "attempts": 1, "statuses": 1, "usage": 1}
    assert [line["says"].split()[:3] for line in story["sentences"]] == [
        ["It", "was", "planned."],
        ["It", "was", "handed"],
        ["It", "was", "rendered"],
        ["Attempt", "1", "was"],
        ["It", "was", "charged:"],
        ["It", "was", "delivered."],
    ]
    by_two = tidings("why", "--tenant", "why", "--contact", "cy", "--channel", "email", "--kind", "order_confirmation")
    assert "It was delivered." in by_two.stdout
    newest = tidings("why", "--tenant", "why", "--contact", "cy", "--limit", "1")
    assert "It was planned." not in newest.stdout
    assert "1 older decisions are left off" in newest.stderr
    assert tidings("why", "--tenant", "why", "--contact", "cy", "--channel", "sms").exit_code == 1
    assert tidings("why", "--tenant", "why").exit_code == 2


def test_what_nobody_knows_of_is_said_with_where_else_to_look() -> None:
    told = tidings("why", "--tenant", "why", "--event", "never")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "Nothing is known of event never of tenant why" in told.stderr
    assert "`tidings dead-letters list`" in told.stderr


def test_a_name_that_nothing_bears_is_said_to_be_unknown() -> None:
    assert "No tenant 'nobody' has settings" in tidings("why", "--tenant", "nobody", "--event", "e1").stderr


@pytest.mark.parametrize(
    ("call", "status", "says"),
    [
        ("settings show --tenant nobody", 1, "Tenant nobody has no settings."),
        ("settings show --tenant named --version 9", 1, "There is no version 9 of tenant named's settings."),
        ("why --tenant named --contact c9", 1, "Tenant named has no contact 'c9'."),
        ("why --tenant named --kind pigeon", 1, "There is no kind 'pigeon'; there are appointment_reminder,"),
        ("invoice --tenant nobody --period 2026-04", 1, "Tenant nobody has no settings"),
        ("invoice --tenant nobody --period 2026-04 --recompute", 1, "Tenant nobody has no settings"),
        ("invoice --tenant named --period 2026-04", 1, "Tenant named has no invoice for 2026-04."),
        ("preview document --tenant nobody", 1, "Tenant nobody has no settings."),
        (
            "preview document --tenant named --settings-version 7",
            1,
            "There is no version 7 of tenant named's settings.",
        ),
        ("preview --tenant named --event-id e9", 1, "Tenant named has no event e9 in the log."),
        ("try {file} --tenant nobody", 1, "Tenant nobody has no settings."),
        ("settings diff {file} --tenant a|b", 2, "A tenant id must be 1 to 100 characters, without |"),
        ("settings apply {file} --tenant a|b", 2, "A tenant id must be 1 to 100 characters, without |"),
        ("receive --tenant a|b {file}", 2, "A tenant id must be 1 to 100 characters, without |"),
        ("dead-letters show events/0/99999", 2, "There is no dead letter 'events/0/99999'"),
        ("dead-letters replay events/0/99999", 2, "There is no dead letter 'events/0/99999'"),
    ],
)
def test_a_name_that_is_not_there_is_told(
    call: str, status: int, says: str, installation: Installation, tmp_path: Path
) -> None:
    row = TenantSettings(tenant="named", version=1, document={}, changed_at=NOW, event_id="named-1")
    put(installation.kafka, SETTINGS, ("named", row))
    (tmp_path / "a.yaml").write_text("name: A\n")
    result = tidings(*call.replace("{file}", str(tmp_path / "a.yaml")).split())
    assert (result.exit_code, says in result.stderr, "Traceback" in result.output) == (status, True, False), (
        result.stderr
    )


def test_secrets_of_settings_are_not_shown(installation: Installation) -> None:
    webhook = {"requested": True, "url": "https://hook.example/x", "secret": "0123456789abcdef"}
    document = {"channels": {"webhook": webhook}}
    row = TenantSettings(tenant="quiet", version=1, document=document, changed_at=NOW, event_id="quiet-1")
    put(installation.kafka, SETTINGS, ("quiet", row))
    changed = event("quiet-1", "quiet", type="settings.changed", subject="", data=document)
    assert tidings("publish", "-", text=json.dumps(changed)).exit_code == 0
    for topic in (SETTINGS, EVENTS):
        records = len(asyncio.run(stored(installation.kafka, topic, lambda _: True)))
        shown = tidings("tail", topic.name, "--from-beginning", "-n", str(records), "--json").stdout
        assert "https://hook.example/x" in shown
        assert "0123456789abcdef" not in shown


def test_a_month_that_is_open_has_no_invoice_yet_and_says_what_it_comes_to(installation: Installation) -> None:
    usage = Usage(
        message_id="open-1",
        tenant="open",
        channel=Channel.SMS,
        units=1,
        unit="segment",
        amount=Decimal("0.02"),
        currency="USD",
        period="2026-04",
        at=NOW,
    )
    prepaid = replace(usage, message_id="open-2", paid_by=PaidBy.CREDITS)
    put(installation.kafka, USAGE, ("open|", usage), ("open|", usage), ("open|", prepaid))
    row = TenantSettings(tenant="open", version=1, document={}, changed_at=NOW, event_id="open-1")
    put(installation.kafka, SETTINGS, ("open", row))
    told = tidings("invoice", "--tenant", "open", "--period", "2026-04")
    assert (told.exit_code, told.stderr) == (
        1,
        "Tenant open has no invoice for 2026-04 yet; its messages come to 0.02 USD so far.\n",
    )


async def test_reading_tells_how_far_it_has_come(installation: Installation) -> None:
    async with publisher(installation.kafka, DECISIONS) as publishing:
        for number in range(30):
            await publishing.send(DECISIONS, f"far|{number}".encode(), b"x")
    heard: list[tuple[str, int, int]] = []
    with heard_by(lambda *told: heard.append(told)):
        read = [each async for each in read_to_end(installation.kafka, DECISIONS)]
    assert {what for what, _, _ in heard} == {"Reading topic decisions"}
    assert heard[-1][1] == heard[-1][2] >= len(read) >= 30
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)


def test_the_check_up_tells_what_is_well_and_what_is_not() -> None:
    examined = tidings("doctor", "--json")
    assert examined.exit_code == 1
    levels = {each["subject"]: each["level"] for each in json.loads(examined.stdout)}
    well = {"python", "faust", "disk", "broker", "topics", "clock"}
    assert {subject for subject, level in levels.items() if level == "ok"} >= well
    assert levels["mail server"] == "fault"
    assert sum(subject.startswith("group ") for subject in levels) == 10


async def test_reading_begins_where_it_is_told_to(installation: Installation) -> None:
    async with publisher(installation.kafka, EVENTS) as publishing:
        first = await publishing.send(EVENTS, b"since|c1", b"1")
        second = await publishing.send(EVENTS, b"since|c1", b"2")
    async with aclosing(read_to_end(installation.kafka, EVENTS, key=b"since|c1")) as records:
        assert [each.value async for each in records if each.key == b"since|c1"] == [b"1", b"2"]
    later = max(first.at, second.at) + timedelta(hours=1)
    async with aclosing(read_to_end(installation.kafka, EVENTS, since=later)) as records:
        assert [each async for each in records] == []


async def test_a_record_over_its_topics_limit_never_reaches_the_broker(installation: Installation) -> None:
    async with publisher(installation.kafka, EVENTS) as publishing:
        with pytest.raises(Refused, match=r"is 1,048,7\d\d bytes; a record of topic events may have 1,048,576"):
            await publishing.send(EVENTS, b"k", b"x" * 1_048_576)


async def test_a_topic_that_was_never_made_is_named(installation: Installation) -> None:
    elsewhere = replace(installation.kafka, topic_prefix="nowhere.")
    with pytest.raises(TopicMissing, match=r"has no topic nowhere\.events"):
        async with publisher(elsewhere, EVENTS):
            pytest.fail("a publisher without its topic was made")


def test_settings_of_the_file_reach_the_command(kafka: str, prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "tidings.toml"
    path.write_text("[kafka]\nreplication_factor = 2\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDINGS_CONFIG", str(path))
        planned = tidings("topics", "plan")
    assert planned.exit_code == 1
    assert f"Topic {prefix}events has replicas 1, not 2; this cannot be changed on a topic in use.\n" in planned.stdout
