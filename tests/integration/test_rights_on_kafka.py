"""Each process works with the rights that are said to be its own, and says which one it lacks."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request
from typer.testing import CliRunner

from gateways.ledger import OFFSET_HEADER
from schemas import codec
from schemas.delivery import AttemptState, LedgerEntry
from schemas.topics import BY_NAME, DECISIONS, EVENTS, STATUSES, TICKS, ledger_topic
from schemas.words import Channel, InDoubt
from streams import topics_admin
from streams.client import publisher
from streams.naming import group_of
from streams.topology import TOPOLOGY
from streams.unavailable import NotAllowed, Unavailable
from tests.integration.secure_broker import PASSWORD, USER, SecureBroker, secure_broker
from tests.ports import free_port
from tests.unit.gateways import samples
from tidings.cli.root import app
from tidings.config import Installation, Kafka, SecurityProtocol
from tidings.kafka_clients import started
from tidings.rights import Rights, all_rights, gateway_rights, worker_rights

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 120.0
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "first-order.json"
TOPIC, GROUP = 2, 3
READ, WRITE, CREATE, DESCRIBE, ALTER_CONFIGS = 3, 4, 5, 8, 11
LITERAL, ALLOW = 3, 3
"""Numbers of Kafka's protocol."""

Right = tuple[int, str, int]


def said(rights: Rights, but: Collection[Right] = ()) -> list[Right]:
    """All rights of a process."""
    whole = [
        (TOPIC, "*", DESCRIBE),
        *((TOPIC, name, READ) for name in rights.reads),
        *((TOPIC, name, WRITE) for name in rights.writes),
        *((GROUP, name, READ) for name in rights.groups),
    ]
    return [right for right in whole if right not in but]


SETTLE = worker_rights("settle")
ROWS = {rights.process: rights for rights in all_rights()}
PROCESSES = {
    **{f"worker {stage.name}": "worker ready" for stage in TOPOLOGY},
    "gateway email": "gateway ready",
    "gateway sms": "gateway ready",
    "gateway unsubscribe": "Clicks are taken",
}
"""What each says when all that it reads and joins is open to it."""
OTHERS: dict[str, list[Right]] = {
    "topics apply": [(TOPIC, "*", each) for each in (DESCRIBE, CREATE, ALTER_CONFIGS)],
    "tail ticks": said(Rights(process="tidings tail ticks", reads=(TICKS.name,))),
    "tail decisions": said(Rights(process="tidings tail decisions", reads=(DECISIONS.name,))),
}
LACKING: dict[str, tuple[list[Right], str, str]] = {
    "topics": ([], "worker settle", "or may not be seen"),
    "source": (said(SETTLE, [(TOPIC, STATUSES.name, READ)]), "worker settle", STATUSES.name),
    "group": (said(SETTLE, [(GROUP, group_of("settle"), READ)]), "worker settle", group_of("settle")),
    "ticks": ([(TOPIC, EVENTS.name, WRITE)], "ticker", "ticks"),
    "gateway's group": (
        said(gateway_rights(Channel.SMS), [(GROUP, "tidings-gateway-sms", READ)]),
        "gateway sms",
        "tidings-gateway-sms",
    ),
}
"""What each user lacks, what it has, what it runs, and what it is told."""
USERS = {name: f"user-{number}" for number, name in enumerate([*ROWS, *OTHERS, *LACKING])}


