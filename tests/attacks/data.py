"""What the attacks find: an event as hostile as one may be that fits on a topic."""

from typing import Any

CANARY = "canary-of-the-environment"
"""Stands in the environment of the process under attack; no output may hold it."""


def variables() -> dict[str, Any]:
    """A long text and its double, a long list, a list of lists, a deep map, and markup."""
    deep: dict[str, Any] = {"end": "reached"}
    for _ in range(100):
        deep = {"deep": deep}
    return {
        "_locale": "en-US",
        "_timezone": "UTC",
        "_brand": {"name": "Pantry", "header": "", "lines": []},
        "name": "Ann",
        "number": 7,
        "huge": 10**15,
        "text": "a" * 400_000,
        "same": "".join(["a"] * 400_000),
        "needle": "a" * 200_000 + "b" + "a" * 100_000,
        "percent": "%" * 100_000,
        "markup": "<script>alert(1)</script>" * 10,
        "items": [{"name": f"item {number}", "quantity": number} for number in range(5_000)],
        "numbers": list(range(450)),
        "lists": [[number] * 100 for number in range(500)],
        "deep": deep,
        "tenant": {"id": "t", "name": "Pantry"},
        "contact": {"id": "c1", "name": "Ann Lee", "attributes": {"vip": True}},
        "email": "x@example.org\r\nBcc: y@example.org",
    }
