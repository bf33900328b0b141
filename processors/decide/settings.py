"""A change of a tenant's settings: merged, validated as a whole, and put in force or refused with every fault."""

from collections.abc import Generator

from processors.billing import terms_of
from processors.decide.tables import TENANTS
from processors.effects import Effect, Forward, Put, Record, Refuse, Tables
from processors.settings import InForce, parse, put_in_force
from schemas.envelope import Event
from schemas.events import Patch
from schemas.faults import Refused
from schemas.merge_patch import merge_patch
from schemas.replacing import replace
from schemas.state import TenantSettings
from schemas.topics import SETTINGS, SETTINGS_VERSIONS, TERMS

_SECRETS = {"channels": {"webhook": {"secret": None}}}
"""A merge patch that takes out all that is secret."""


def on_settings_changed(event: Event, record: Record, tables: Tables) -> Generator[Effect, None, InForce | None]:
    """Half of a change is never in force: one fault refuses it whole (contract section 3). Returns what is in force."""
    if not isinstance(event.data, Patch) or event.data.patch is None:
        raise TypeError(f"settings.changed carries a {type(event.data).__name__} without a patch")
    before = tables.get(TENANTS, event.tenant)
    document = merge_patch(before.document if before else {}, event.data.patch)
    try:
        settings = parse(document)
    except Refused as refused:
        yield Refuse(faults=refused.faults)
        return None
    after = TenantSettings(
        tenant=event.tenant,
        version=before.version + 1 if before else 1,
        document=document,
        changed_at=record.now,
        event_id=event.id,
    )
    yield Put(table=TENANTS, key=event.tenant, value=after)
    yield Forward(topic=SETTINGS.name, key=event.tenant, value=after)
    yield Forward(topic=SETTINGS_VERSIONS.name, key=f"{event.tenant}|{after.version}", value=without_secrets(after))
    terms = terms_of(event.tenant, after.version, record.now, settings)
    yield Forward(topic=TERMS.name, key=f"{event.tenant}|", value=terms)
    return put_in_force(after, settings)


def without_secrets(row: TenantSettings) -> TenantSettings:
    """A version as it is kept: that is for ever; a secret that was changed is to be gone."""
    return replace(row, document=merge_patch(row.document, _SECRETS))


def summary(event: Event, version: int) -> Event:
    """The change as rules see it: which sections it names, and the version it made, but neither words nor secrets."""
    patch = event.data.patch if isinstance(event.data, Patch) else None
    return replace(event, data=Patch(patch={"changed": sorted(patch or {}), "version": version}))
