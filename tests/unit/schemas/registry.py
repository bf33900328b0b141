"""A small registry with Confluent's HTTP API, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Registry:
    """What the server keeps: schemas by id, levels by subject, and every request it answered."""

    schemas: dict[int, str] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    says: tuple[int, object] | None = None
    """What it answers to everything, when it is out of order."""

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, object]:
        self.asked.append(f"{method} {path}")
        if self.says is not None:
            return self.says
        match method, path.strip("/").split("/"):
            case "PUT", ["config", subject]:
                self.levels[subject] = body["compatibility"]
                return 200, body
            case "POST", ["subjects", "tidings.Item", "versions"]:
                return 409, {"error_code": 409, "message": "Schema being registered is incompatible"}
            case "POST", ["subjects", _, "versions"]:
                known = [number for number, schema in self.schemas.items() if schema == body["schema"]]
                number = known[0] if known else 100_000 + len(self.schemas)
                self.schemas[number] = body["schema"]
                return 200, {"id": number}
            case "GET", ["schemas", "ids", number] if int(number) in self.schemas:
                return 200, {"schema": self.schemas[int(number)]}
        return 404, {"error_code": 40403, "message": "Schema not found"}


def serve(registry: Registry) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = registry.answer(self.command, self.path, json.loads(body or b"{}"))
            payload = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815  # the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name its caller uses
            """Nothing: the test's output is for failures."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@contextmanager
def running_registry() -> Iterator[Registry]:
    """A registry that knows nothing yet."""
    kept = Registry()
    server = serve(kept)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
