"""Incarnation: whether the state on this disk belongs to the cluster and the changelog that there are now.

An installation that was made anew under the same names, on a new cluster or after its topics were deleted, has other
records at the same offsets. State of the old one would skip what it never performed. So beside the state stands what it
belongs to; state of something else is moved aside, never deleted, and the worker recovers from the changelog.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from streams.naming import changelog_name, state_directory
from streams.topic_ids import topic_ids
from tidings.config import Installation

log = logging.getLogger(__name__)

_FILE = "belongs-to.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incarnation:
    """What state belongs to: Kafka's own ids of the cluster and of the changelog, which are never given twice."""

    cluster: str
    changelog: str


async def look_after_state(installation: Installation, stages: Iterable[str]) -> None:
    """Move aside what does not belong to the changelogs of these stages, and write down what will."""
    names = {stage: changelog_name(installation, stage) for stage in stages}
    ids = await topic_ids(installation.kafka, names.values())
    for stage, name in names.items():
        settle(state_directory(installation, stage), Incarnation(cluster=ids.cluster, changelog=ids.topics[name]))


def settle(directory: Path, now: Incarnation) -> None:
    """Leave a directory in which nothing but state of `now` is; state that says nothing of itself is believed."""
    found = _read(directory / _FILE)
    if found is not None and found != now:
        aside = directory.with_name(f"{directory.name}.aside-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        directory.rename(aside)
        was = "another cluster" if found.cluster != now.cluster else "a changelog that was made anew since"
        log.warning("the state in %s belongs to %s: it is kept as %s, and recovery begins anew", directory, was, aside)
    if found != now:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = directory / f"{_FILE}.new"
        written.write_text(json.dumps(asdict(now)))
        written.rename(directory / _FILE)


def _read(path: Path) -> Incarnation | None:
    try:
        return Incarnation(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
