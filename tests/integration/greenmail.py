"""GreenMail: a mail server of somebody else's making, one per test run."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local_kafka.jars import maven_repository
from deploy.local_kafka.java import find_java
from tests.ports import free_port

GREENMAIL = ("com.icegreen", "greenmail-standalone", "2.1.3")
STARTED = "Starting GreenMail API server"
START_SECONDS = 180


@dataclass(frozen=True)
class GreenMail:
    """A mail server of somebody else's making, with SMTP to give it mail and IMAP to read it back."""

    smtp_port: int
    imap_port: int


@pytest.fixture(scope="session")
def greenmail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GreenMail]:
    group, artifact, version = GREENMAIL
    jar = maven_repository().project(group, artifact).at_version(version).artifact().resolve()
    ports = GreenMail(smtp_port=free_port(), imap_port=free_port())
    log = tmp_path_factory.mktemp("greenmail") / "log"
    command = [
        str(find_java(os.environ).path),
        "-Xmx192m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dgreenmail.smtp.port={ports.smtp_port}",
        f"-Dgreenmail.imap.port={ports.imap_port}",
        "-Dgreenmail.smtp.hostname=127.0.0.1",
        "-Dgreenmail.imap.hostname=127.0.0.1",
        "-Dgreenmail.auth.disabled",
        "-jar",
        str(jar),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        asyncio.run(_listening(ports, log))
        yield ports
    finally:
        process.kill()
        process.wait()


async def _listening(ports: GreenMail, log: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            for port in (ports.smtp_port, ports.imap_port):
                while not await _answers(port):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
    except TimeoutError:
        raise RuntimeError(f"GreenMail did not start: {log.read_text()[-2000:]}") from None  # noqa: ASYNC240 - the end


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    greeting = await reader.readline()
    writer.close()
    return bool(greeting)
