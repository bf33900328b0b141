"""The end of a queue of parked events; topic `audience`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingOver:
    """Follows parked events under the key of the last of them: what was released before it has been taken."""

    tenant: str
