"""SMTP against a server that misbehaves at every step: what is certain and what is in doubt."""

import asyncio
from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from gateways.answers import Accepted, Answer, Rejected, Retry, Unknown, Unreachable
from gateways.smtp import SmtpRelay
from gateways.smtp_replies import Reply, is_hard_bounce
from gateways.smtp_session import LINK_LOST, Envelope, Extensions, Session, adopt, as_transport
from schemas.words import Lane
from tests.ports import free_port
from tests.unit.gateways.samples import message
from tests.unit.gateways.scripted_smtp import Fault, ScriptedServer
from tidings.config import Smtp

TIMEOUT_SECONDS = 60.0
"""Longer than any machine takes for an answer; the clock of who waits for a silent server goes forward."""
KINDS_OF_SERVER = [
    pytest.param((), id="lockstep"),
    pytest.param(("PIPELINING", "SIZE 1000000", "DSN"), id="pipelining"),
]


def relay(server: ScriptedServer, **changes: Any) -> SmtpRelay:
    settings = Smtp(host="127.0.0.1", port=server.port, hostname="tidings.example", timeout_seconds=TIMEOUT_SECONDS)
    return SmtpRelay(replace(settings, **changes))


async def answer_of(server: ScriptedServer, **changes: Any) -> Answer:
    server.silence_seconds = TIMEOUT_SECONDS + 1
    smtp = relay(server)
    try:
        return await smtp.send(message(**changes), 1)
    finally:
        await smtp.close()


@pytest.mark.parametrize("extensions", KINDS_OF_SERVER)
@pytest.mark.parametrize(
    ("stage", "planned", "answer"),
    [
        ("mail", "451 4.3.0 later", Retry(code="451", detail="4.3.0 later")),
        ("mail", "550 5.1.8 bad sender", Rejected(code="550", detail="5.1.8 bad sender")),
        ("mail", "421 4.3.2 closing", Retry(code="421", detail="4.3.2 closing", is_outage=True)),
        ("rcpt", "450 4.2.1 greylisted", Retry(code="450", detail="4.2.1 greylisted")),
        ("rcpt", "550 5.1.1 no such user", Rejected(code="550", detail="5.1.1 no such user", bounced=True)),
        ("rcpt", "550 5.7.1 relaying denied", Rejected(code="550", detail="5.7.1 relaying denied")),
        ("rcpt", "552 5.2.2 mailbox full", Rejected(code="552", detail="5.2.2 mailbox full")),
        ("data", "451 4.3.0 later", Retry(code="451", detail="4.3.0 later")),
        ("data", "554 5.3.0 no", Rejected(code="554", detail="5.3.0 no")),
        ("content", "451 4.3.0 later", Retry(code="451", detail="4.3.0 later")),
        ("content", "421 4.3.2 closing", Retry(code="421", detail="4.3.2 closing", is_outage=True)),
        ("content", "554 5.7.1 spam", Rejected(code="554", detail="5.7.1 spam")),
    ],
)
async def test_a_reply_is_definite(extensions: tuple[str, ...], stage: str, planned: str, answer: Answer) -> None:
    async with ScriptedServer(*extensions) as server:
        server.script[stage] = [planned]
        found = await answer_of(server)
        assert type(found) is type(answer)
        assert getattr(found, "code", None) == getattr(answer, "code", None)
        if not planned.startswith("421"):
            assert found == answer
        assert server.accepted == []


@pytest.mark.parametrize("extensions", KINDS_OF_SERVER)
@pytest.mark.parametrize("stage", ["rcpt", "data"])
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, Fault.GARBAGE])
async def test_up_to_the_final_dot_nothing_was_sent_for_certain(
    extensions: tuple[str, ...], stage: str, fault: Fault
) -> None:
    async with ScriptedServer(*extensions) as server:
        server.script[stage] = [fault]
        answer = await answer_of(server)
        assert isinstance(answer, Retry)
        assert (answer.code, answer.is_outage) == (LINK_LOST, True)
        assert server.accepted == []


@pytest.mark.parametrize("extensions", KINDS_OF_SERVER)
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, Fault.GARBAGE])
async def test_a_session_that_breaks_at_once_is_replaced_by_another(extensions: tuple[str, ...], fault: Fault) -> None:
    async with ScriptedServer(*extensions) as server:
        server.script["mail"] = [fault]
        assert isinstance(await answer_of(server), Accepted)
        assert (server.connections, len(server.accepted)) == (2, 1)


