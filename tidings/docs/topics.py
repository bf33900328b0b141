"""docs/reference/topics.md: every topic of the catalogue."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from schemas.topics import COMMANDS, LEDGERS, PARTITIONS, TOPICS, Clock, Topic
from schemas.words import Channel, Lane
from tidings.docs.markdown import code, escaped, listed, page, table

_INTRO = f"""
Every topic has {PARTITIONS} partitions. The number is fixed when an installation is made: later, keys would move away
from their state. `tidings topics plan` says what differs on the broker, `tidings topics apply` mends it.
`TIDINGS_KAFKA__TOPIC_PREFIX` stands before every name.
"""
_USUAL_MAX_BYTES = 1_048_576
_CLOCKS = {Clock.APPEND: "the broker's, at append", Clock.CAUSE: "that of the record that caused it"}
_AFTER = f"""
`max bytes` is the largest record; where it is not named it is {_USUAL_MAX_BYTES:,}. *Clock* says whose time a record's
timestamp is: {code(Clock.APPEND)} or {code(Clock.CAUSE)} on the broker. See
[why](../decisions/0003-now-is-the-kafka-timestamp.md).

Each stage has one more topic, its changelog, from which its state is rebuilt: `tidings-<stage>-state-changelog`,
compacted. Nobody else reads or writes it.
"""


def topics() -> str:
    """The page."""
    columns = ("topic", "what it carries", "records", "key", "kept", "clock", "written by", "max bytes")
    single = [topic for topic in TOPICS if topic not in COMMANDS + LEDGERS]
    families = [
        _family(COMMANDS, {Channel.EMAIL: "<channel>", Lane.URGENT: "<lane>"}),
        _family(LEDGERS, {Channel.EMAIL: "<channel>"}),
    ]
    written = table(columns, map(_row, (*single, *families)))
    lists = f"`<channel>` is one of {listed(Channel)}; `<lane>` is one of {listed(Lane)}."
    return page("Topics", "`schemas/topics.py`", _INTRO, written, lists, _AFTER)


def _family(members: tuple[Topic, ...], placeholders: Mapping[str, str]) -> Topic:
    """One row for topics that differ only in the words that they are named after."""
    first = members[0]
    name, sentence, owner = first.name, first.sentence, first.owner
    for word, placeholder in placeholders.items():
        name, sentence, owner = (text.replace(word, placeholder) for text in (name, sentence, owner))
    return replace(first, name=name, sentence=escaped(sentence), owner=escaped(owner))


def _row(topic: Topic) -> tuple[str, ...]:
    limit = "" if topic.max_bytes == _USUAL_MAX_BYTES else f"{topic.max_bytes:,}"
    return (
        code(topic.name),
        topic.sentence,
        listed(record.__name__ for record in topic.records),
        code(topic.key) or "none",
        _kept(topic),
        _CLOCKS[topic.clock],
        topic.owner,
        limit,
    )


def _kept(topic: Topic) -> str:
    if topic.retention is None:
        return f"the newest of each key, for ever ({topic.cleanup})"
    days = topic.retention // timedelta(days=1)
    return f"{days} day{'s' if days > 1 else ''} ({topic.cleanup})"
