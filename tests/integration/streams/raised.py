"""The fixture `tower`, for all who test a worker process on a real broker."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.streams.tower import Tower


@pytest_asyncio.fixture
async def tower(kafka: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Tower]:
    """An installation of this test's own; topics stay on the broker, so their prefix names the test."""
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8] + "."
    built = await Tower.build(kafka, prefix, tmp_path)
    try:
        yield built
    finally:
        built.close()