@pytest.mark.parametrize("extensions", KINDS_OF_SERVER)
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.ACCEPT_AND_DROP, Fault.GARBAGE])
async def test_after_the_final_dot_only_a_reply_is_certain(extensions: tuple[str, ...], fault: Fault) -> None:
    async with ScriptedServer(*extensions) as server:
        server.script["content"] = [fault]
        assert isinstance(await answer_of(server), Unknown)
        assert len(server.accepted) == (fault is Fault.ACCEPT_AND_DROP)


async def test_silence_after_the_final_dot_is_in_doubt_after_its_own_time() -> None:
    async with ScriptedServer("PIPELINING") as server:
        server.script["content"] = [Fault.ACCEPT_AND_SILENCE]
        loop = asyncio.get_running_loop()
        extensions = Extensions(pipelining=True)
        session: list[Session] = []

        class Greeting(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport

            def data_received(self, data: bytes) -> None:
                session.append(Session(as_transport(self.transport), extensions, timeout_seconds=1000.0))
                adopt(self.transport, session[0])

        await loop.create_connection(Greeting, "127.0.0.1", server.port)
        while not session:  # noqa: ASYNC110 - a test's own wait
            await asyncio.sleep(0.001)
        envelope = Envelope(
            sender="a@x.example", recipient="b@y.example", content=b"A: b\r\n\r\nc\r\n", envelope_id="m1"
        )
        server.silence_seconds = TIMEOUT_SECONDS + 1
        async with asyncio.timeout(2 * TIMEOUT_SECONDS + 1):
            answer = await session[0].deliver(envelope, final_timeout_seconds=TIMEOUT_SECONDS)
        assert isinstance(answer, Unknown)
        assert not session[0].is_usable


@pytest.mark.parametrize("extensions", KINDS_OF_SERVER)
async def test_sessions_are_used_again_also_after_a_refusal(extensions: tuple[str, ...]) -> None:
    async with ScriptedServer(*extensions) as server:
        server.script["rcpt"] = ["250 ok", "550 5.1.1 no", "250 ok"]
        server.script["data"] = ["354 go", "554 5.5.1 no valid recipients"] if extensions else ["354 go"]
        smtp = relay(server)
        answers = [await smtp.send(message(f"m{number}"), 1) for number in range(3)]
        await smtp.close()
        assert [type(answer) for answer in answers] == [Accepted, Rejected, Accepted]
        assert server.connections == 1
        assert "RSET" in server.commands


async def test_a_server_that_wants_content_for_a_refused_recipient_gets_none() -> None:
    async with ScriptedServer("PIPELINING") as server:
        server.script["rcpt"] = ["550 5.1.1 no"]
        answer = await answer_of(server)
        assert isinstance(answer, Rejected)
        assert server.accepted == []


async def test_a_session_that_the_server_closed_while_idle_is_not_tried() -> None:
    async with ScriptedServer() as server:
        smtp = relay(server)
        await smtp.send(message("m1"), 1)
        for task in tuple(server._tasks):
            task.cancel()
        await asyncio.sleep(0.05)
        assert isinstance(await smtp.send(message("m2"), 1), Accepted)
        await smtp.close()
        assert len(server.accepted) == 2


async def test_a_farewell_to_a_session_that_was_idle_is_no_refusal() -> None:
    async with ScriptedServer() as server:
        server.script["mail"] = ["250 ok", "421 4.4.2 timeout"]
        smtp = relay(server)
        for number in range(2):
            assert isinstance(await smtp.send(message(f"m{number}"), 1), Accepted)
        await smtp.close()
        assert server.connections == 2


@pytest.mark.parametrize("stage", ["greeting", "ehlo"])
@pytest.mark.parametrize("planned", [Fault.DROP, Fault.SILENCE, "554 go away"])
async def test_a_server_that_does_not_let_us_in_is_unreachable(stage: str, planned: str | Fault) -> None:
    async with ScriptedServer() as server:
        server.script[stage] = [planned] * 10
        smtp = relay(server, timeout_seconds=0.1)
        assert isinstance(await smtp.send(message(), 1), Unreachable)


async def test_nobody_listening_is_unreachable_and_ready_waits_until_somebody_does() -> None:
    server = ScriptedServer()
    server.port = free_port()
    smtp = relay(server)
    assert isinstance(await smtp.send(message(), 1), Unreachable)
    ready = asyncio.ensure_future(smtp.ready())
    await asyncio.sleep(0.05)
    assert not ready.done()
    listening = await asyncio.start_server(server._serve, "127.0.0.1", server.port)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await ready
    await smtp.close()
    listening.close()


async def test_a_server_that_takes_one_connection_only_serves_all() -> None:
    async with ScriptedServer() as server:
        server.script["greeting"] = ["220 first", *["421 4.7.0 too many connections"] * 100]
        smtp = relay(server, sessions=4)
        await smtp.ready()
        answers = await asyncio.gather(*(smtp.send(message(f"m{number}"), 1) for number in range(20)))
        await smtp.close()
        assert {type(answer) for answer in answers} == {Accepted}
        assert len(server.accepted) == 20


async def test_the_envelope_carries_what_reports_need() -> None:
    async with ScriptedServer("PIPELINING", "SIZE 100000", "DSN", "8BITMIME") as server:
        await answer_of(server, to="ann@bücher.example")
        assert (
            f"MAIL FROM:<hello@riverside.example> SIZE={len(server.accepted[0])} RET=HDRS ENVID=m1" in server.commands
        )
        assert "RCPT TO:<ann@xn--bcher-kva.example> NOTIFY=FAILURE,DELAY" in server.commands


async def test_without_extensions_the_envelope_is_plain() -> None:
    async with ScriptedServer() as server:
        await answer_of(server)
        assert "MAIL FROM:<hello@riverside.example>" in server.commands
        assert "RCPT TO:<ann@example.org>" in server.commands


async def test_a_letter_outside_ascii_before_the_at_needs_smtputf8() -> None:
    async with ScriptedServer("SMTPUTF8", "8BITMIME") as server:
        assert isinstance(await answer_of(server, to="jörg@example.org"), Accepted)
        assert "MAIL FROM:<hello@riverside.example> BODY=8BITMIME SMTPUTF8" in server.commands
        assert "To: jörg@example.org".encode() in server.accepted[0]
    async with ScriptedServer("8BITMIME") as server:
        answer = await answer_of(server, to="jörg@example.org")
        assert isinstance(answer, Rejected)
        assert answer.code == "553"
        assert "SMTPUTF8" in (answer.detail or "")
        assert not server.accepted


async def test_a_mail_too_large_for_the_server_is_refused_without_asking() -> None:
    async with ScriptedServer("SIZE 2000") as server:
        answer = await answer_of(server, text="x" * 3000)
        assert isinstance(answer, Rejected)
        assert answer.code == "552"
        assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "nobody"},
        {"to": "ann@example.org>\r\nRCPT TO:<all@example.org"},
        {"from_": "Riverside"},
        {"reply_to": "not an address"},
    ],
)
async def test_an_address_that_is_none_never_reaches_the_wire(changes: dict[str, str]) -> None:
    async with ScriptedServer() as server:
        answer = await answer_of(server, **changes)
        assert isinstance(answer, Rejected)
        assert (answer.code, answer.bounced) == ("501", False)
        assert server.connections == 0


