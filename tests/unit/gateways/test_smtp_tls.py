"""Encryption and authentication: what is asked for is done, or nothing is sent."""

import base64
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateways.answers import Accepted, Unreachable
from gateways.smtp import SmtpRelay
from tests.unit.gateways.samples import message
from tests.unit.gateways.scripted_smtp import ScriptedServer
from tidings.config import Smtp, Tls

CERTIFICATE = Path(__file__).with_name("loopback.pem")


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def relay(server: ScriptedServer, context: ssl.SSLContext | None = None, **changes: Any) -> SmtpRelay:
    settings = Smtp(host="127.0.0.1", port=server.port, hostname="tidings.example", timeout_seconds=60.0)
    return SmtpRelay(replace(settings, **changes), tls=context)


async def test_starttls_comes_before_the_password_and_the_mail() -> None:
    async with ScriptedServer("STARTTLS", "AUTH PLAIN", "PIPELINING", tls=server_tls()) as server:
        smtp = relay(server, client_tls(), tls=Tls.STARTTLS, username="tidings", password="secret")
        answers = [await smtp.send(message(f"m{number}"), 1) for number in range(3)]
        await smtp.close()
        verbs = [command.split(" ")[0].split(":")[0] for command in server.commands]
        assert {type(answer) for answer in answers} == {Accepted}
        assert verbs[:5] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL"]
        credentials = base64.b64encode(b"\0tidings\0secret").decode()
        assert f"AUTH PLAIN {credentials}" in server.commands


async def test_a_server_without_starttls_gets_nothing_when_it_is_asked_for() -> None:
    async with ScriptedServer("PIPELINING") as server:
        smtp = relay(server, client_tls(), tls=Tls.STARTTLS)
        assert isinstance(await smtp.send(message(), 1), Unreachable)
        assert server.accepted == []


async def test_a_certificate_that_nobody_vouches_for_gets_nothing() -> None:
    async with ScriptedServer("STARTTLS", tls=server_tls()) as server:
        assert isinstance(await relay(server, tls=Tls.STARTTLS).send(message(), 1), Unreachable)
        assert server.accepted == []


async def test_verification_can_be_switched_off() -> None:
    async with ScriptedServer("STARTTLS", tls=server_tls()) as server:
        smtp = relay(server, tls=Tls.STARTTLS, verify=False)
        assert isinstance(await smtp.send(message(), 1), Accepted)
        await smtp.close()


@pytest.mark.parametrize("reply", ["535 5.7.8 wrong", "454 4.7.0 later"])
async def test_a_password_that_is_refused_is_no_failure_of_the_message(reply: str) -> None:
    async with ScriptedServer("AUTH PLAIN") as server:
        server.script["auth"] = [reply] * 10
        answer = await relay(server, username="tidings", password="wrong").send(message(), 1)
        assert isinstance(answer, Unreachable)
        assert "wrong" not in answer.detail
