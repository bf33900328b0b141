"""What all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` writes the golden files anew, to be read before they are committed."""
    parser.addoption("--golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--golden"))
