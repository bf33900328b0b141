"""One seed, one world: which of the worlds it is, how it went, and what to read when it went wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.simulation.engine_world import engine_world
from tests.simulation.gateway_world import gateway_world
from tests.simulation.house_world import house_world
from tests.simulation.loop import simulate
from tests.simulation.shop_world import shop_world
from tests.simulation.storm import Storm


class World(Protocol):
    """One run from one seed."""

    storm: Storm
    broken: list[str]

    async def run(self) -> None:
        """The storm, the healing and the reckoning."""


HOUSE_EVERY = 100
"""A house takes five times as long as the other worlds."""
SHOP_EVERY, SHOP_AT = 200, 150
"""A shop takes as long as a house."""
_SMALL: tuple[Callable[..., World], ...] = (engine_world, gateway_world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one seed."""

    seed: int
    world: str
    faults: Sequence[str]
    broken: Sequence[str]
    steps: Sequence[str] = ()

    def __str__(self) -> str:
        faults = "\n".join(self.faults) or "          none"
        laws = "\n".join(f"  {law}" for law in self.broken[:5]) or "  none"
        return f"seed {self.seed} ({self.world})\nfaults:\n{faults}\nbroken laws:\n{laws}"


def run_seed(seed: int, *, is_traced: bool = False) -> Outcome:
    """Run the world of one seed; the same seed is the same run."""
    return outcome_of(seed, _world_of(seed)(seed, is_traced=is_traced))


def _world_of(seed: int) -> Callable[..., World]:
    if seed % HOUSE_EVERY == 0:
        return house_world
    return shop_world if seed % SHOP_EVERY == SHOP_AT else _SMALL[seed % len(_SMALL)]


def outcome_of(seed: int, world: World) -> Outcome:
    """Run a world to its end."""
    try:
        simulate(world.run())
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed has to be named beside it
        world.broken.append(f"the run itself fails: {error!r}")
    return Outcome(
        seed=seed,
        world=type(world).__name__,
        faults=tuple(world.storm.faults),
        broken=tuple(world.broken),
        steps=tuple(world.storm.steps),
    )
