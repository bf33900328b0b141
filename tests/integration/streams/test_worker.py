import asyncio
import os
import shutil
import signal
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from streams.crash import ExitCode
from tests.integration.streams.tower import Tower
from tidings.cli.root import app
from tidings.config import Installation

pytestmark = pytest.mark.slow


def all_answered(ids: list[str]) -> set[str]:
    return {f"{word} {each}" for each in ids for word in ("heard", "rang")}


async def test_each_event_is_answered_at_once_and_again_when_its_timer_is_due(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(200)]
    await tower.start()
    await tower.ring(ids)
    wanted = all_answered(ids)
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert answers == dict.fromkeys(wanted, 1)
    await tower.ring(["e0"])
    assert (await tower.answers(lambda found: "again e0" in found))["again e0"] == 1


async def test_nothing_is_missing_and_nothing_is_seen_twice_after_kills(tower: Tower) -> None:
    batches = [[f"e{turn}.{number}" for number in range(400)] for turn in range(4)]
    await tower.start()
    for batch in batches:
        ringing = asyncio.create_task(tower.ring(batch))
        await tower.answers(lambda found, some=batch[50]: f"heard {some}" in found)
        await _kill_and_restart(tower)
        await ringing
    wanted = all_answered([each for batch in batches for each in batch])
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert wanted - answers.keys() == set()
    # A repeat of an output is allowed after a crash; `again` would mean that the function saw a record twice.
    assert answers.keys() - wanted == set()


async def _kill_and_restart(tower: Tower) -> None:
    running = tower.workers[-1]
    running.kill()
    await asyncio.to_thread(running.wait)
    await tower.start()


async def test_state_comes_back_from_the_changelog_when_the_disk_is_empty(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(300)]
    worker = await tower.start()
    await tower.ring(ids)
    wanted = all_answered(ids)
    await tower.answers(lambda found: wanted <= found.keys())
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait) == ExitCode.STOPPED
    shutil.rmtree(tower.installation.home / "workers")
    await tower.start()
    await tower.ring(ids)
    answers = await tower.answers(lambda found: {f"again {each}" for each in ids} <= found.keys())
    assert answers == dict.fromkeys(wanted | {f"again {each}" for each in ids}, 1)


async def test_poison_is_set_aside_and_its_neighbours_go_on(tower: Tower) -> None:
    worker = await tower.start()
    for poison in ("raise", "refuse", "long answer", "much state"):
        await tower.ring([poison.replace(" ", "-")], poison=poison)
        await tower.ring([f"after-{poison.replace(' ', '-')}"])
    await tower.publish_raw(b"junk")
    await tower.ring(["after-junk"])
    letters = await tower.dead_letters(5)
    reasons = {letter.event_id: letter.faults[0].reason for letter in letters}
    assert reasons["raise"] == "LookupError: no bell of that name"
    assert reasons["refuse"] == "is refused"
    assert "takes 1,048,576" in reasons["long-answer"]
    assert "one record may write 900,000" in reasons["much-state"]
    assert [letter.value for letter in letters if letter.event_id is None] == [b"junk"]
    wanted = all_answered([f"after-{each}" for each in ("raise", "refuse", "long-answer", "much-state", "junk")])
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert answers == dict.fromkeys(wanted, 1), "what a poisonous record did before it failed is undone"
    assert worker.poll() is None


async def test_a_timer_that_fails_is_set_aside_and_fires_when_it_is_replayed(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await tower.start()
    ids = ["before", "cracked-1", "between", "cracked-2", "after"]
    await tower.ring(ids)
    first, second = await tower.dead_letters(2)
    assert {(each.faults[0].reason, each.topic, each.stage) for each in (first, second)} == {
        ("ZeroDivisionError: a crack", "ticks", "chimes")
    }
    neighbours = {f"rang {each}" for each in ("before", "between", "after")}
    answers = await tower.answers(lambda found: neighbours <= found.keys())
    assert {each for each in answers if each.startswith("rang")} == neighbours
    assert worker.poll() is None
    worker.kill()
    await asyncio.to_thread(worker.wait)
    monkeypatch.setenv("CHIMES_ARE_MENDED", "1")
    await tower.start()
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", tower.installation.kafka.bootstrap_servers)
    monkeypatch.setenv("TIDINGS_KAFKA__TOPIC_PREFIX", tower.installation.kafka.topic_prefix)
    replayed = await asyncio.to_thread(CliRunner().invoke, app, ["dead-letters", "replay", "--all"])
    assert (replayed.exit_code, replayed.stdout.splitlines()[-1]) == (0, "2 replayed.")
    answers = await tower.answers(lambda found: {"rang cracked-1", "rang cracked-2"} <= found.keys())
    assert answers == dict.fromkeys(all_answered(ids), 1)


async def test_a_second_worker_takes_its_share_and_gives_it_back(tower: Tower) -> None:
    first = [f"first{number}" for number in range(100)]
    second = [f"second{number}" for number in range(100)]
    third = [f"third{number}" for number in range(100)]
    await tower.start("w1")
    await tower.ring(first)
    helper = await tower.start("w2")
    await tower.ring(second)
    helper.kill()
    await asyncio.to_thread(helper.wait)
    await tower.ring(third)
    wanted = all_answered(first + second + third)
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert answers.keys() == wanted


async def test_a_worker_without_topics_says_what_to_do(kafka: str, tower: Tower) -> None:
    tower.installation = _elsewhere(tower)
    process, ready = tower.launch("w1")
    assert await asyncio.to_thread(process.wait) == ExitCode.MISCONFIGURED
    assert os.read(ready, 10) == b""
    os.close(ready)
    assert "run `tidings topics apply`" in tower.log("w1")


def _elsewhere(tower: Tower) -> Installation:
    kafka = replace(tower.installation.kafka, topic_prefix="nowhere.")
    return replace(tower.installation, kafka=kafka)
