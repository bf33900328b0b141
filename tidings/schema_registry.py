"""Schema ids out of a registry with Confluent's HTTP API, for installations that have one.

Subjects are named after records (`tidings.Decision`, Confluent's RecordNameStrategy) and kept FULL_TRANSITIVE.
A registry's ids and those checked in mean different schemas: an installation chooses once, before it writes anything.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from schemas.avro_schema import NAMESPACE, AvroSchema, avro_schema
from schemas.codec import SchemasUnavailable

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_SECONDS = 10.0
_NO_SUCH_SCHEMA = 40403
"""What the API answers for an id that it does not know; any other 404 means that there is no registry at this URL."""


class SchemaRegistryError(SchemasUnavailable):
    """The registry cannot be reached or refuses; the record is not at fault, so whoever asked must try again."""


class SchemaRegistry:
    """A source of schema ids for the codec; every answer is asked for once and kept, because ids never change."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self._url, timeout=timeout_seconds, headers={"Accept": MEDIA_TYPE}, trust_env=False
        )
        self._ids: dict[type, int] = {}
        self._schemas: dict[int, AvroSchema] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def id_of(self, record: type) -> int:
        """The id of our schema of this record; registers it when the registry has never seen it."""
        if record not in self._ids:
            subject, schema = f"{NAMESPACE}.{record.__name__}", avro_schema(record)
            self._ask("PUT", f"/config/{subject}", {"compatibility": "FULL_TRANSITIVE"})
            path = f"/subjects/{subject}/versions"
            schema_id = (self._ask("POST", path, {"schema": _text(schema)}) or {}).get("id")
            if not isinstance(schema_id, int):
                raise SchemaRegistryError(f"POST {self._url}{path}: the answer has no id")
            self._ids[record] = schema_id
            self._schemas[schema_id] = schema
        return self._ids[record]

    def schema_of(self, schema_id: int) -> AvroSchema | None:
        """The schema with this id, whoever registered it, or None."""
        if schema_id not in self._schemas:
            path = f"/schemas/ids/{schema_id}"
            answer = self._ask("GET", path, None)
            if answer is None or answer.get("schemaType", "AVRO") != "AVRO":
                return None
            try:
                schema = json.loads(answer["schema"])
            except (KeyError, TypeError, ValueError) as error:
                raise SchemaRegistryError(f"GET {self._url}{path}: the answer has no schema") from error
            if not isinstance(schema, dict):
                return None  # a schema of one word, or a union: no record of ours
            self._schemas[schema_id] = schema
        return self._schemas[schema_id]

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> Mapping[str, Any] | None:
        """The answer's JSON; None for a schema that does not exist."""
        asked = f"{method} {self._url}{path}"
        try:
            answer = self._http.request(method, path, json=body, headers={"Content-Type": MEDIA_TYPE} if body else None)
        except httpx.HTTPError as error:
            raise SchemaRegistryError(f"{asked}: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and _json_of(asked, answer).get("error_code") == _NO_SUCH_SCHEMA:
            return None
        if not answer.is_success:
            raise SchemaRegistryError(f"{asked}: {answer.status_code} {answer.text[:300]}")
        return _json_of(asked, answer)


def _text(schema: AvroSchema) -> str:
    """The schema as registries are given it.

    Apicurio Registry 3.3.3 reads `: "{}"` as `:{}` and refuses a text whose default is an empty map; a brace by its
    number means the same and passes. This can go when it takes such a schema as it stands.
    """
    return json.dumps(schema).replace('"{}"', '"\\u007b}"')


def _json_of(asked: str, answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise SchemaRegistryError(f"{asked}: {answer.status_code}, no JSON, but {answer.text[:100]!r}") from error
    if not isinstance(found, dict):
        raise SchemaRegistryError(f"{asked}: {answer.status_code}, no JSON object, but {answer.text[:100]!r}")
    return found
