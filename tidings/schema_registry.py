"""Schema ids out of a registry with Confluent's HTTP API, for installations that have one.

Subjects are named after records (`tidings.Decision`, Confluent's RecordNameStrategy) and kept FULL_TRANSITIVE.
A registry's ids and those checked in mean different schemas: an installation chooses once, before it writes anything.
"""

import json
from types import TracebackType
from typing import Any, Self

import httpx

from schemas.avro_schema import NAMESPACE, AvroSchema, avro_schema

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_SECONDS = 10.0


class SchemaRegistryError(RuntimeError):
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
            answer = self._ask("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema)})
            schema_id = self._ids[record] = int(answer["id"])
            self._schemas[schema_id] = schema
        return self._ids[record]

    def schema_of(self, schema_id: int) -> AvroSchema | None:
        """The schema with this id, whoever registered it, or None."""
        if schema_id not in self._schemas:
            answer = self._ask("GET", f"/schemas/ids/{schema_id}", None)
            if answer is None or answer.get("schemaType", "AVRO") != "AVRO":
                return None
            schema = json.loads(answer["schema"])
            if not isinstance(schema, dict):
                return None  # a schema of one word, or a union: no record of ours
            self._schemas[schema_id] = schema
        return self._schemas[schema_id]

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> Any:
        """The answer's JSON; None for what does not exist."""
        asked = f"{method} {self._url}{path}"
        try:
            answer = self._http.request(method, path, json=body, headers={"Content-Type": MEDIA_TYPE} if body else None)
        except httpx.HTTPError as error:
            raise SchemaRegistryError(f"{asked}: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and method == "GET":
            return None
        if not answer.is_success:
            raise SchemaRegistryError(f"{asked}: {answer.status_code} {answer.text[:300]}")
        try:
            return answer.json()
        except ValueError as error:
            raise SchemaRegistryError(f"{asked}: no JSON, but {answer.text[:100]!r}") from error
