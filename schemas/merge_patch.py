"""JSON Merge Patch (RFC 7396): how a change is applied to a document."""

from collections.abc import Mapping
from typing import Any


def merge_patch(document: object, patch: object) -> Any:
    """The document with the patch applied; neither is touched. A member that is None in the patch goes away."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
