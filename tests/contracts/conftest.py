from collections.abc import Generator
from typing import Any

import pytest

from tests.integration.streams.raised import tower

__all__ = ["pytest_runtest_makereport", "tower"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Say in a sentence what is in danger also where a contract breaks before it comes to its point."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.excinfo is not None and not call.excinfo.errisinstance(AssertionError):
        guarantee = item.name.removeprefix("test_").split("[")[0].replace("_", " ")
        moved = f"What the contract looks at is not where it was: {call.excinfo.exconly()}"
        text = f"The upgrade endangers this: {guarantee}. {moved}"
        report.sections.append(("contract", text))
