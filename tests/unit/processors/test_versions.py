"""Every version of the settings is kept: what worded a message can be looked up, however often it changed since."""

from typing import Any

from processors.command import words_for
from processors.settings import parse
from schemas.candidate import Candidate
from schemas.state import TenantSettings
from schemas.topics import MESSAGES, SETTINGS_VERSIONS
from tests.unit.processors.world import APPOINTMENT, PANTRY, World

SECRET = "0123456789abcdef"


def words(number: int) -> dict[str, Any]:
    text = f"Version {number} of the words."
    return {"templates": {"appointment_reminder": {"email": {"subject": "Soon", "text": text}}}}


def test_what_is_planned_is_worded_by_the_version_in_force_when_it_is_due_and_that_version_is_kept() -> None:
    world = World()
    kept, due = world.runner.watch(SETTINGS_VERSIONS.name), world.runner.watch(MESSAGES.name)
    world.happens("settings.changed", data={**PANTRY, **words(1)})
    world.ann()
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    for number in range(2, 8):
        world.happens("settings.changed", data=words(number))
    world.passes(days=7, hours=10)
    [message] = world.messages
    assert (message.settings_version, message.text) == (7, "Version 7 of the words.")
    for number in range(8, 30):
        world.happens("settings.changed", data=words(number))
    rows = {record.key: record.value for record in kept if isinstance(record.value, TenantSettings)}
    assert list(rows) == [f"pantry|{number}" for number in range(1, 30)]
    [candidate] = [record.value for record in due if isinstance(record.value, Candidate)]
    found = words_for(candidate, parse(rows[f"pantry|{message.settings_version}"].document))
    assert (found.version, found.text) == (message.template_version, message.text)


def test_secrets_are_not_kept() -> None:
    world = World()
    kept = world.runner.watch(SETTINGS_VERSIONS.name)
    hook = {"requested": True, "url": "https://hooks.example/in", "secret": SECRET}
    world.happens("settings.changed", data={**PANTRY, "channels": {**PANTRY["channels"], "webhook": hook}})
    [row] = [record.value for record in kept if isinstance(record.value, TenantSettings)]
    assert row.document["channels"]["webhook"] == {"requested": True, "url": "https://hooks.example/in"}  # type: ignore[index]
    assert world.refused == []
    world.happens("settings.changed", data={"name": "Other"})
    assert SECRET not in str([record.value for record in kept])
