"""What a webhook posts where its rule has no words of its own: the event and its contact, as Standard Webhooks say."""

from schemas.candidate import Candidate
from schemas.clock import rfc3339
from schemas.json_text import json_to_text
from schemas.validation import to_plain


def payload(candidate: Candidate) -> str:
    """A JSON object of `type`, `timestamp` and `data` (standardwebhooks.com, Payload structure)."""
    cause = candidate.cause
    said = {
        "type": cause.type,
        "timestamp": rfc3339(cause.time),
        "data": {
            "message_id": candidate.message_id,
            "tenant": candidate.tenant,
            "kind": candidate.kind,
            "event_id": cause.event_id,
            "source": cause.source,
            "subject": cause.subject,
            "actor": to_plain(cause.actor),
            "fields": {**cause.data, **candidate.variables},
            "contact": to_plain(candidate.contact) if candidate.contact else None,
        },
    }
    return json_to_text(said)
