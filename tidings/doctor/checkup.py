"""The whole check-up, in the order in which somebody would look."""

from collections.abc import AsyncIterator

from tidings.config import Installation
from tidings.doctor import kafka, machine
from tidings.doctor.finding import Finding
from tidings.doctor.mail import mail_server


async def checkup(installation: Installation) -> AsyncIterator[Finding]:
    """Every finding, as soon as it is known."""
    yield machine.python()
    yield machine.compiled_faust()
    yield machine.java(installation)
    yield machine.disk(installation)
    async for finding in kafka.broker(installation):
        yield finding
    yield await mail_server(installation)
