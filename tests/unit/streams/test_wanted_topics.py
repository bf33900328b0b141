from pathlib import Path

import pytest

from schemas.topics import PARTITIONS, TOPICS, Topic
from streams.naming import changelog_name, state_directory
from streams.stage import Stage
from streams.wanted_topics import WantedTopic, wanted_topics
from tidings.config import Installation, Kafka, Worker

STAGE = Stage(name="bells", reads={}, tables=())


def wanted(kafka: Kafka) -> dict[str, WantedTopic]:
    return {topic.name: topic for topic in wanted_topics(Installation(kafka=kafka), (STAGE,))}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_of_the_catalogue_is_wanted_as_it_says(topic: Topic) -> None:
    found = wanted(Kafka(replication_factor=3, min_insync_replicas=2))[topic.name]
    assert (found.partitions, found.replication_factor) == (PARTITIONS, 3)
    assert found.settings["cleanup.policy"] == topic.cleanup.value
    assert found.settings["message.timestamp.type"] == topic.clock.value
    assert found.settings["max.message.bytes"] == str(topic.max_bytes)
    assert found.settings["min.insync.replicas"] == "2"
    if topic.retention is not None:
        assert found.settings["retention.ms"] == str(int(topic.retention.total_seconds()) * 1000)


@pytest.mark.parametrize("name", ["tidings-bells-state-changelog", "ledger.email", "ledger.sms"])
def test_compaction_keeps_off_what_a_late_write_may_seem_to_replace(name: str) -> None:
    assert wanted(Kafka())[name].settings["min.compaction.lag.ms"] == "3600000"


def test_a_changelog_has_as_many_replicas_as_any_other_topic() -> None:
    found = wanted(Kafka(replication_factor=3, min_insync_replicas=2))["tidings-bells-state-changelog"]
    assert (found.partitions, found.replication_factor) == (PARTITIONS, 3)
    assert found.settings["min.insync.replicas"] == "2"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_rehearsal_keeps_everything_and_believes_every_time(topic: Topic) -> None:
    settings = wanted(Kafka(topic_prefix="trial."))[f"trial.{topic.name}"].settings
    assert settings["message.timestamp.type"] == "CreateTime"
    assert settings["message.timestamp.after.max.ms"] == settings["message.timestamp.before.max.ms"] == str(2**63 - 1)
    assert settings.get("retention.ms", "-1") == "-1"


def test_a_stage_has_a_compacted_changelog_and_a_directory_of_its_own(tmp_path: Path) -> None:
    kafka = Kafka(topic_prefix="trial.")
    installation = Installation(kafka=kafka, home=tmp_path, worker=Worker(name="w1"))
    assert changelog_name(installation, "bells") == "trial.tidings-bells-state-changelog"
    assert wanted(kafka)["trial.tidings-bells-state-changelog"].settings["cleanup.policy"] == "compact"
    assert state_directory(installation, "bells") == tmp_path / "workers" / "w1" / "trial.tidings-bells"
