"""Membership of a consumer group, as far as aiokafka keeps it to itself: the heartbeat's age, and leaving at once."""

import time

from aiokafka import AIOKafkaConsumer


class GroupMembership:
    """Watches the coordinator of one consumer.

    aiokafka 0.14 tells nobody when the broker last answered a heartbeat, and lets a static member's session run out
    instead of leaving. Both are private there; a public way in a later version makes this module superfluous, and
    `test_membership` notices when the private ones change.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._coordinator = consumer._coordinator
        self._heard_at = -float("inf")
        self._heartbeat = self._coordinator._do_heartbeat
        self._coordinator._do_heartbeat = self._beat

    def heartbeat_age_seconds(self) -> float:
        """How long ago the broker last took us for a member."""
        return time.monotonic() - self._heard_at

    def joined(self) -> None:
        """The broker has just given us partitions."""
        self._heard_at = time.monotonic()

    def leave_when_stopped(self) -> None:
        """Make the consumer's `stop` leave the group, so that its partitions move at once."""
        self._coordinator._group_instance_id = None

    async def _beat(self) -> bool:
        asked_at = time.monotonic()
        taken: bool = await self._heartbeat()
        if taken:
            self._heard_at = asked_at
        return taken
