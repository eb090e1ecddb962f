from collections.abc import Generator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_as_found() -> Generator[None]:
    """A command that a test ran has sent all log lines to a stream that is gone afterwards."""
    yield
    structlog.reset_defaults()
