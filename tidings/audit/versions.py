"""Law 6 at its root: each version of a tenant's settings is there, and its terms are what the settings say."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace

from processors.billing import terms_of
from processors.decide.settings import without_secrets
from processors.settings import parse
from schemas.billing import Terms
from schemas.faults import Refused
from schemas.state import TenantSettings
from schemas.topics import SETTINGS, SETTINGS_VERSIONS, TERMS
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What, digest, thing
from tidings.audit.placed import Placed
from tidings.audit.scope import Scope

LAW = 6


def on_version(settings: TenantSettings, record: Placed, plain: Note) -> Note:
    """A version as it stands, without secrets, and the terms that follow from it, where they can be read."""
    terms = None
    if record.topic == SETTINGS_VERSIONS.name:
        with suppress(Refused):
            agreed = parse(settings.document)
            terms = terms_of(settings.tenant, settings.version, settings.changed_at, agreed)
    text = "\0".join((record.topic, str(settings.version), digest(without_secrets(settings)).hex()))
    return replace(plain, about=thing("settings", settings.tenant), what=What.VERSION, text=text, value=terms)


def on_terms(terms: Terms, record: Placed, plain: Note) -> Note:
    """What is agreed by a version."""
    said = digest(terms, record.topic, record.key, record.at)
    text = "\0".join((TERMS.name, str(terms.version), ""))
    return replace(plain, about=thing("settings", terms.tenant), what=What.VERSION, text=text, value=terms, digest=said)


def look_at_settings(tenant: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """All versions of one tenant's settings, from the first that was kept."""
    stand: dict[str, _Known] = {SETTINGS.name: {}, SETTINGS_VERSIONS.name: {}, TERMS.name: {}}
    for note in notes:
        topic, version, said = note.text.split("\0")
        stand[topic][int(version)] = (said, note)
    versions = stand[SETTINGS_VERSIONS.name]
    findings.count(LAW, "versions of settings", len(versions))
    for says in _differences(versions, stand[SETTINGS.name], stand[TERMS.name], scope):
        findings.differ(LAW, f"settings {tenant}", says)


_Known = dict[int, tuple[str, Note]]


def _differences(versions: _Known, newest: _Known, terms: _Known, scope: Scope) -> Iterator[str]:
    there = {*versions, *terms, *newest}
    settled = {number for number in there if not _is_new(number, (versions, terms, newest), scope)}
    for number in sorted(settled):
        if number not in versions and (number > min(versions, default=number + 1) or number in newest):
            yield f"version {number} is not on topic {SETTINGS_VERSIONS.name}"
    for number in sorted(settled & {*versions}):
        said, note = versions[number]
        own = terms.get(number)
        if own is None and scope.is_kept(TERMS, note.at):
            yield f"version {number} has no terms on topic {TERMS.name}"
        elif own is not None and not _is_agreed(own[1].value, note.value):
            yield f"the terms at {own[1].place} are not those of version {number} at {note.place}"
        if number in newest and newest[number][0] != said:
            yield f"version {number} at {newest[number][1].place} is another than at {note.place}"
    gone = {*range(min(versions, default=1), max(versions, default=0) + 1)} - there
    for number in sorted(gone):
        yield f"version {number} is gone"
    last = max(settled & {*versions}, default=0)
    if last > max(newest, default=0):
        yield f"version {last} is not on topic {SETTINGS.name}"


def _is_agreed(terms: object, wanted: object) -> bool:
    """Whether terms say what follows from their version; an earlier Tidings may have said less than this one would."""
    if not isinstance(terms, Terms) or not isinstance(wanted, Terms):
        return True
    said = {each.name: getattr(terms, each.name) for each in fields(terms)}
    return all(value is None or value == getattr(wanted, name) for name, value in said.items())


def _is_new(number: int, kept: tuple[_Known, ...], scope: Scope) -> bool:
    return any(scope.is_on_its_way(known[number][1].at) for known in kept if number in known)
