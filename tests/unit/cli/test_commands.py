"""What commands say to whoever uses them wrongly; what they do is tested on a real broker."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tidings.cli.root import app

NOBODY = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Options become variables; setting each here first lets pytest put it back.
    monkeypatch.setenv("TIDINGS_CONFIG", "")
    for name in [name for name in os.environ if name.startswith("TIDINGS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path))
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", NOBODY)


def tidings(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=text, catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("publish", "/nope.json"), "/nope.json cannot be read: No such file or directory."),
        (("tail", "evnets"), "There is no topic 'evnets'; there are events, audience,"),
        (
            ("why", "--tenant", "pantry"),
            "Say what it is about: --event, --contact, --kind, --channel, --message, or several.",
        ),
        (
            ("invoice", "--tenant", "pantry", "--period", "June"),
            "--period must be a month such as 2026-04, not 'June'.",
        ),
        (("dead-letters", "replay"), "Name the letters to replay, or say --all."),
        (("dead-letters", "replay", "--all", "events/0/1"), "Name the letters to replay, or say --all."),
        (("worker", "decied"), "There is no stage 'decied'; there are decide, "),
        (("--config", "/nope.toml", "up"), "TIDINGS_CONFIG: names '/nope.toml', which is no file."),
    ],
)
def test_bad_input_is_said_in_a_sentence_with_status_2(arguments: tuple[str, ...], says: str) -> None:
    result = tidings(*arguments)
    assert (result.exit_code, says in result.stderr, result.stdout) == (2, True, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("topics", "plan"),
        ("topics", "apply"),
        ("tail", "events"),
        ("why", "--tenant", "pantry", "--event", "e1"),
        ("invoice", "--tenant", "pantry", "--period", "2026-04"),
        ("dead-letters", "list"),
        ("dead-letters", "replay", "--all"),
    ],
    ids=" ".join,
)
def test_a_broker_that_does_not_answer_is_said_in_sentences_with_status_1(arguments: tuple[str, ...]) -> None:
    result = tidings(*arguments)
    assert result.exit_code == 1
    assert f"No Kafka broker answers at {NOBODY}" in result.stderr
    assert "`tidings broker start`" in result.stderr
    assert "Traceback" not in result.output


def test_a_setting_that_does_not_exist_stops_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVER", "x")
    result = tidings("topics", "plan")
    assert result.exit_code == 2
    assert result.stderr == "The settings do not hold. TIDINGS_KAFKA__BOOTSTRAP_SERVER: no such setting.\n"


def test_an_option_wins_over_a_variable() -> None:
    result = tidings("--bootstrap-servers", "127.0.0.1:2", "topics", "plan")
    assert "No Kafka broker answers at 127.0.0.1:2" in result.stderr


def test_refused_events_are_named_without_a_broker() -> None:
    result = tidings("publish", "-", text='{"id": "e1"}\n{"id": "e2"}')
    assert result.exit_code == 1
    assert "Event 1 (e1) refused: tenant: is missing." in result.stderr
    assert "Event 2 (e2) refused: tenant: is missing." in result.stderr
    assert result.stdout == "0 events published, 2 refused.\n"


def test_refused_events_are_json_for_programs() -> None:
    result = tidings("publish", "-", "--json", text='{"id": "e1"}')
    line = json.loads(result.stdout)
    assert (line["index"], line["id"]) == (1, "e1")
    assert {"path": "tenant", "reason": "is missing"} in line["errors"]


def test_nothing_to_publish_is_an_error() -> None:
    result = tidings("publish", "-", text="\n")
    assert (result.exit_code, result.stderr) == (2, "There is no event in standard input.\n")


def test_text_that_is_not_utf_8_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(b'{"id": "\xff"}')
    result = tidings("publish", str(path))
    assert (result.exit_code, result.stderr) == (2, f"{path} is not UTF-8: byte 0xff at 8.\n")


def test_a_broker_elsewhere_is_never_started_here() -> None:
    result = tidings("--bootstrap-servers", "kafka.example:9092", "broker", "start")
    assert result.exit_code == 2
    assert "The broker of this installation is kafka.example:9092" in result.stderr


def test_the_local_broker_that_does_not_run_is_said() -> None:
    result = tidings("broker", "status")
    assert result.exit_code == 1
    assert result.stdout.startswith("Kafka is not running.")
    assert tidings("broker", "stop").stdout == "Kafka was not running.\n"


@pytest.mark.parametrize("name", [command.name or "" for command in app.registered_groups])
def test_every_group_explains_itself(name: str) -> None:
    assert "Usage: " in tidings(name, "--help").output
