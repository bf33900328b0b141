import asyncio
import gc
from typing import Any

from schemas.topics import EVENTS
from streams.full_copy import FullCopy
from tests.integration.streams.tower import PATIENCE_SECONDS, Tower


async def test_a_copy_that_is_stopped_at_once_leaves_no_connection_open(tower: Tower) -> None:
    left_open: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left_open.append(context))
    copy = FullCopy(EVENTS, tower.installation)
    await copy.start()
    await copy.stop()
    del copy
    gc.collect()
    assert left_open == []


async def test_a_copy_holds_what_was_there_and_follows_what_comes(tower: Tower) -> None:
    await tower.ring(["before"])
    copy = FullCopy(EVENTS, tower.installation)
    await copy.start()
    assert _ids(copy) == {"before"}
    await tower.ring(["after"])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while _ids(copy) != {"before", "after"}:  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)
    await copy.stop()


def _ids(copy: FullCopy) -> set[object]:
    return {getattr(event, "id", None) for event in copy.records.values()}
