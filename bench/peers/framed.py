"""The job's records for peers: fastavro and plain dicts, no checks; a peer is given `FRAMED_JOB`, a JSON object."""

import json
import os
import struct
from io import BytesIO
from pathlib import Path

from fastavro import parse_schema, schemaless_reader, schemaless_writer

JOB = json.loads(os.environ["FRAMED_JOB"])
"""servers, group, source, target, timers, home, schemas, read_id, write_id, enabled (tenant → boolean)."""

TIMERS, ENABLED = JOB["timers"], JOB["enabled"]
LEADS_MS = (86_400_000, 604_800_000)
PARTITIONS = 8

_FRAME = struct.Struct(">BI")
_READ = parse_schema(json.loads((Path(JOB["schemas"]) / "ConsentChange.avsc").read_text()))
_WRITE = parse_schema(json.loads((Path(JOB["schemas"]) / "Consent.avsc").read_text()))
_HEAD = _FRAME.pack(0, JOB["write_id"])


def decode(value: bytes) -> dict:
    """The change that framed bytes hold."""
    magic, schema_id = _FRAME.unpack_from(value)
    if magic != 0 or schema_id != JOB["read_id"]:
        raise ValueError(f"schema {schema_id} is not that of the job")
    body = BytesIO(value)
    body.seek(5)
    return schemaless_reader(body, _READ)


def encode(record: dict) -> bytes:
    """The framed bytes of an answer."""
    body = BytesIO()
    body.write(_HEAD)
    schemaless_writer(body, _WRITE, record)
    return body.getvalue()


def key_of(change: dict) -> str:
    """The key of an answer."""
    return f"{change['tenant']}|{change['address']}"


def answer(change: dict) -> dict:
    """What follows from a change."""
    return {
        "tenant": change["tenant"],
        "address": change["address"],
        "opted_out": change["opted_out"] or [],
        "opted_in": [],
        "suppressed": None,
    }


def timer_key(now_ms: int, lead_ms: int, row: str) -> str:
    """A timer's key, ordered by its due time."""
    return f"{now_ms + lead_ms:015d}\0{row}"
