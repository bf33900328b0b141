import asyncio
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topics import PARTITIONS, TOPICS
from streams import topics_admin
from streams.incremental_configs import SetTopicConfigs
from streams.topics_admin import Difference, Mending
from tests.integration.streams.chimes import CHIMES, installation
from tidings.config import Installation


async def test_what_is_missing_is_made_what_differs_is_changed_and_the_rest_is_said(kafka: str, tmp_path: Path) -> None:
    here = installation(kafka, "admin.", tmp_path, "w1")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("admin.events", 3, 1)])
        while "admin.events" not in await admin.list_topics():  # noqa: ASYNC110 - the broker answers too early
            await asyncio.sleep(0.05)
        found = await topics_admin.plan(here, (CHIMES,))
        missing = [each for each in found if each.mending is Mending.CREATE]
        assert len(missing) == len(TOPICS)  # all but events, and one changelog
        [by_hand] = await topics_admin.apply(here, (CHIMES,))
        told = f"topic admin.events has partitions 3, not {PARTITIONS}; this cannot be changed on a topic in use"
        assert str(by_hand) == told
        assert await topics_admin.plan(here, (CHIMES,)) == (by_hand,)

        settings = {"retention.ms": "60000", "segment.ms": "3600000"}
        await admin._send_request(SetTopicConfigs({"admin.decisions": settings}))
        while not (planned := await changes(here)):  # noqa: ASYNC110 - the broker answers too early here, too
            await asyncio.sleep(0.05)
        [changed] = planned
        assert str(changed) == "topic admin.decisions has retention.ms 60000, not -1"
        await topics_admin.apply(here, (CHIMES,))
        assert await topics_admin.plan(here, (CHIMES,)) == (by_hand,)
        own = await topics_admin._settings(admin, ["admin.decisions"])
        assert own["admin.decisions"]["segment.ms"] == "3600000", "what an operator set by hand is left alone"
    finally:
        await admin.close()


async def changes(here: Installation) -> list[Difference]:
    return [each for each in await topics_admin.plan(here, (CHIMES,)) if each.mending is Mending.CHANGE]


async def test_applying_twice_changes_nothing_more(kafka: str, tmp_path: Path) -> None:
    here = installation(kafka, "", tmp_path, "w1")
    assert await topics_admin.apply(here, (CHIMES,)) == ()
    assert await topics_admin.apply(here, (CHIMES,)) == ()
    assert await topics_admin.plan(here, (CHIMES,)) == ()
    assert await topics_admin.missing(here, (CHIMES,)) == ()
