"""The registry client against a small registry with Confluent's HTTP API, on loopback."""

import json
from collections.abc import Iterator

import pytest

from schemas.avro_schema import avro_schema
from schemas.codec import Codec, SchemasUnavailable
from schemas.contact import Contact
from schemas.events.orders import Cart, Item
from schemas.faults import Unreadable
from tests.unit.schemas.registry import Registry, running_registry
from tidings.schema_registry import SchemaRegistry, SchemaRegistryError


@pytest.fixture
def registry() -> Iterator[Registry]:
    with running_registry() as running:
        yield running


CART = Cart(cart_id="k1", items=(Item(name="Rice", quantity=2),))


def test_a_record_is_written_with_the_registrys_id_and_read_again(registry: Registry) -> None:
    with SchemaRegistry(registry.url) as source:
        value = Codec(source).encode(CART)
    assert value[1:5] == (100_000).to_bytes(4, "big")
    assert registry.levels == {"tidings.Cart": "FULL_TRANSITIVE"}
    with SchemaRegistry(registry.url) as source:
        assert Codec(source).decode(value) == CART


def test_a_schema_is_sent_without_what_apicurio_refuses(registry: Registry) -> None:
    with SchemaRegistry(registry.url) as source:
        sent = registry.schemas[source.id_of(Contact)]
    assert '"{}"' in json.dumps(avro_schema(Contact))
    assert '"{}"' not in sent
    assert json.loads(sent) == avro_schema(Contact)


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


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (404, {"error_code": 404, "message": "HTTP 404 Not Found"}, "404 .*HTTP 404 Not Found"),
        (404, [], "404, no JSON object"),
        (500, {"message": "backend is away"}, "500 .*backend is away"),
        (200, {"schema": "{"}, "the answer has no schema"),
        (200, {}, "the answer has no schema"),
    ],
    ids=str,
)
def test_an_answer_that_makes_no_sense_is_trouble_and_no_unknown_id(
    registry: Registry, status: int, answer: object, says: str
) -> None:
    registry.says = (status, answer)
    with SchemaRegistry(registry.url) as source, pytest.raises(SchemasUnavailable, match=says):
        Codec(source).decode(b"\0\0\0\0\x2a")


def test_an_answer_without_an_id_is_trouble(registry: Registry) -> None:
    registry.says = (200, {"compatibility": "FULL"})
    with SchemaRegistry(registry.url) as source, pytest.raises(SchemasUnavailable, match="the answer has no id"):
        Codec(source).encode(CART)
