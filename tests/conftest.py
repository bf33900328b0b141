"""What all tests share: an option, their order, and one broker per process, thrown away afterwards."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from aiokafka.admin import AIOKafkaAdminClient
from hypothesis import HealthCheck, settings

from deploy import local_kafka
from streams.collecting import collect_rarely, look_rarely
from tests.integration.greenmail import greenmail
from tests.ports import free_port

__all__ = ["golden", "greenmail", "kafka"]

look_rarely()  # what is collected here stays

# A busy machine is no fault of the code: nothing is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

FORGET_SECONDS = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` writes the golden files anew, to be read before they are committed."""
    parser.addoption("--golden", action="store_true", help="write the golden files anew")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests go first, those with the widest limits at their head: they would be a long tail."""
    limits: dict[Path, float] = {}
    for item in items:
        timeout, slow = item.get_closest_marker("timeout"), item.get_closest_marker("slow")
        limits[item.path] = max(limits.get(item.path, 0.0), timeout.args[0] if timeout else float(slow is not None))
    items.sort(key=lambda item: -limits[item.path])


def pytest_collection_finish() -> None:
    """Ten thousand tests and all of Tidings are no garbage: what looks for some need not go through them."""
    collect_rarely()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--golden"))


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Commands run within a test set logging up for their process; the next test starts as this one did."""
    root, configured = logging.getLogger(), structlog.get_config()
    level, handlers, disabled = root.level, root.handlers[:], root.manager.disable
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    logging.disable(disabled)
    structlog.configure(**configured)


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of this process's Kafka."""
    home = tmp_path_factory.mktemp("kafka")
    # Each installation of a test leaves some 300 partitions behind: with the heap of one, the broker starves.
    settings = local_kafka.BrokerSettings(
        port=free_port(), log_cleaner_backoff_ms=1000, heap_mebibytes=1024, start_limit_seconds=180.0
    )
    try:
        yield local_kafka.start(home, settings).bootstrap_servers
    finally:
        local_kafka.stop(home)


@pytest.fixture(scope="module")
def kafka(own_kafka: str) -> Iterator[str]:
    """The bootstrap servers of a Kafka. Topics stay until the end of a file, so each test names its own.

    Every client reads the names of all topics when it starts: those of all files were most of what many tests did.
    """
    yield own_kafka
    asyncio.run(_delete_topics(own_kafka))


async def _delete_topics(bootstrap_servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
        if names:
            await admin.delete_topics(names)
        # A broker answers before it has forgotten them, and the next file may make some of them anew.
        async with asyncio.timeout(FORGET_SECONDS):
            while {*names} & {*await admin.list_topics()}:  # noqa: ASYNC110 - the broker does it
                await asyncio.sleep(0.05)
    finally:
        await admin.close()
