"""What the gateways need of aiokafka's group coordinator, which it keeps to itself."""

import inspect

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.group_coordinator import GroupCoordinator

from tests.contracts.upgrade import promised, still_needed

WHERE = "gateways.membership.GroupMembership"


def test_the_coordinator_beats_with_the_method_that_we_watch() -> None:
    parameters = list(inspect.signature(GroupCoordinator._do_heartbeat).parameters)
    promised(
        inspect.iscoroutinefunction(GroupCoordinator._do_heartbeat) and parameters == ["self"],
        "that each heartbeat is one call of _do_heartbeat, which says whether the broker took it.",
        WHERE,
    )
    source = inspect.getsource(GroupCoordinator._heartbeat_routine)
    promised("await self._do_heartbeat()" in source, "that heartbeats go through self._do_heartbeat.", WHERE)


def test_a_static_member_leaves_when_it_is_no_longer_one() -> None:
    leaving = inspect.getsource(GroupCoordinator._maybe_leave_group)
    still_needed(
        "self._group_instance_id is None" in leaving,
        "a static member of aiokafka does not leave its group when it stops.",
        f"{WHERE}.leave_when_stopped",
    )
    promised(
        "_coordinator" in inspect.getsource(AIOKafkaConsumer.start),
        "that a consumer keeps its coordinator in _coordinator, from when it starts.",
        WHERE,
    )
