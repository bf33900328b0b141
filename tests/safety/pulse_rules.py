"""The rule about a process that slept, which may have lost its partitions meanwhile."""

import asyncio
import sys
from pathlib import Path

from streams.crash import ExitCode
from streams.pulse import Pulse
from tests.safety.cluster import Cluster
from tests.safety.process import Parts, Process, ring
from tests.safety.rule import Place, Rule, require

ROOT = Path(__file__).parents[2]


class NeverFrozen(Pulse):
    """Writes, however long the process slept."""

    def check(self) -> None:
        return


async def a_process_that_slept_writes_nothing_more(pulse: type[Pulse], place: Place) -> None:
    """In a process of its own, for the rule ends it."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, pulse.__name__, str(place.home)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, said = await child.communicate()
    require(not written.split(), f"doubled by a worker that slept: {written.decode().split()}")
    assert (child.returncode, b"was frozen for" in said) == (ExitCode.CRASHED, True), said.decode()


async def _sleep_through_a_rebalance(pulse: type[Pulse], home: Path) -> None:
    """What the old owner still appends is printed."""
    cluster = Cluster()
    ring(cluster, "e0")
    old = Process(cluster, home, "old", Parts(pulse=pulse))
    late = old.fetch()
    assert late is not None
    new = Process(cluster, home, "new")
    await new.run()
    old.runner._pulse._beat_at -= 10.0
    cluster.on_append = lambda topic: print(topic, flush=True)
    await old.perform(late)


RULES = (
    Rule(
        says="a process that was frozen ends before it writes",
        kept_by=Pulse,
        at="check",
        without=NeverFrozen,
        scenario=a_process_that_slept_writes_nothing_more,
    ),
)

if __name__ == "__main__":
    kind, home = sys.argv[1:]
    asyncio.run(_sleep_through_a_rebalance(NeverFrozen if kind == NeverFrozen.__name__ else Pulse, Path(home)))
