"""The registry client against a small registry with Confluent's HTTP API, on loopback."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from schemas.avro_schema import avro_schema
from schemas.codec import Codec
from schemas.events.orders import Cart, Item
from schemas.faults import Unreadable
from tidings.schema_registry import SchemaRegistry, SchemaRegistryError


@dataclass
class Registry:
    """What the server keeps: schemas by id, levels by subject, and every request it answered."""

    schemas: dict[int, str] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(f"{method} {path}")
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


@pytest.fixture
def registry() -> Iterator[Registry]:
    kept = Registry()
    server = serve(kept)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


CART = Cart(cart_id="k1", items=(Item(name="Rice", quantity=2),))


def test_a_record_is_written_with_the_registrys_id_and_read_again(registry: Registry) -> None:
    with SchemaRegistry(registry.url) as source:
        value = Codec(source).encode(CART)
    assert value[1:5] == (100_000).to_bytes(4, "big")
    assert registry.levels == {"tidings.Cart": "FULL_TRANSITIVE"}
    with SchemaRegistry(registry.url) as source:
        assert Codec(source).decode(value) == CART


def test_the_registry_is_asked_once_for_each_schema(registry: Registry) -> None:
    with SchemaRegistry(registry.url) as source:
        codec = Codec(source)
        values = [codec.encode(CART) for _ in range(5)]
        assert [codec.decode(value) for value in values] == [CART] * 5
    assert registry.asked == ["PUT /config/tidings.Cart", "POST /subjects/tidings.Cart/versions"]


def test_a_schema_that_another_writer_registered_is_resolved_against_ours(registry: Registry) -> None:
    theirs = avro_schema(Cart)
    theirs["fields"] = [{"name": "till", "type": "string"}, theirs["fields"][0]]
    registry.schemas[7] = json.dumps(theirs)
    with SchemaRegistry(registry.url) as source:
        read = Codec(source).decode(b"\0\0\0\0\x07" + b"\x06T-1" + b"\x04k1")
    assert read == Cart(cart_id="k1")


def test_an_id_that_the_registry_does_not_know_is_unreadable(registry: Registry) -> None:
    with (
        SchemaRegistry(registry.url) as source,
        pytest.raises(Unreadable, match="has schema id 42, which nobody knows"),
    ):
        Codec(source).decode(b"\0\0\0\0\x2a")


def test_a_refusal_repeats_what_the_registry_said(registry: Registry) -> None:
    with (
        SchemaRegistry(registry.url) as source,
        pytest.raises(SchemaRegistryError, match=r"POST .*/subjects/tidings\.Item/versions: 409 .*incompatible"),
    ):
        source.id_of(Item)


def test_a_registry_that_is_away_is_no_fault_of_the_record(registry: Registry) -> None:
    with SchemaRegistry("http://127.0.0.1:9", timeout_seconds=0.5) as source, pytest.raises(SchemaRegistryError):
        Codec(source).decode(b"\0\0\0\0\x2a")
