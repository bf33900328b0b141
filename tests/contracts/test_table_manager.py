"""What the engine leaves out of the start of Faust's tables."""

from pathlib import Path
from typing import Any

from faust.tables.manager import TableManager as StockTableManager

from streams.table_manager import TableManager
from tests.contracts.rig import ours
from tests.contracts.upgrade import promised, still_needed


def _noting(of: type[StockTableManager], app: Any) -> tuple[Any, list[object]]:
    """A table manager of which nothing starts, and what its start does."""
    steps: list[object] = []

    class Recovery:
        async def start(self) -> None:
            steps.append("recovery")

    class Noting(of):  # type: ignore[valid-type,misc]  # either of the two
        recovery = Recovery()

        async def sleep(self, n: Any, **_: Any) -> None:
            steps.append(n)

        async def _update_channels(self) -> None:
            steps.append("channels")

    return Noting(app), steps


async def test_stock_faust_sleeps_for_a_second_before_it_joins_its_group(tmp_path: Path) -> None:
    app: Any = ours(tmp_path)
    stock, of_stock = _noting(StockTableManager, app)
    await stock.on_start()
    still_needed(
        of_stock == [1.0, "channels", "recovery"],
        "TableManager.on_start sleeps for a second, and then makes the channels and starts the recovery.",
        "streams.table_manager",
    )
    own, of_own = _noting(TableManager, app)
    await own.on_start()
    promised(
        of_own == ["channels", "recovery"] and type(app.tables) is TableManager,
        "that an app makes its table manager of the setting TableManager.",
        "streams.table_manager: a killed worker comes back a second later without it,",
    )
