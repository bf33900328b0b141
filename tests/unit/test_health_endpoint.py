import http.client
import json
import socket
from collections.abc import Callable, Iterator

import pytest

from tests.listening import listening
from tests.ports import free_port
from tidings.config import Worker
from tidings.health import STUCK_AFTER_SECONDS, Health
from tidings.health_endpoint import PortTaken, health_endpoint
from tidings.metrics import StageMetrics

Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def ask(health: Health) -> Iterator[Ask]:
    port = free_port()

    def asked(path: str, method: str = "GET") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path)
        answer = connection.getresponse()
        found = (answer.status, answer.read())
        connection.close()
        return found

    with health_endpoint(Worker(http_port=port), health):
        yield asked


def test_nothing_listens_unless_a_port_is_configured(health: Health) -> None:
    with health_endpoint(Worker(), health):
        assert listening() == set()


def test_it_listens_on_loopback_alone(health: Health) -> None:
    port = free_port()
    with health_endpoint(Worker(http_port=port), health):
        assert listening() == {f"127.0.0.1:{port}"}
    assert listening() == set()


def test_a_process_is_ready_when_it_waits_for_nothing(health: Health, ask: Ask) -> None:
    health.waits("stage decide", "waits for its partitions")
    status, answer = ask("/readyz")
    assert status == 503
    assert json.loads(answer) == {"ready": False, "reasons": {"stage decide": "waits for its partitions"}}
    health.works("stage decide")
    status, answer = ask("/readyz")
    assert (status, json.loads(answer)) == (200, {"ready": True, "reasons": {}})


def test_a_process_that_waits_is_alive_all_the_same(health: Health, ask: Ask) -> None:
    health.waits("stage decide", "waits for its partitions")
    assert ask("/healthz")[0] == 200


def test_a_process_whose_loop_is_stuck_is_not_alive(health: Health, ask: Ask) -> None:
    health._turned_at -= STUCK_AFTER_SECONDS + 1
    status, answer = ask("/healthz")
    assert status == 503
    assert json.loads(answer)["stuck_seconds"] > STUCK_AFTER_SECONDS
    assert ask("/readyz")[0] == 503
    health.turned()
    assert ask("/healthz")[0] == 200


def test_metrics_are_in_the_text_format(ask: Ask) -> None:
    StageMetrics("bells").performed("events", 7)
    status, answer = ask("/metrics")
    assert status == 200
    assert b'tidings_records_total{stage="bells",topic="events"} 7.0' in answer
    assert b"process_cpu_seconds_total" in answer


@pytest.mark.parametrize(
    ("method", "path", "status"), [("HEAD", "/readyz", 200), ("GET", "/", 404), ("POST", "/", 501)]
)
def test_anything_else_is_answered_and_changes_nothing(ask: Ask, method: str, path: str, status: int) -> None:
    assert ask(path, method)[0] == status


def test_a_port_that_is_taken_is_named(health: Health) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"cannot be served at 127.0.0.1:{port}: Address already in use"),
            health_endpoint(Worker(http_port=port), health),
        ):
            pass
