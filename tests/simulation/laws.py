"""The laws that hold after any storm, as far as stages are concerned."""

from collections.abc import Iterator, Mapping, Sequence, Set

from schemas.topics import DEAD_LETTERS
from streams.stage import Stage
from tests.simulation.broker import Broker
from tests.simulation.disk import Disk
from tests.simulation.replay import Replay, replay, rows_after_recovery, without_positions
from tests.simulation.worker import Said, changelog


def stage_laws(
    broker: Broker,
    stages: Sequence[Stage],
    partitions: Sequence[int],
    disks: Sequence[Disk],
    shared: Mapping[str, dict[str, object]],
) -> Iterator[str]:
    """What is broken: nothing lost, nothing seen twice, state and outputs as in a run without misfortunes."""
    replays = [replay(stage, number, broker, shared) for stage in stages for number in partitions]
    for each in replays:
        yield from each.broken
        yield from _state_laws(each, broker, disks)
    yield from _output_laws(replays, broker)


def _state_laws(reference: Replay, broker: Broker, disks: Sequence[Disk]) -> Iterator[str]:
    wanted = reference.rows()
    stage, number = reference.stage, reference.number
    yield from _differences(f"{reference.name}: after recovery", rows_after_recovery(broker, stage, number), wanted)
    for machine, disk in enumerate(disks):
        local = disk.get((stage.name, number))
        if local is not None and local.end == broker.end(changelog(stage.name), number):
            yield from _differences(f"{reference.name}: disk {machine}", without_positions(local), wanted)


def _differences(where: str, found: Mapping[bytes, bytes], wanted: Mapping[bytes, bytes]) -> Iterator[str]:
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            yield f"{where}: row {key!r} is {found.get(key)!r}, not {wanted.get(key)!r}"
            return


def _output_laws(replays: Sequence[Replay], broker: Broker) -> Iterator[str]:
    """Each output of the reference is there, in order per key, and no other: a crash repeats what was said."""
    actual: dict[Said, int] = {}
    for (topic, _), log in broker.history.items():
        for record in log:
            is_letter = topic == DEAD_LETTERS.name
            value = b"" if is_letter else record.value or b""
            actual.setdefault(Said(topic, record.key or b"", value, () if is_letter else record.headers), record.offset)
    speakers: dict[Said, set[str]] = {}
    for each in replays:
        for said in each.said:
            speakers.setdefault(said, set()).add(each.name)
    of_several = {said for said, names in speakers.items() if len(names) > 1}
    for each in replays:
        yield from _order_laws(each.name, list(dict.fromkeys(each.said)), actual, of_several)
    wanted = set(speakers)
    said_topics = {said.topic for said in wanted}
    strange = {said for said in actual.keys() - wanted if said.topic in said_topics}
    if strange:
        yield f"{min(strange)} was said for no reason"


def _order_laws(name: str, wanted: Sequence[Said], actual: Mapping[Said, int], of_several: Set[Said]) -> Iterator[str]:
    """Of what several say to the letter alike, nobody can tell whose word stands first."""
    newest: dict[tuple[str, bytes], tuple[int, Said]] = {}
    for said in wanted:
        if said not in actual:
            yield f"{name}: {said} was lost"
            return
        if said in of_several:
            continue
        place, offset = (said.topic, said.key), actual[said]
        if place in newest and offset < newest[place][0]:
            yield f"{name}: {said} stands at {offset}, before what came earlier"
            return
        newest[place] = (offset, said)
