"""Logging: our own lines and those of the libraries alike, readable on a terminal and JSON elsewhere."""

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Literal, cast

import structlog

#: Libraries that tell more than an operator wants to know; httpx each request's address, which may hold a key.
_QUIET = (
    *("uvicorn.error", "uvicorn.access", "aiosqlite", "alembic", "asyncio", "sqlalchemy.engine", "sqlalchemy.pool"),
    "httpx",
)


#: Whoever logs one of these by mistake logs stars: not even the end of a secret belongs there.
_SECRET = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|recovery|otp", re.IGNORECASE)
_HIDDEN = "***"
#: What differs between two failures for the same reason.
_OF_THE_MOMENT = {"timestamp", "path", "wait_s"}
#: Reasons for failures that are known apart.
_REMEMBERED = 1000


def hide_secrets(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor: values under names that sound like secrets are not written, however deep they lie."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: object) -> object:
    if _SECRET.search(name) and not isinstance(value, bool | int | float | None):
        return _HIDDEN
    if isinstance(value, dict):
        return {str(key): _hidden(str(key), each) for key, each in cast(dict[object, object], value).items()}
    return value


class Folding:
    """A processor: what fails for the same reason again is written once a minute, with how often it was left out.

    While a database is away every request, loop and screen says so, several times a second.
    """

    def __init__(self, *, every_s: float = 60.0, now: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._now = now
        #: By what failed and why: when it was written last, and how often it came since.
        self._written: dict[tuple[tuple[str, str], ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        """Raises DropEvent for what is left out."""
        if event.get("level") not in {"warning", "error"} or "error" not in event:
            return event
        now, key = (
            self._now(),
            tuple(sorted((name, str(value)) for name, value in event.items() if name not in _OF_THE_MOMENT)),
        )
        at, times = self._written.get(key, (now - self._every_s, 0))
        if now - at < self._every_s:
            self._written[key] = at, times + 1
            raise structlog.DropEvent
        if len(self._written) >= _REMEMBERED:
            self._written.clear()
        self._written[key] = now, 0
        return {**event, "repeated": times} if times else event


def configure_logging(*, style: Literal["auto", "console", "json"], level: str) -> None:
    """Set up structlog and the standard library's logging, on standard error."""
    readable = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            Folding(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(readable=readable))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendering(*, readable: bool) -> list[structlog.types.Processor]:
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if readable:
        # Without the values of variables, which rich's own way shows: passwords and tokens are among them.
        return [drop, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [drop, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
