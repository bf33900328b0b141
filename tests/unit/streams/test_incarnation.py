from pathlib import Path

import pytest

from streams.incarnation import Incarnation, settle

NOW = Incarnation(cluster="c1", changelog="t1")


def state(directory: Path) -> None:
    (directory / "v1").mkdir(parents=True)
    (directory / "v1" / "rows").write_text("rows")


def test_state_of_the_same_changelog_stays(tmp_path: Path) -> None:
    directory = tmp_path / "tidings-bells"
    settle(directory, NOW)
    state(directory)
    settle(directory, NOW)
    assert (directory / "v1" / "rows").read_text() == "rows"
    assert [each.name for each in tmp_path.iterdir()] == ["tidings-bells"]


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (Incarnation(cluster="c2", changelog="t1"), "belongs to another cluster"),
        (Incarnation(cluster="c1", changelog="t2"), "belongs to a changelog that was made anew since"),
    ],
)
def test_state_of_something_else_is_moved_aside_and_kept(
    tmp_path: Path, then: Incarnation, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "tidings-bells"
    settle(directory, then)
    state(directory)
    settle(directory, NOW)
    assert not (directory / "v1").exists()
    [aside] = tmp_path.glob("tidings-bells.aside-*")
    assert (aside / "v1" / "rows").read_text() == "rows"
    assert said in caplog.text
    settle(directory, NOW)
    assert len(list(tmp_path.iterdir())) == 2


def test_state_that_says_nothing_of_itself_is_believed(tmp_path: Path) -> None:
    directory = tmp_path / "tidings-bells"
    state(directory)
    settle(directory, NOW)
    assert (directory / "v1" / "rows").read_text() == "rows"
