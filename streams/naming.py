"""What things are called on the broker and on the disk: every name carries the installation's prefix."""

from pathlib import Path

from tidings.config import Installation

_STATE = "state"
"""The one table that Faust knows per stage; the stage's own tables are key prefixes in it."""


def topic_name(installation: Installation, topic: str) -> str:
    """A topic of the catalogue as this installation's broker knows it."""
    return installation.kafka.topic_prefix + topic


def app_id(installation: Installation, stage: str) -> str:
    """The consumer group of a stage; with the table's name it also makes the changelog's name, so it never changes."""
    return installation.kafka.topic_prefix + group_of(stage)


def group_of(stage: str) -> str:
    """The same without the installation's prefix."""
    return f"tidings-{stage}"


def table_name() -> str:
    """The name of a stage's store in Faust."""
    return _STATE


def changelog_name(installation: Installation, stage: str) -> str:
    """The compacted topic that a stage's state can be rebuilt from, named as Faust names it."""
    return installation.kafka.topic_prefix + changelog_of(stage)


def changelog_of(stage: str) -> str:
    """The same without the installation's prefix."""
    return f"{group_of(stage)}-{_STATE}-changelog"


def state_directory(installation: Installation, stage: str) -> Path:
    """Where a worker keeps the stage's RocksDB; it may be deleted while the worker is stopped."""
    return installation.home / "workers" / installation.worker.name / app_id(installation, stage)
