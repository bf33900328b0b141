"""Every command, used wrongly: it ends with a sentence and the status that is documented, never with a traceback."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidings.cli.described import Command, commands
from tidings.cli.root import app

NOBODY = "127.0.0.1:1"
TYPED = {" ".join(command.words): command for command in commands() if not command.is_group}
NO_ANSWER = f"No Kafka broker answers at {NOBODY}"

WITHOUT_A_BROKER: dict[str, tuple[int, str]] = {
    "tidings up": (1, NO_ANSWER),
    "tidings topics plan": (1, NO_ANSWER),
    "tidings topics apply": (1, NO_ANSWER),
    "tidings worker": (69, NO_ANSWER),
    "tidings ticker": (69, NO_ANSWER),
    "tidings gateway email": (69, "no Kafka broker can be used, `tidings doctor` says why"),
    "tidings gateway unsubscribe": (69, NO_ANSWER),
    "tidings gateway sandbox": (69, "no Kafka broker can be used, `tidings doctor` says why"),
    "tidings publish": (1, NO_ANSWER),
    "tidings receive": (75, NO_ANSWER),
    "tidings tail": (1, NO_ANSWER),
    "tidings settings show": (1, NO_ANSWER),
    "tidings settings diff": (1, NO_ANSWER),
    "tidings settings apply": (1, NO_ANSWER),
    "tidings dead-letters list": (1, NO_ANSWER),
    "tidings dead-letters show": (1, NO_ANSWER),
    "tidings dead-letters replay": (1, NO_ANSWER),
    "tidings doubt list": (1, NO_ANSWER),
    "tidings doubt send": (1, NO_ANSWER),
    "tidings doubt drop": (1, NO_ANSWER),
    "tidings why": (1, NO_ANSWER),
    "tidings invoice": (1, NO_ANSWER),
    "tidings audit": (1, NO_ANSWER),
    "tidings try": (1, NO_ANSWER),
    "tidings doctor": (1, NO_ANSWER),
    "tidings broker stop": (0, "Kafka was not running."),
    "tidings broker status": (1, "Kafka is not running."),
    "tidings preview": (0, "Subject:"),
    "tidings rules check": (0, "is valid"),
    "tidings rehearse": (0, "holds"),
}
"""How the example of each command ends where no broker answers."""
START_ONE = {"tidings demo", "tidings broker start"}
NEED_NONE_AND_LAST = {"tidings mailbox"}
LONG_RUNNING = {name for name in TYPED if name.split()[1] in ("up", "worker", "ticker", "gateway")}
"""They set up the log of their whole process."""

FILES = {
    "pantry.yaml": (
        "tenant: pantry\nversion: 0\nsettings:\n"
        "  senders: {email: desk@pantry.example}\n  channels: {email: {requested: true}}\n"
    ),
    "reminder.yaml": "until: 2026-06-02T00:00:00Z\n",
    "order.json": (
        '{"id": "o1", "tenant": "pantry", "type": "cart.expired", "time": "2026-06-01T09:00:00Z",'
        ' "subject": "c1", "data": {"cart_id": "k1"}}'
    ),
    "Maildir/new/1": (
        "From: ann@example.org\nTo: desk@pantry.example\nSubject: Hi\nMessage-ID: <1@x>\n"
        "Date: Mon, 01 Jun 2026 09:00:00 +0000\n\nHello\n"
    ),
}


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TIDINGS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIDINGS_CONFIG", "")  # an option of the command sets it; so it is gone again afterwards
    monkeypatch.delenv("TIDINGS_CONFIG")
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", NOBODY)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(words: list[str], *, is_begun: bool = True) -> tuple[int, str]:
    """The status and all that was said; what a command raises is raised here. Not begun: its parser refuses it."""
    words = [str(Path(word).expanduser()) if word.startswith("~/") else word for word in words]
    if is_begun and {" ".join(words[:2]), " ".join(words[:3])} & LONG_RUNNING:
        ended = subprocess.run(
            [sys.executable, "-m", "tidings", *words[1:]],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr
    result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    return result.exit_code, result.output


def test_every_command_is_looked_at() -> None:
    assert {*WITHOUT_A_BROKER, *START_ONE, *NEED_NONE_AND_LAST} == set(TYPED)


@pytest.mark.parametrize("name", WITHOUT_A_BROKER)
def test_where_no_broker_answers_a_command_says_so(name: str, tmp_path: Path) -> None:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    for folder in ("cur", "tmp"):
        (tmp_path / "Maildir" / folder).mkdir()
    status, says = run(shlex.split(TYPED[name].example))
    expected, sentence = WITHOUT_A_BROKER[name]
    assert (status, sentence in says, "Traceback" in says) == (expected, True, False), says


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("tidings publish", 2, "order.json cannot be read: No such file or directory."),
        ("tidings receive", 1, "Maildir cannot be read: No such file or directory."),
        ("tidings settings diff", 2, "pantry.yaml: cannot be read: No such file or directory"),
        ("tidings settings apply", 2, "pantry.yaml: cannot be read: No such file or directory"),
        ("tidings rules check", 2, "pantry.yaml: cannot be read: No such file or directory"),
        ("tidings try", 2, "pantry.yaml: cannot be read: No such file or directory"),
        ("tidings preview", 2, "pantry.yaml: cannot be read: No such file or directory"),
        ("tidings rehearse", 2, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_not_there_is_named(name: str, status: int, sentence: str) -> None:
    found, says = run(shlex.split(TYPED[name].example))
    assert (found, sentence in says) == (status, True), says


@pytest.mark.parametrize("name", TYPED)
def test_an_option_that_no_command_has_is_named(name: str) -> None:
    status, says = run([*name.split(), "--nonsense"], is_begun=False)
    assert (status, "No such option: --nonsense" in says) == (2, True), says


def numbers(command: Command) -> list[str]:
    options = [each.shown.split(" ")[0].rstrip(",") for each in command.parameters if each.is_option]
    named = [each.shown for each in command.parameters if each.is_option]
    return [option for option, shown in zip(options, named, strict=True) if shown.endswith((" NUMBER", " PORT"))]


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, command in TYPED.items() for option in numbers(command)]
)
def test_a_number_that_is_none_is_said_in_plain_words(name: str, option: str) -> None:
    wrong = {"soon": "must be a", "-99999999": "must be at least"}
    if option == "--seed":  # any number will do, and the process would begin
        del wrong["-99999999"]
    for value, words in wrong.items():
        status, says = run([*name.split(), option, value], is_begun=False)
        assert (status, words in says, "Input should" in says) == (2, True, False), says


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("tidings why --tenant a --channel fax", "'fax' is not one of 'email', 'sms'"),
        ("tidings why --tenant a", "Say what it is about"),
        ("tidings rehearse x.yaml --engine rabbit", "'rabbit' is not one of 'memory', 'kafka'"),
        ("tidings gateway sandbox --channel fax", "'fax' is not one of 'email', 'sms'"),
        ("tidings gateway sandbox --channel sms --answer x", "x: is no PATTERN=ANSWER, such as"),
        (
            "tidings gateway sandbox --channel sms --outcomes x.toml",
            "x.toml: cannot be read: No such file or directory.",
        ),
        ("tidings invoice --tenant a --period June", "--period must be a month such as 2026-04, not 'June'."),
        ("tidings audit --scratch nowhere", "'nowhere' does not exist"),
        ("tidings mailbox --journal home/x/y", "--journal home/x/y cannot be written: Not a directory."),
        ("tidings preview nothing", "There is no kind or rule 'nothing'; there are appointment_reminder,"),
        ("tidings preview document --channel fax", "There is no channel 'fax'; there are email,"),
        ("tidings preview document --event x.json", "x.json cannot be read: No such file or directory."),
        ("tidings worker decied", "There is no stage 'decied'; there are decide,"),
        ("tidings tail evnets", "There is no topic 'evnets'; there are events,"),
        ("tidings settings shwo", "No such command 'shwo'. Did you mean 'show'?"),
        ("tidings --bootstrap-servers 127.0.0.1:x tail events", "must be HOST:PORT, or several parted by commas"),
        ("tidings --config nowhere.toml tail events", "names 'nowhere.toml', which is no file."),
        ("tidings --config home tail events", "home: is no TOML: "),
    ],
)
def test_a_value_that_cannot_be_is_told_with_what_may_be(call: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("this is\n")
    status, says = run(shlex.split(call))
    assert (status, sentence in says, "Traceback" in says) == (2, True, False), says


def test_every_fault_of_every_event_in_a_file_is_told_before_a_preview(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text('{"id": "a", "tenat": "x"}\n{"id": "b"}')
    status, says = run(["tidings", "preview", "document", "--event", "events.json"])
    assert (status, "event 1 (a): tenat: unknown key; did you mean 'tenant'?" in says) == (2, True)
    assert "event 2 (b): time: is missing." in says
