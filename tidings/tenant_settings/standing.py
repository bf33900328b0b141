"""The settings that stand on the topic, and how the next version gets there.

A change is an event like any other. Its id names the version that it makes, so of two changes that were made from the
same version the second is a redelivery of the first and changes nothing. Who writes `settings.changed` by other means
can still come between; that is noticed afterwards, and said.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import wire
from schemas.envelope import Event
from schemas.faults import Fault, Unreadable
from schemas.merge_patch import merge_patch
from schemas.state import TenantSettings
from schemas.topics import EVENTS, SETTINGS, SETTINGS_VERSIONS, Topic
from schemas.wire import event_from_mapping
from streams.client import Stored, follow, publisher, read_to_end
from tidings.config import Kafka
from tidings.dead_letters import read as read_dead_letters
from tidings.tenant_settings.difference import patch_between
from tidings.tenant_settings.settings_file import SettingsFile

SOURCE = "/tidings/settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a change: the version that stands now, None when none came in time.

    `is_ours` is False when somebody else's change took the place, or came between. `faults` are those of the worker.
    """

    event_id: str
    standing: TenantSettings | None
    is_ours: bool
    faults: tuple[Fault, ...] = ()


async def standing(kafka: Kafka, tenant: str) -> TenantSettings | None:
    """The newest settings of a tenant, None for one that is not known."""
    newest = None
    async with aclosing(read_to_end(kafka, SETTINGS, key=tenant.encode())) as records:
        async for stored in records:
            newest = _of(tenant, stored) or newest
    return newest


async def version_of(kafka: Kafka, tenant: str, version: int) -> TenantSettings | None:
    """One version of a tenant's settings, without secrets; None for one that never was, or that nobody kept."""
    found = None
    async with aclosing(read_to_end(kafka, SETTINGS_VERSIONS, key=f"{tenant}|{version}".encode())) as records:
        async for stored in records:
            row = _of(f"{tenant}|{version}", stored, SETTINGS_VERSIONS)
            found = row or found
    if found is not None:
        return found
    newest = await standing(kafka, tenant)
    return newest if newest is not None and newest.version == version else None


async def all_standing(kafka: Kafka) -> tuple[TenantSettings, ...]:
    """The newest settings of every tenant."""
    newest: dict[str, TenantSettings] = {}
    async with aclosing(read_to_end(kafka, SETTINGS)) as records:
        async for stored in records:
            tenant = (stored.key or b"").decode(errors="replace")
            found = _of(tenant, stored) if stored.value is not None else None
            if found is not None:
                newest[tenant] = found
    return tuple(newest.values())


async def apply(kafka: Kafka, file: SettingsFile, known: TenantSettings | None, by: str | None, wait: float) -> Applied:
    """Publish the change from `known` to the file, and wait up to `wait` seconds until a later version stands."""
    before: Mapping[str, object] = known.document if known else {}
    event = change(file, before, by, datetime.now(UTC))
    async with publisher(kafka, EVENTS) as publishing:
        encoded = wire.encode(event)
        await publishing.send(EVENTS, event.key.encode(), encoded.value, encoded.headers)
    try:
        async with asyncio.timeout(wait):
            stands = await _after(kafka, file.tenant, file.version)
    except TimeoutError:
        return Applied(event_id=event.id, standing=None, is_ours=False, faults=await _refusal(kafka, event))
    expected = merge_patch(before, patch_between(before, file.settings))
    is_ours = stands.version == file.version + 1 and stands.document == expected
    return Applied(event_id=event.id, standing=stands, is_ours=is_ours)


def change(file: SettingsFile, before: Mapping[str, object], by: str | None, now: datetime) -> Event:
    """The event that makes the file of the version before; its id is that of the version it makes."""
    actor = {"kind": "staff", "id": by} if by else {"kind": "system"}
    return event_from_mapping(
        {
            "id": f"{file.tenant}-settings-{file.version + 1}",
            "source": SOURCE,
            "type": "settings.changed",
            "tenant": file.tenant,
            "time": now.isoformat(),
            "actor": actor,
            "data": patch_between(before, file.settings),
        }
    )


async def _after(kafka: Kafka, tenant: str, version: int) -> TenantSettings:
    async with aclosing(follow(kafka, SETTINGS, from_beginning=True)) as records:
        async for stored in records:
            found = _of(tenant, stored)
            if found is not None and found.version > version:
                return found
    raise AssertionError("a topic that is followed has no end")


async def _refusal(kafka: Kafka, event: Event) -> tuple[Fault, ...]:
    """What the worker has against it, if that is why no version came."""
    letters = [each.letter for each in await read_dead_letters(kafka)]
    ours = [each for each in letters if (each.tenant, each.event_id) == (event.tenant, event.id)]
    return ours[-1].faults if ours else ()


def _of(key: str, stored: Stored, topic: Topic = SETTINGS) -> TenantSettings | None:
    if stored.key != key.encode():
        return None
    try:
        found = wire.decode(topic, stored.key, stored.value, stored.headers)
    except Unreadable:
        return None
    return found if isinstance(found, TenantSettings) else None
