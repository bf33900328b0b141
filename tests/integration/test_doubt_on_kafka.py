"""`tidings doubt` over real topics: what is listed, what a verdict writes, and what it is refused for."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateways.ledger import OFFSET_HEADER
from schemas import codec, wire
from schemas.delivery import AttemptState, LedgerEntry
from schemas.topics import BY_NAME, ledger_topic
from schemas.verdict import Verdict
from schemas.words import Channel, InDoubt
from streams import topics_admin
from streams.client import publisher, read_to_end
from tests.unit.gateways.samples import NOON, message
from tidings.cli.root import app
from tidings.config import Installation, Kafka

LETTER = message("m1", channel=Channel.LETTER, to="Ann, 1 High Street", in_doubt=InDoubt.HOLD)
LEDGER = BY_NAME[ledger_topic(Channel.LETTER)]
COMMANDS = BY_NAME[LETTER.topic]
ON_HOLD = LedgerEntry(
    message_id="m1", state=AttemptState.DOUBTFUL, attempt=2, at=NOON, detail="the answer was lost", message=LETTER
)


@pytest.fixture
def installation(kafka: str, tmp_path: Path) -> Iterator[Kafka]:
    """Topics of a test's own."""
    own = Kafka(bootstrap_servers=kafka, topic_prefix=f"doubt{os.getpid()}.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", kafka)
        patch.setenv("TIDINGS_KAFKA__TOPIC_PREFIX", own.topic_prefix)
        patch.setenv("TIDINGS_HOME", str(tmp_path))
        assert tidings("topics", "apply").exit_code == 0
        yield own
        asyncio.run(topics_admin.remove(Installation(kafka=own)))


def tidings(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def keep(kafka: Kafka, entry: LedgerEntry, offset: int | None = None) -> None:
    """Write an entry as a gateway does; with an offset, as one that says where it has to stand."""
    headers = () if offset is None else ((OFFSET_HEADER, str(offset).encode()),)

    async def send() -> None:
        async with publisher(kafka, LEDGER) as publishing:
            await publishing.send(LEDGER, entry.message_id.encode(), codec.encode(entry), headers, partition=3)

    asyncio.run(send())


def verdicts(kafka: Kafka) -> list[Verdict]:
    async def read() -> list[Verdict]:
        async with aclosing(read_to_end(kafka, COMMANDS, key=LETTER.key.encode())) as records:
            found = [wire.decode(COMMANDS, each.key, each.value, each.headers) async for each in records]
        return [each for each in found if isinstance(each, Verdict)]

    return asyncio.run(read())


def test_what_is_on_hold_is_listed_and_a_verdict_goes_to_its_gateway_with_its_author(installation: Kafka) -> None:
    keep(installation, ON_HOLD, offset=0)
    keep(installation, replace(ON_HOLD, message=None), offset=77)  # void: another gateway's write in the wrong place
    keep(installation, replace(ON_HOLD, message_id="m2", message=None, state=AttemptState.ACCEPTED), offset=2)
    [listed] = json.loads(tidings("doubt", "list", "--json").stdout)
    assert (listed["message"], listed["attempt"], listed["to"]) == ("m1", 2, LETTER.to)
    assert "0 on hold." in tidings("doubt", "list", "--tenant", "other").stdout

    sent = tidings("doubt", "send", "m1", "--by", "s1", "--wait-seconds", "1")
    assert (sent.exit_code, "its gateway has not taken it yet" in sent.stdout) == (1, True)
    [verdict] = verdicts(installation)
    assert (verdict.message_id, verdict.attempt, verdict.sends_again, verdict.by) == ("m1", 2, True, "staff s1")

    keep(installation, replace(ON_HOLD, message=None, detail="staff s1 leaves it at that"), offset=3)
    refused = tidings("doubt", "drop", "m1", "m2", "m3", "--by", "s1")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        "Message m1 is not on hold: attempt 2 is doubtful (staff s1 leaves it at that).",
        "Message m2 is not on hold: attempt 2 is accepted (the answer was lost).",
        "No gateway knows a message 'm3'; `tidings doubt list` lists those on hold.",
    ]
    assert len(verdicts(installation)) == 1
