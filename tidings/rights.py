"""Rights: what each process and command does on a broker that authorizes, and nothing else.

Reading and writing include describing. `DESCRIBED` comes on top for each: a process looks whether its topics are there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.topics import (
    AUDIENCE,
    CHARGES,
    COMMANDS,
    CONSENT_CHANGES,
    CONSENTS,
    DEAD_LETTERS,
    DECISIONS,
    EVENTS,
    INVOICES,
    LEDGERS,
    MESSAGES,
    REPORTS,
    SETTINGS,
    SETTINGS_VERSIONS,
    STATUSES,
    TERMS,
    TICKS,
    USAGE,
    Topic,
    command_topic,
    ledger_topic,
)
from schemas.words import Channel, Lane
from streams.naming import changelog_of, group_of
from streams.topology import CREDIT, DECIDE, DISPATCH, SETTLE, TOPOLOGY
from tidings.audit.records import AUDITED

_WRITES: dict[str, tuple[Topic, ...]] = {
    DECIDE.name: (
        *(EVENTS, AUDIENCE, SETTINGS, SETTINGS_VERSIONS, MESSAGES, CHARGES, CONSENT_CHANGES, DECISIONS, *COMMANDS),
        *(REPORTS, TERMS, DEAD_LETTERS),
    ),
    DISPATCH.name: (EVENTS, AUDIENCE, MESSAGES, CHARGES, CONSENTS, DECISIONS, *COMMANDS, DEAD_LETTERS),
    CREDIT.name: (AUDIENCE, MESSAGES, CHARGES, DECISIONS, *COMMANDS, INVOICES, DEAD_LETTERS),
    SETTLE.name: (AUDIENCE, CONSENT_CHANGES, CHARGES, DECISIONS, STATUSES, REPORTS, USAGE, DEAD_LETTERS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one process needs: topics and groups as an installation without a prefix names them."""

    process: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def _names(topics: Iterable[Topic]) -> tuple[str, ...]:
    return tuple(topic.name for topic in topics)


def all_rights() -> Iterator[Rights]:
    """Of every long-running process, and of the commands that people have rights of their own for."""
    yield from map(worker_rights, _WRITES)
    yield Rights(process="tidings ticker", writes=(TICKS.name,))
    yield from map(gateway_rights, Channel)
    yield Rights(process="tidings gateway unsubscribe", writes=(EVENTS.name,))
    yield Rights(process="upstream systems, tidings publish, tidings receive", writes=(EVENTS.name,))
    yield from COMMANDS_OF_PEOPLE


_WHY = (DECISIONS.name, STATUSES.name, SETTINGS.name, DEAD_LETTERS.name, changelog_of(DECIDE.name))
"""The last two for what has no decision: events that were refused, and contacts that do not exist."""

COMMANDS_OF_PEOPLE = (
    Rights(process="tidings settings show, tidings settings diff", reads=(SETTINGS.name, SETTINGS_VERSIONS.name)),
    Rights(process="tidings settings apply", reads=(SETTINGS.name, DEAD_LETTERS.name), writes=(EVENTS.name,)),
    Rights(process="tidings why", reads=_WHY),
    Rights(process="tidings why --message", reads=(*_WHY, USAGE.name, *_names(COMMANDS), *_names(LEDGERS))),
    Rights(process="tidings invoice", reads=(INVOICES.name, SETTINGS.name, USAGE.name)),
    Rights(
        process="tidings invoice --recompute",
        reads=(INVOICES.name, SETTINGS.name, TERMS.name, STATUSES.name, USAGE.name),
    ),
    Rights(
        process="tidings preview --tenant, tidings try",
        reads=(SETTINGS.name, SETTINGS_VERSIONS.name, EVENTS.name, CONSENTS.name, changelog_of(DECIDE.name)),
    ),
    Rights(process="tidings dead-letters list, tidings dead-letters show", reads=(DEAD_LETTERS.name,)),
    Rights(
        process="tidings dead-letters replay",
        reads=(DEAD_LETTERS.name,),
        writes=(DEAD_LETTERS.name, *sorted({topic for stage in TOPOLOGY for topic in stage.reads}), *_names(COMMANDS)),
    ),
    Rights(process="tidings doubt list", reads=_names(LEDGERS)),
    Rights(process="tidings doubt send, tidings doubt drop", reads=_names(LEDGERS), writes=_names(COMMANDS)),
    Rights(process="tidings tail TOPIC", reads=("TOPIC",)),
    Rights(process="tidings audit", reads=_names(AUDITED)),
    Rights(process="tidings doctor", reads=(SETTINGS.name, DEAD_LETTERS.name), writes=(TICKS.name,)),
)
"""Of one who reads the log: what each command reads, up to its last option."""


def worker_rights(stage: str) -> Rights:
    """What a worker of this stage needs."""
    [found] = [each for each in TOPOLOGY if each.name == stage]
    changelog = changelog_of(stage)
    return Rights(
        process=f"tidings worker {stage}",
        reads=(*found.reads, *found.shared, changelog),
        writes=(*(topic.name for topic in _WRITES[stage]), changelog),
        groups=(group_of(stage),),
    )


def gateway_rights(channel: Channel) -> Rights:
    """What the gateway of this channel needs, or the sandbox in its place."""
    return Rights(
        process=f"tidings gateway {channel}",
        reads=(*(command_topic(channel, lane) for lane in Lane), ledger_topic(channel), CONSENTS.name),
        writes=(STATUSES.name, ledger_topic(channel), DEAD_LETTERS.name),
        groups=(f"tidings-gateway-{channel}",),
    )
