"""The mailbox takes real SMTP and shows what came, without letting a mail's HTML do anything."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from deploy.mailbox.journal import Journal
from deploy.mailbox.server import Address, PortTaken, serving
from deploy.mailbox.store import Mailbox


def mail(to: str = "ann@example.org", subject: str = "Your order", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Riverside <hello@riverside.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{abs(hash((to, subject)))}@tidings>"
    message.set_content("Apples: 2\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


async def send(address: Address, *messages: EmailMessage) -> None:
    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", address.smtp_port, timeout=60) as session:
            for message in messages:
                session.send_message(message)

    await asyncio.to_thread(talk)


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    async with serving(Mailbox(mails_limit=3), 0, 0) as listening:
        yield listening


@pytest.fixture
async def browser(address: Address) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address.url, trust_env=False) as client:
        yield client


async def test_a_mail_is_listed_with_what_its_reader_sees(address: Address, browser: httpx.AsyncClient) -> None:
    await send(address, mail(subject="Grüße – your order"))
    page = (await browser.get("/")).text
    assert "Grüße – your order" in page
    assert "ann@example.org" in page
    listed = (await browser.get("/api/messages")).json()
    assert [(each["subject"], each["envelope_to"]) for each in listed] == [("Grüße – your order", ["ann@example.org"])]
    assert (await browser.get("/api/messages/1")).json()["text"] == "Apples: 2\n"
    assert "Apples: 2" in (await browser.get("/messages/1")).text


async def test_the_html_of_a_mail_is_shown_in_a_sandbox_and_never_in_our_page(
    address: Address, browser: httpx.AsyncClient
) -> None:
    await send(address, mail(subject="<script>alert(1)</script>", html="<script>alert(2)</script><b>Hi</b>"))
    page = await browser.get("/messages/1")
    assert "<script>alert" not in page.text
    assert "<iframe sandbox " in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    own = await browser.get("/messages/1/html")
    assert own.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert own.headers["x-content-type-options"] == "nosniff"


async def test_only_the_newest_mails_are_kept_and_all_are_counted(address: Address, browser: httpx.AsyncClient) -> None:
    await send(address, *(mail(subject=f"Mail {number}") for number in range(5)))
    listed = (await browser.get("/api/messages")).json()
    assert [each["subject"] for each in listed] == ["Mail 4", "Mail 3", "Mail 2"]
    assert (await browser.get("/api/messages/count")).json() == {"count": 5}
    assert (await browser.get("/messages/1")).status_code == 404
    assert (await browser.delete("/api/messages")).status_code == 204
    assert (await browser.get("/api/messages/count")).json() == {"count": 0}


async def test_mails_are_found_by_their_recipient(address: Address, browser: httpx.AsyncClient) -> None:
    await send(address, mail(to="ann@example.org"), mail(to="bo@example.org"))
    assert (await browser.get("/api/messages/count", params={"to": "Bo@example.org"})).json() == {"count": 1}
    assert "bo@example.org" not in (await browser.get("/rows", params={"to": "ann@example.org"})).text


async def test_a_page_that_watches_is_told_of_each_arrival(address: Address, browser: httpx.AsyncClient) -> None:
    async with browser.stream("GET", "/events") as stream:
        lines = stream.aiter_lines()
        await send(address, mail())
        async with asyncio.timeout(60):
            assert await anext(lines) == "data: 1"


async def test_other_sites_cannot_reach_it_under_their_name(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/api/messages", headers={"host": "evil.example"})).status_code == 400


async def test_a_limit_that_is_no_number_is_named(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/messages", params={"limit": "many"})
    assert (answer.status_code, answer.json()["error"]) == (400, "limit 'many' is no number from 1 to 5000")


async def test_the_journal_has_every_id_before_the_sender_hears_of_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    async with serving(Mailbox(journal), 0, 0) as address:
        first, second = mail(subject="one"), mail(subject="two")
        await asyncio.gather(send(address, first), send(address, second))
        assert sorted((tmp_path / "journal").read_text().split()) == sorted([first["Message-ID"], second["Message-ID"]])
    journal.close()


async def test_a_broken_mail_is_taken_as_well_as_it_can_be_read(address: Address, browser: httpx.AsyncClient) -> None:
    source = (
        b"From: <\xff\xfe@\r\nSubject: =?nope?B?////?=\r\n"
        b'Content-Type: text/plain; charset="klingon"\r\n\r\nbody \xff\r\n'
    )

    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", address.smtp_port, timeout=60) as session:
            session.sendmail("", ["ann@example.org"], source)

    await asyncio.to_thread(talk)
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/messages/1")).status_code == 200
    assert "body" in (await browser.get("/messages/1/source")).text


async def test_a_taken_port_is_said_with_the_option_that_changes_it(address: Address) -> None:
    with pytest.raises(PortTaken, match=rf"Port {address.smtp_port} .* --smtp-port"):
        async with serving(Mailbox(), address.smtp_port, 0):
            pytest.fail("the second mailbox took the port of the first")
