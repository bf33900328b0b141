"""What is logged, and what is left out."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from mode import Service

from tidings.config import Log
from tidings.log import configure


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Bell(Service):  # type: ignore[misc]  # mode is untyped
    """A service of ours: mode logs for it under the name of this module."""


@pytest.mark.usefixtures("_as_it_was")
@pytest.mark.parametrize(("level", "is_told"), [("info", False), ("debug", True)])
async def test_the_parts_of_the_engine_are_told_of_to_their_authors_alone(
    capsys: pytest.CaptureFixture[str], level: str, is_told: bool
) -> None:
    configure(Log(level=level))  # type: ignore[arg-type]  # one of the levels
    logging.getLogger(__name__).info("a word of ours")
    async with Bell():
        pass
    said = capsys.readouterr().err
    assert "a word of ours" in said
    assert ("Starting..." in said) is is_told
