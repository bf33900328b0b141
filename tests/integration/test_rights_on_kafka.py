"""Each process works with the rights that are said to be its own, and says which one it lacks."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request

from schemas.topics import EVENTS, STATUSES
from schemas.words import Channel
from streams import topics_admin
from streams.client import Unavailable
from streams.naming import group_of
from tests.integration.secure_broker import PASSWORD, USER, SecureBroker, secure_broker
from tidings.config import Installation, Kafka, SecurityProtocol
from tidings.rights import Rights, gateway_rights, worker_rights
from tidings.security import client_security

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 120.0
TOPIC, GROUP = 2, 3
READ, WRITE, DESCRIBE = 3, 4, 8
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
GRANTS: dict[str, list[Right]] = {
    "settle": said(SETTLE),
    "email": said(gateway_rights(Channel.EMAIL)),
    "no-topics": [],
    "no-source": said(SETTLE, [(TOPIC, STATUSES.name, READ)]),
    "no-group": said(SETTLE, [(GROUP, group_of("settle"), READ)]),
    "no-ticks": [(TOPIC, EVENTS.name, WRITE)],
    "gateway-no-group": said(gateway_rights(Channel.SMS), [(GROUP, "tidings-gateway-sms", READ)]),
}
COMMANDS = {
    "settle": ("worker", "settle"),
    "email": ("gateway", "email"),
    "no-topics": ("worker", "settle"),
    "no-source": ("worker", "settle"),
    "no-group": ("worker", "settle"),
    "no-ticks": ("ticker",),
    "gateway-no-group": ("gateway", "sandbox", "--channel", "sms"),
}
WORKS = {"settle": "worker ready", "email": "gateway ready"}
LACKS = {
    "no-topics": "or may not be seen",
    "no-source": STATUSES.name,
    "no-group": group_of("settle"),
    "no-ticks": "ticks",
    "gateway-no-group": "tidings-gateway-sms",
}


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
    with secure_broker(tmp_path_factory.mktemp("rights"), users=GRANTS, authorizes=True) as running:
        asyncio.run(_prepared(running))
        yield running


async def _prepared(broker: SecureBroker) -> None:
    """Topics and rights, both made by whoever may do everything."""
    await topics_admin.apply(Installation(kafka=Kafka(bootstrap_servers=broker.plain_servers)))
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.plain_servers)
    await admin.start()
    try:
        certified = ((f"CN={USER}", right) for right in GRANTS["settle"])
        given = ((user, right) for user, rights in GRANTS.items() for right in rights)
        answer = await admin._send_request(_Grant([*given, *certified]))
        assert not [each for each in answer.creation_responses if each[0]]
        # The last one that was given is in force when its user is.
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await _sees_nothing(broker):  # noqa: ASYNC110 - the broker does it
                await asyncio.sleep(0.1)
    finally:
        await admin.close()


async def _sees_nothing(broker: SecureBroker) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.certificate_servers, **client_security(certified(broker)))
    await admin.start()
    try:
        return not await admin.list_topics()
    finally:
        await admin.close()


def certified(broker: SecureBroker) -> Kafka:
    """Who comes with a certificate alone."""
    return Kafka(
        bootstrap_servers=broker.certificate_servers,
        security_protocol=SecurityProtocol.SSL,
        ssl_cafile=broker.authority,
        ssl_certfile=broker.certificate,
        ssl_keyfile=broker.key,
    )


def begun(broker: SecureBroker, home: Path, user: str) -> subprocess.Popen[bytes]:
    """The process of this user; what it says is in the file `log`."""
    own = {
        "BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "PLAIN",
        "SASL_USERNAME": user,
        "SASL_PASSWORD": PASSWORD,
        "SSL_CAFILE": str(broker.authority),
    }
    return started(home, own, *COMMANDS[user])


def started(home: Path, kafka: dict[str, str], *command: str) -> subprocess.Popen[bytes]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    own = {f"TIDINGS_KAFKA__{name}": value for name, value in kafka.items()}
    home_of_it = {"TIDINGS_HOME": str(home), "TIDINGS_SMTP__PORT": "1"}
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


@pytest.mark.parametrize("user", WORKS)
async def test_a_process_works_with_the_rights_that_are_its_own(
    broker: SecureBroker, tmp_path: Path, user: str
) -> None:
    process = begun(broker, tmp_path, user)
    try:
        assert await says(process, tmp_path / "log", WORKS[user]), (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("user", LACKS)
async def test_a_process_that_lacks_a_right_says_which_and_ends(
    broker: SecureBroker, tmp_path: Path, user: str
) -> None:
    process = begun(broker, tmp_path, user)
    try:
        code = await asyncio.to_thread(process.wait, PATIENCE_SECONDS)
    finally:
        process.kill()
    written = (tmp_path / "log").read_text()
    assert code == os.EX_CONFIG, written
    assert LACKS[user] in written
    assert "Traceback" not in written


async def test_a_certificate_tells_who_comes(broker: SecureBroker, tmp_path: Path) -> None:
    files = {"SSL_CAFILE": broker.authority, "SSL_CERTFILE": broker.certificate, "SSL_KEYFILE": broker.key}
    own = {name: str(path) for name, path in files.items()}
    servers = {"BOOTSTRAP_SERVERS": broker.certificate_servers, "SECURITY_PROTOCOL": "SSL"}
    process = started(tmp_path, own | servers, "worker", "settle")
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
