import pytest

from streams.crash import ExitCode
from streams.worker import run
from tidings.config import Installation


def test_a_stage_that_does_not_exist_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["decide", "settel"], Installation())
    assert ended.value.code == ExitCode.MISCONFIGURED
    assert "there is no stage 'settel'; there are decide, dispatch, credit, settle" in caplog.text
