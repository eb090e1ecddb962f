import logging
import os
import signal
from collections.abc import Generator

import pytest
import structlog
from hypothesis import settings

# Several runs share a few cores: threads of numpy and torch would wait for each other, spinning.
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# How long an example takes says what else the box does, and nothing about what is tested.
settings.register_profile("lookout", deadline=None)
settings.load_profile("lookout")


@pytest.fixture(autouse=True)
def process_as_found() -> Generator[None]:
    """A command that a test ran has sent all log lines to a stream that is gone, and listens to signals."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    root = logging.getLogger()
    loggers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = loggers
    root.setLevel(level)
    for number, handler in handlers.items():
        signal.signal(number, handler)
