"""`tidings receive` without a broker: what is no event needs none, and nothing is lost where there is none."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.unit.test_mails import LETTER, maildir
from tidings.cli.root import app

REPORTS = Path(__file__).parents[1] / "processors" / "reports"
DELAYED = (REPORTS / "postfix-delayed.eml").read_bytes()


def receive(*places: str, text: bytes = b"") -> Result:
    return CliRunner().invoke(app, ("receive", "--tenant", "shop", *places), input=text, catch_exceptions=False)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TIDINGS_CONFIG", raising=False)
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path))
    monkeypatch.setenv("TIDINGS_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")


def test_a_mail_that_changes_nothing_is_understood_from_a_pipe() -> None:
    result = receive(text=DELAYED)
    assert (result.exit_code, "Standard input" in result.stderr) == (0, False)
    assert "understood as a report that changes nothing" in result.stdout


def test_what_is_left_out_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", b"", DELAYED)
    result = receive(str(box), "/nowhere.eml", str(REPORTS / "postfix-delayed.eml"))
    assert result.exit_code == 1
    assert f"{box / 'new' / '0.host'} is empty." in result.stderr
    assert "/nowhere.eml cannot be read: No such file or directory." in result.stderr
    assert "2 mails taken, 0 of them events, 2 left out." in result.stdout
    assert [each.name for each in (box / "new").iterdir()] == ["0.host"]


def test_an_mbox_that_is_busy_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "returned.mbox"
    path.write_bytes(b"From ann@example.org Mon Jun  1 10:00:00 2026\n" + DELAYED)
    (tmp_path / "returned.mbox.lock").touch()
    assert receive(str(path)).exit_code == 75


def test_without_a_broker_a_mail_stays_where_it_is(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", LETTER)
    result = receive(str(box))
    assert (result.exit_code, "127.0.0.1:1" in result.stderr) == (75, True)
    assert [each.name for each in (box / "new").iterdir()] == ["0.host"]
