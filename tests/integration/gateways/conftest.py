"""An installation with topics of each test's own."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.gateways.rig import Rig


@pytest_asyncio.fixture
async def rig(kafka: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """An installation of this test's own; topics stay on the broker, so their prefix names the test."""
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8] + "."
    async with Rig(kafka, prefix, tmp_path) as built:
        yield built
