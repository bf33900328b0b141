"""That a contact was not told after all what it is told only once; topic `audience`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """A message was dropped when it was due: another event may say the same once more."""

    tenant: str
    event_id: str
    contact: str
    message_id: str
