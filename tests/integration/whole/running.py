"""An installation as an operator runs it: `tidings up` and the command line, on a broker of its own."""

import asyncio
import imaplib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120.0
READY = 10
"""Lines that say that something is ready: four workers, the email gateway and the five channels of the sandbox."""
_MESSAGE_ID = re.compile(rb"message-id:\s*(<[^>]+>)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Running:
    """What runs, and how to speak to it."""

    supervisor: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    log: Path
    imap_port: int

    def tidings(self, *arguments: str, standard_input: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "tidings", *arguments],
            env=dict(self.environment),
            input=standard_input,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    def publish(self, *events: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """Publish events from a terminal of its own."""
        return self.tidings("publish", "-", standard_input=json.dumps(list(events)))

    def kill(self, *command: str) -> None:
        """SIGKILL one of the processes, which the supervisor starts again."""
        wanted = " ".join(command).encode()
        self.wait_until(lambda: len(self._running(wanted)) == 1)  # it may be about to be started again
        [pid] = self._running(wanted)
        os.kill(pid, signal.SIGKILL)

    def _running(self, wanted: bytes) -> list[int]:
        children = Path(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children").read_text().split()
        return [pid for pid in map(int, children) if wanted in _command_line(pid)]

    def mailed(self, address: str) -> list[str]:
        """The Message-IDs that the mail server took for an address, in order."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as mailbox:
            mailbox.login(address, address)
            _, [count] = mailbox.select("INBOX", readonly=True)
            if int(count or b"0") == 0:
                return []
            _, parts = mailbox.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
            headers = [part[1] for part in parts if isinstance(part, tuple)]
        return [match[1].decode() for header in headers if (match := _MESSAGE_ID.search(header))]

    def mail(self, address: str) -> list[bytes]:
        """The mails that the mail server took for an address, whole."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as mailbox:
            mailbox.login(address, address)
            mailbox.select("INBOX", readonly=True)
            _, parts = mailbox.fetch("1:*", "(BODY.PEEK[])")
            return [part[1] for part in parts if isinstance(part, tuple)]

    def records(self, topic: str, until: Callable[[list[dict[str, Any]]], bool]) -> list[Any]:
        """Read a topic from its beginning until the condition holds of its values."""
        return asyncio.run(asyncio.wait_for(self._records(topic, until), PATIENCE_SECONDS))

    async def _records(self, topic: str, until: Callable[[list[dict[str, Any]]], bool]) -> list[Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tidings", "tail", topic, "--from-beginning", "--json",
            env=dict(self.environment),
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )  # fmt: skip
        assert process.stdout is not None
        values: list[Any] = []
        try:
            while not until(values):
                values.append(json.loads(await process.stdout.readline())["value"])
        finally:
            process.kill()
            await process.wait()
        return values

    def wait_until(self, holds: Callable[[], bool], *, pause_seconds: float = 0.25) -> None:
        """Return when the condition holds; fail with the end of the log when it does not in time."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(
                    f"not within {PATIENCE_SECONDS:g} s; the log ends:\n{self.log.read_text()[-3000:]}"
                )
            threading.Event().wait(pause_seconds)

    def stop(self) -> int:
        """End everything in order."""
        self.supervisor.terminate()
        return self.supervisor.wait(60)


def start(environment: Mapping[str, str], log: Path, imap_port: int) -> Running:
    """`tidings up`, ready."""
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tidings", "up"], env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    running = Running(supervisor=supervisor, environment=environment, log=log, imap_port=imap_port)
    running.wait_until(lambda: _count(log, ("worker ready", "gateway ready")) >= READY)
    return running


def _count(log: Path, words: Sequence[str]) -> int:
    return sum(any(word in line for word in words) for line in log.read_text().splitlines())


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:  # ended meanwhile
        return b""


def tenant(name: str, addresses: Iterable[str]) -> list[dict[str, Any]]:
    """The events that make a tenant and its contacts c0, c1 …, one for each address."""
    settings = {
        "name": name.title(),
        "timezone": "America/New_York",
        "senders": {"email": f"{name} <hello@{name}.example>"},
        "channels": {"email": {"requested": True}},
    }
    events = [event(name, f"{name}-settings", "settings.changed", "", settings)]
    for number, address in enumerate(addresses):
        contact = {"name": f"Client {number}", "email": address}
        events.append(event(name, f"{name}-c{number}", "contact.changed", f"c{number}", contact))
    return events


def texting(name: str, numbers: Iterable[str]) -> list[dict[str, Any]]:
    """The events that make a tenant that reminds by text, and its contacts c0, c1 …, one for each number."""
    settings = {
        "name": name.title(),
        "timezone": "America/New_York",
        "currency": "USD",
        "senders": {"sms": "+12025550111"},
        "channels": {"sms": {"requested": True}},
        "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
        "kinds": {"appointment_reminder": {"sms_hours_before": 24, "late_policy": "send_now"}},
    }
    events = [event(name, f"{name}-settings", "settings.changed", "", settings)]
    for number, phone in enumerate(numbers):
        phones = [{"number": phone, "type": "mobile", "primary": True}]
        events.append(event(name, f"{name}-c{number}", "contact.changed", f"c{number}", {"phones": phones}))
    return events


def reminded(name: str, number: int) -> dict[str, Any]:
    """An appointment so soon that its reminder leaves at once."""
    starts_at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    fields = {"appointment_id": f"a{number}", "starts_at": starts_at, "made_by": "client"}
    return event(name, f"reminded-{number}", "appointment.scheduled", f"c{number}", fields)


def order(name: str, number: int, contact: str) -> dict[str, Any]:
    """A client's order."""
    fields = {"order_id": f"o{number}", "items": [{"name": "Rice", "quantity": 2}]}
    return event(name, f"order-{number}", "order.completed", contact, fields)


def event(tenant: str, event_id: str, event_type: str, subject: str, data: object) -> dict[str, Any]:
    """An event as structured JSON."""
    envelope = {"id": event_id, "type": event_type, "tenant": tenant, "time": "2026-11-02T08:00:00-05:00", "data": data}
    actor = {"kind": "client", "id": subject}
    return {**envelope, **({"subject": subject, "actor": actor} if subject else {})}