class _Grant(Request[CreateAclsRequest_v1]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 30

    def __init__(self, rights: Iterable[tuple[str, Right]]) -> None:
        self._rights = tuple(rights)

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return CreateAclsRequest_v1(
            [(kind, name, LITERAL, f"User:{user}", "*", may, ALLOW) for user, (kind, name, may) in self._rights]
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    with secure_broker(tmp_path_factory.mktemp("rights"), users=USERS.values(), authorizes=True) as running:
        asyncio.run(_prepared(running))
        yield running


async def _prepared(broker: SecureBroker) -> None:
    """Rights, given by whoever may do everything; then topics, made by the one who may make them."""
    granted = {
        **{name: said(rights) for name, rights in ROWS.items()},
        **{name: rights for name, (rights, _, _) in LACKING.items()},
        **OTHERS,
    }
    given = [(USERS[name], right) for name, rights in granted.items() for right in rights]
    certified = [(f"CN={USER}", right) for right in said(SETTLE)]
    makes_topics = [(USERS["topics apply"], right) for right in OTHERS["topics apply"]]
    plain = AIOKafkaAdminClient(bootstrap_servers=broker.plain_servers)
    async with started(plain) as admin:
        # Those that were given last are in force when all are.
        answer = await admin._send_request(_Grant([*given, *certified, *makes_topics]))
        assert not [each for each in answer.creation_responses if each[0]]
    installation = Installation(kafka=_as(broker, "topics apply"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await topics_admin.missing(installation, TOPOLOGY):
            with suppress(NotAllowed):
                await topics_admin.apply(installation)


def _as(broker: SecureBroker, name: str) -> Kafka:
    return Kafka(
        bootstrap_servers=broker.bootstrap_servers,
        security_protocol=SecurityProtocol.SASL_SSL,
        sasl_mechanism="PLAIN",
        sasl_username=USERS[name],
        sasl_password=PASSWORD,
        ssl_cafile=broker.authority,
    )


def variables(broker: SecureBroker, name: str) -> dict[str, str]:
    """What a process of this user is told of the broker."""
    kafka = _as(broker, name)
    settings = ("bootstrap_servers", "security_protocol", "sasl_mechanism", "sasl_username", "sasl_password")
    own = {f"TIDINGS_KAFKA__{each.upper()}": str(getattr(kafka, each)) for each in settings}
    return own | {"TIDINGS_KAFKA__SSL_CAFILE": str(kafka.ssl_cafile)}


def begun(broker: SecureBroker, home: Path, name: str, process: str) -> subprocess.Popen[bytes]:
    """The process of this user; what it says is in the file `log`."""
    command = {"gateway sms": "gateway sandbox --channel sms"}.get(process, process)
    return launched(home, variables(broker, name), *command.split())


def launched(home: Path, own: dict[str, str], *command: str) -> subprocess.Popen[bytes]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    home.mkdir(exist_ok=True)
    home_of_it = {
        "TIDINGS_HOME": str(home),
        "TIDINGS_SMTP__PORT": "1",
        "TIDINGS_UNSUBSCRIBE__URL": "https://portal.example/u",
        "TIDINGS_UNSUBSCRIBE__PORT": str(free_port()),
    }
    with (home / "log").open("wb") as log:
        arguments = (sys.executable, "-m", "tidings", *command)
        return subprocess.Popen(arguments, env=plain | own | home_of_it, stdout=log, stderr=log)


async def says(process: subprocess.Popen[bytes], log: Path, words: str) -> bool:
    """Whether it says so before it ends."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not _stands_in(log, words) and process.poll() is None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    return _stands_in(log, words)


def _stands_in(log: Path, words: str) -> bool:
    return words in log.read_text()


def test_everything_works_with_the_rights_that_are_its_own(broker: SecureBroker, tmp_path: Path) -> None:
    """Each process and command as a user of its own, who has what its row says and nothing else."""
    processes = {name: begun(broker, tmp_path / name, f"tidings {name}", name) for name in (*PROCESSES, "ticker")}
    try:
        for name, words in PROCESSES.items():
            log = tmp_path / name / "log"
            assert asyncio.run(says(processes[name], log, words)), log.read_text()
        _use_all(broker, tmp_path)
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def _use_all(broker: SecureBroker, home: Path) -> None:
    """Every command of the table that people use."""
    used: set[str] = set()

    def use(name: str, *arguments: str, text: str | None = None, code: int = 0) -> str:
        used.add(name)
        environment = {"TIDINGS_HOME": str(home)} | variables(broker, name)
        result = CliRunner().invoke(app, arguments, input=text, env=environment)
        assert result.exit_code == code, f"{arguments}: {result.output}{result.exception!r}"
        return result.output

    settings = home / "settings.yaml"
    settings.write_text("caps: {marketing: {per_day: 1}}\n")
    own = ("--tenant", "riverside")
    writing = "upstream systems, tidings publish, tidings receive"
    assert use("tail ticks", "tail", "ticks", "--count", "1")
    assert "3 events published" in use(writing, "publish", str(EXAMPLE))
    assert "a mail" in use(writing, "receive", *own, "-", text="From: ann@example.org\n\nHello\n")
    assert use("tail decisions", "tail", "decisions", "--from-beginning", "--count", "3")
    _told("handed over", broker, home, "tidings why", "why", *own, "--event", "order-1")
    [story, *_] = json.loads(use("tidings why", "why", *own, "--event", "order-1", "--json"))
    [message, *_] = [each["message_id"] for each in story["decisions"] if each.get("to")]
    assert "Nothing is known" in use("tidings why", "why", *own, "--event", "nobody", code=1)
    assert "has no contact 'nobody'" in use("tidings why", "why", *own, "--contact", "nobody", code=1)
    _told("It was rendered", broker, home, "tidings why --message", "why", *own, "--message", message)
    used.add("tidings why --message")
    use("tidings settings apply", "settings", "apply", *own, str(settings))
    use("tidings settings show, tidings settings diff", "settings", "show", *own, "--version", "1")
    use("tidings settings show, tidings settings diff", "settings", "diff", *own, str(settings))
    use("tidings preview --tenant, tidings try", "try", *own, str(settings))
    use("tidings preview --tenant, tidings try", "preview", *own, "--event-id", "order-1", "--settings-version", "1")
    use("tidings invoice", "invoice", *own, "--period", "2026-01", code=1)
    use("tidings invoice --recompute", "invoice", *own, "--period", "2026-01", "--recompute")
    use("tidings dead-letters list, tidings dead-letters show", "dead-letters", "list")
    _judge_and_replay(broker, home, use)
    # The mail has nowhere to go, which an audit would call lost as soon as it had time enough.
    assert "holds" in use("tidings audit", "audit", "--settle-seconds", "3600")
    commands = {name for name in ROWS if not name.startswith(("tidings worker", "tidings gateway"))}
    assert commands - used == {"tidings ticker", "tidings tail TOPIC", "tidings doctor"}


def _told(words: str, broker: SecureBroker, home: Path, name: str, *arguments: str) -> None:
    """Ask until it says so: what was published is on its way."""
    environment = {"TIDINGS_HOME": str(home)} | variables(broker, name)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in (said := CliRunner().invoke(app, arguments, env=environment).output):
        assert time.monotonic() < deadline, said


def _judge_and_replay(broker: SecureBroker, home: Path, use: Callable[..., str]) -> None:
    """What is in doubt is sent or dropped, and what was refused is published again: on records that are there."""
    asyncio.run(_hold(broker, "held-1", "held-2"))
    listed = json.loads(use("tidings doubt list", "doubt", "list", "--json"))
    assert [each["message"] for each in listed] == ["held-1", "held-2"]
    for what, message in (("send", "held-1"), ("drop", "held-2")):
        said = ("doubt", what, message, "--by", "s1", "--wait-seconds", "1")
        assert "its gateway has not taken it yet" in use("tidings doubt send, tidings doubt drop", *said, code=1)

    refused = home / "refused.json"
    refused.write_text(
        json.dumps(
            {
                "id": "s1",
                "type": "settings.changed",
                "tenant": "mars",
                "time": "2026-01-01T00:00:00Z",
                "actor": {"kind": "staff", "id": "s1"},
                "data": {"timezone": "Mars"},
            }
        )
    )
    use("upstream systems, tidings publish, tidings receive", "publish", str(refused))
    listing = ("tidings dead-letters list, tidings dead-letters show", "dead-letters", "list", "--json")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (letters := json.loads(use(*listing))):
        assert time.monotonic() < deadline, "no dead letter"
    [letter] = letters
    assert "Mars" in use(*listing[:2], "show", letter["id"])
    assert "1 replayed" in use("tidings dead-letters replay", "dead-letters", "replay", letter["id"])


async def _hold(broker: SecureBroker, *messages: str) -> None:
    """Entries of the ledger of letters, whose gateway does not run, as a gateway leaves them."""
    ledger = BY_NAME[ledger_topic(Channel.LETTER)]
    async with publisher(Kafka(bootstrap_servers=broker.plain_servers), ledger) as publishing:
        for offset, name in enumerate(messages):
            letter = samples.message(name, channel=Channel.LETTER, to="Ann, 1 High Street", in_doubt=InDoubt.HOLD)
            entry = LedgerEntry(
                message_id=name, state=AttemptState.DOUBTFUL, attempt=1, at=samples.NOON, message=letter
            )
            headers = ((OFFSET_HEADER, str(offset).encode()),)
            await publishing.send(ledger, name.encode(), codec.encode(entry), headers, partition=0)


@pytest.mark.parametrize("name", LACKING)
async def test_a_process_that_lacks_a_right_says_which_and_ends(
    broker: SecureBroker, tmp_path: Path, name: str
) -> None:
    _, runs, says_of_it = LACKING[name]
    process = begun(broker, tmp_path, name, runs)
    try:
        code = await asyncio.to_thread(process.wait, PATIENCE_SECONDS)
    finally:
        process.kill()
    written = (tmp_path / "log").read_text()
    assert code == os.EX_CONFIG, written
    assert says_of_it in written
    assert "Traceback" not in written


@pytest.mark.parametrize(
    ("command", "lacked"),
    [
        (("publish", str(EXAMPLE)), "to write to any topic"),
        (("tail", "decisions", "--count", "1"), DECISIONS.name),
        (("topics", "plan"), "the settings of topic events"),
    ],
)
def test_a_command_that_lacks_a_right_says_which(
    broker: SecureBroker, tmp_path: Path, command: tuple[str, ...], lacked: str
) -> None:
    """As someone who may read ticks, and see topics."""
    environment = {"TIDINGS_HOME": str(tmp_path)} | variables(broker, "tail ticks")
    result = CliRunner().invoke(app, command, env=environment)
    assert result.exit_code == os.EX_CONFIG, result.output
    assert lacked in result.output.lower()


async def test_a_certificate_tells_who_comes(broker: SecureBroker, tmp_path: Path) -> None:
    own = {
        "BOOTSTRAP_SERVERS": broker.certificate_servers,
        "SECURITY_PROTOCOL": "SSL",
        "SSL_CAFILE": str(broker.authority),
        "SSL_CERTFILE": str(broker.certificate),
        "SSL_KEYFILE": str(broker.key),
    }
    named = {f"TIDINGS_KAFKA__{name}": value for name, value in own.items()}
    process = launched(tmp_path, named, "worker", "settle")
    try:
        assert await says(process, tmp_path / "log", "worker ready"), (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


async def test_who_has_no_certificate_is_told_so(broker: SecureBroker) -> None:
    kafka = Kafka(
        bootstrap_servers=broker.certificate_servers,
        security_protocol=SecurityProtocol.SSL,
        ssl_cafile=broker.authority,
    )
    with pytest.raises(Unavailable) as refused:
        await topics_admin.plan(Installation(kafka=kafka))
    assert "asks for a certificate" in str(refused.value)
