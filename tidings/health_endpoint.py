"""The one HTTP endpoint of a process: `/healthz`, `/readyz` and `/metrics`; off unless a port is configured.

It answers from threads of its own, so it tells the truth also of a process whose event loop is stuck.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tidings import metrics
from tidings.config import Worker
from tidings.health import Health

_REQUEST_SECONDS = 5.0
_JSON = "application/json"


class PortTaken(OSError):
    """The configured address cannot be listened on."""


@contextmanager
def health_endpoint(worker: Worker, health: Health) -> Iterator[None]:
    """Serve while the context lasts, where a port is configured; raises PortTaken."""
    if worker.http_port is None:
        yield
        return

    class Handler(_Handler):
        shown = health

    try:
        server = ThreadingHTTPServer((worker.http_host, worker.http_port), Handler)
    except OSError as error:
        address = f"{worker.http_host}:{worker.http_port}"
        raise PortTaken(f"health and metrics cannot be served at {address}: {error.strerror or error}") from error
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, name="health endpoint", daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of three paths; a client that does not get on with its request is let go."""

    shown: ClassVar[Health]
    timeout = _REQUEST_SECONDS
    server_version = "tidings"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one request."""
        match self.path.partition("?")[0]:
            case "/metrics":
                self._send(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.exposition())
            case "/healthz":
                alive = self.shown.is_alive
                self._say(alive, {"alive": alive, "stuck_seconds": round(self.shown.stuck_seconds, 1)})
            case "/readyz":
                reasons = self.shown.reasons
                ready = not reasons and self.shown.is_alive
                self._say(ready, {"ready": ready, "reasons": reasons})
            case _:
                self._send(HTTPStatus.NOT_FOUND, _JSON, b'{"paths": ["/healthz", "/metrics", "/readyz"]}\n')

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _say(self, is_well: bool, answer: object) -> None:
        status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, _JSON, json.dumps(answer).encode() + b"\n")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name its caller uses
        """Nothing: probes come every few seconds."""
