"""What all tests share: an option, and one broker per test run, thrown away afterwards."""

import logging
from collections.abc import Iterator

import hypothesis
import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy import local_kafka
from tests.integration.greenmail import greenmail

__all__ = ["golden", "greenmail", "kafka"]

# A busy machine is no fault of the code: nothing is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# How long an example takes says more about what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` writes the golden files anew, to be read before they are committed."""
    parser.addoption("--golden", action="store_true", help="write the golden files anew")


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
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of this run's Kafka. Topics stay until its end, so each test names its own."""
    home = tmp_path_factory.mktemp("kafka")
    # Each installation of a test leaves some 300 partitions behind: with the heap of one, the broker starves.
    settings = local_kafka.BrokerSettings(
        port=local_kafka.free_port(), log_cleaner_backoff_ms=1000, heap_mebibytes=1024
    )
    try:
        yield local_kafka.start(home, settings).bootstrap_servers
    finally:
        local_kafka.stop(home)
