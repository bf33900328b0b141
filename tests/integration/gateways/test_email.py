"""The email gateway as it runs: Kafka on one side, a real mail server on the other."""

import asyncio
import imaplib
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

import pytest

from schemas import codec
from schemas.consent import Consent
from schemas.dead_letter import DeadLetter
from schemas.message import Message
from tests.integration.gateways.rig import Rig, by_status
from tests.integration.greenmail import GreenMail
from tests.unit.gateways.samples import message, withdrawal

NORMAL, URGENT, BULK = (f"delivery.commands.email.{lane}" for lane in ("normal", "urgent", "bulk"))


def command(number: int, **changes: Any) -> Message:
    address = f"person{number}@example.org"
    return message(f"m{number}", **({"to": address, "commanded_at": datetime.now(UTC)} | changes))


def received(server: GreenMail, address: str) -> list[EmailMessage]:
    with imaplib.IMAP4("127.0.0.1", server.imap_port) as imap:
        imap.login(address, "any")
        imap.select("INBOX", readonly=True)
        _, found = imap.search(None, "ALL")
        raws = [imap.fetch(number.decode(), "(RFC822)")[1] for number in found[0].split()]
        mails = [message_from_bytes(raw[0][1], policy=default) for raw in raws if isinstance(raw[0], tuple)]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


async def test_commands_become_mail_and_statuses(rig: Rig, greenmail: GreenMail) -> None:
    await rig.start(greenmail.smtp_port)
    zoe = f"{rig.prefix}zoe@example.org"
    await rig.publish(NORMAL, *(command(number) for number in range(40)))
    await rig.publish(
        URGENT,
        command(100, to=zoe, to_name="Zoë Ångström", subject="Grüße – your order", html="<p>Grüße</p>", text="Grüße"),
    )

    async def all_reported() -> bool:
        return len(await rig.statuses()) == 41

    await rig.until(all_reported)
    assert {str(one.status) for one in await rig.statuses()} == {"accepted"}
    (mail,) = await asyncio.to_thread(received, greenmail, zoe)
    assert mail["Subject"] == "Grüße – your order"
    assert mail["Message-ID"] == "<m100@riverside.example>"
    assert mail["To"].addresses[0].addr_spec == zoe
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert (plain.get_content().strip(), html.get_content().strip()) == ("Grüße", "<p>Grüße</p>")


async def test_who_said_no_meanwhile_gets_nothing(rig: Rig, greenmail: GreenMail) -> None:
    opted_out, suppressed = (f"{rig.prefix}{name}@example.org" for name in ("out", "gone"))
    await rig.publish(
        "consents",
        Consent(tenant="pantry", address=opted_out, opted_out=("all",)),
        Consent(tenant="pantry", address=suppressed, suppressed="bounce"),
    )
    gateway = await rig.start(greenmail.smtp_port)
    await rig.publish(NORMAL, command(1, to=opted_out), command(2, to=suppressed), command(3))

    async def all_reported() -> bool:
        return len(await rig.statuses()) == 3

    await rig.until(all_reported)
    assert by_status(await rig.statuses()) == {"suppressed": {"m1", "m2"}, "accepted": {"m3"}}
    assert await asyncio.to_thread(received, greenmail, opted_out) == []
    await rig.publish("consents", Consent(tenant="pantry", address=opted_out))
    await rig.publish("consents", Consent(tenant="pantry", address="person3@example.org", opted_out=("service",)))
    await sent_until(rig, "accepted", count(4), to=opted_out)
    await sent_until(rig, "suppressed", count(1004), to="person3@example.org")
    assert await gateway.stop() == 0


async def sent_until(rig: Rig, status: str, numbers: Iterator[int], *, to: str) -> None:
    """Send one message after another until one ends so; a gateway hears of a consent a moment after it stands."""

    async def ends_so() -> bool:
        number = next(numbers)
        await rig.publish(NORMAL, command(number, to=to))

        async def is_reported() -> bool:
            return any(one.message_id == f"m{number}" for one in await rig.statuses())

        await rig.until(is_reported)
        return f"m{number}" in by_status(await rig.statuses()).get(status, ())

    await rig.until(ends_so)


async def test_a_message_is_cancelled_by_its_withdrawal_and_a_broken_command_set_aside(
    rig: Rig, greenmail: GreenMail
) -> None:
    held = command(1, not_before=datetime.now(UTC) + timedelta(hours=1))
    await rig.publish(NORMAL, held)
    await (await rig.publish_raw(NORMAL, held.key.encode(), b"no Avro at all"))
    await (await rig.publish_raw(NORMAL, held.key.encode(), codec.encode(withdrawal("m1"))))
    await rig.publish(NORMAL, command(2, to=held.to))
    await rig.start(greenmail.smtp_port)

    async def all_reported() -> bool:
        return len(await rig.statuses()) == 2

    await rig.until(all_reported)
    assert by_status(await rig.statuses()) == {"cancelled": {"m1"}, "accepted": {"m2"}}
    (letter,) = await rig.read("dead-letters")
    assert isinstance(letter, DeadLetter)
    assert (letter.topic, letter.value, letter.stage) == (NORMAL, b"no Avro at all", "gateway email")


async def test_a_restart_and_a_replay_send_nothing_twice(rig: Rig, greenmail: GreenMail) -> None:
    address = f"{rig.prefix}once@example.org"
    gateway = await rig.start(greenmail.smtp_port)
    await rig.publish(NORMAL, command(1, to=address))

    async def reported() -> bool:
        return bool(await rig.statuses())

    await rig.until(reported)
    assert await gateway.stop() == 0
    await rig.publish(NORMAL, command(1, to=address))
    await rig.start(greenmail.smtp_port)

    async def again() -> bool:
        # Once for the replay, and once more where the restart could not know that the first had been reported.
        return len(await rig.statuses()) >= 2

    await rig.until(again)
    assert len(await asyncio.to_thread(received, greenmail, address)) == 1


async def test_two_gateways_share_the_partitions_and_take_over_at_once(rig: Rig, greenmail: GreenMail) -> None:
    first = await rig.start(greenmail.smtp_port, name="w1")
    second = await rig.start(greenmail.smtp_port, name="w2")
    await rig.publish(NORMAL, *(command(number) for number in range(100)))

    async def all_reported() -> bool:
        return len(by_status(await rig.statuses()).get("accepted", ())) == 100

    await rig.until(all_reported)
    assert await first.stop(signal.SIGUSR1) == 0
    await rig.publish(NORMAL, *(command(number) for number in range(100, 200)))

    async def the_rest_too() -> bool:
        return len(by_status(await rig.statuses()).get("accepted", ())) == 200

    await rig.until(the_rest_too)
    assert await second.stop() == 0
    assert "doubtful" not in by_status(await rig.statuses())


async def test_without_its_topics_it_says_so_and_ends(
    rig: Rig, greenmail: GreenMail, kafka: str, tmp_path: Any
) -> None:
    nowhere = Rig(kafka, "nowhere.", tmp_path)
    with pytest.raises(AssertionError, match="tidings topics apply"):
        await nowhere.start(greenmail.smtp_port)
    assert await nowhere.gateways[0].ended() == 78