@pytest.mark.parametrize("text", [".", "..", "a\n.\nb", ".first\n..second", "x\n.", "=\n." * 40])
async def test_dots_arrive_as_they_were(text: str) -> None:
    async with ScriptedServer() as server:
        await answer_of(server, text=text)
        (raw,) = server.accepted
    assert message_from_bytes(raw).get_payload(decode=True) == text.replace("\n", "\r\n").encode() + b"\r\n"


async def test_urgent_messages_have_sessions_of_their_own() -> None:
    async with ScriptedServer() as server:
        server.script["content"] = [Fault.ACCEPT_AND_SILENCE] * 4
        smtp = relay(server, sessions=5)
        hanging = [asyncio.ensure_future(smtp.send(message(f"b{number}", lane=Lane.BULK), 1)) for number in range(8)]
        while len(server.accepted) < 4:  # noqa: ASYNC110 - a test's own wait
            await asyncio.sleep(0.001)
        assert isinstance(await smtp.send(message("u1", lane=Lane.URGENT), 1), Accepted)
        for one in hanging:
            one.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        await smtp.close()


@pytest.mark.parametrize(
    ("code", "text", "is_hard"),
    [
        (550, "5.1.1 no such user", True),
        (550, "5.1.2 bad domain", True),
        (550, "5.1.10 null mx", True),
        (550, "5.2.1 mailbox disabled", True),
        (552, "5.2.2 over quota", False),
        (550, "5.1.8 bad sender", False),
        (550, "5.7.1 blocked", False),
        (550, "No such user here", True),
        (553, "mailbox name not allowed", True),
        (550, "relaying denied", False),
        (550, "blocked by policy", False),
        (554, "no", False),
    ],
)
def test_a_hard_bounce_is_no_such_address_and_nothing_else(code: int, text: str, is_hard: bool) -> None:
    assert is_hard_bounce(Reply(code=code, text=text)) is is_hard
