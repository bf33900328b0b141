"""The watch over settings: it notices what this version refuses, and when that is mended."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from schemas.state import TenantSettings
from schemas.topics import SETTINGS, Topic
from streams.settings_watch import LOOKED_AT_ONCE, SettingsWatch
from tidings.metrics import StageMetrics, exposition

STAGE = "test-settings-watch"


@dataclass
class Copied:
    """A full copy that nobody fills but the test."""

    topic: Topic = SETTINGS
    records: dict[str, object] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def stands(self, tenant: str, document: dict[str, object], version: int) -> None:
        self.records[tenant] = TenantSettings(
            tenant=tenant, version=version, document=document, changed_at=datetime(2026, 6, 1, tzinfo=UTC), event_id="e"
        )
        self.changed.append(tenant)

    def take_changed(self, most: int) -> list[str]:
        taken, self.changed = self.changed[:most], self.changed[most:]
        return taken


def shown() -> float:
    series = f'tidings_settings_refused{{stage="{STAGE}"}}'
    [line] = [each for each in exposition().decode().splitlines() if each.startswith(series)]
    return float(line.rpartition(" ")[2])


def test_settings_that_are_refused_are_counted_and_logged_until_they_are_mended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy = Copied()
    watch = SettingsWatch(STAGE, [copy], StageMetrics(STAGE))
    copy.stands("pantry", {"name": "Pantry", "main_phone": "secret?"}, 7)
    copy.stands("other", {"name": "Other"}, 1)
    with caplog.at_level(logging.INFO):
        watch.look()
        watch.look()
    assert shown() == 1
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "version 7 of the settings of tenant pantry" in said
    assert "main_phone" in said
    assert "secret?" not in said
    copy.stands("pantry", {"name": "Pantry"}, 8)
    watch.look()
    assert shown() == 0


def test_many_settings_are_looked_at_by_and_by() -> None:
    copy = Copied()
    watch = SettingsWatch(STAGE, [copy], StageMetrics(STAGE))
    for number in range(LOOKED_AT_ONCE + 1):
        copy.stands(f"t{number}", {"unknown": True}, 1)
    watch.look()
    assert shown() == LOOKED_AT_ONCE
    watch.look()
    assert shown() == LOOKED_AT_ONCE + 1
