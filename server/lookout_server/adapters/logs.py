"""Logging: our own lines and those of the libraries alike, readable on a terminal and JSON elsewhere."""

import logging
import re
import sys
from typing import Literal, cast

import structlog

#: Libraries that tell more than an operator wants to know.
_QUIET = ("uvicorn.error", "uvicorn.access", "aiosqlite", "alembic", "asyncio", "sqlalchemy.engine", "sqlalchemy.pool")


#: Whoever logs one of these by mistake logs stars: not even the end of a secret belongs there.
_SECRET = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|recovery|otp", re.IGNORECASE)
_HIDDEN = "***"


def hide_secrets(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor: values under names that sound like secrets are not written, however deep they lie."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: object) -> object:
    if _SECRET.search(name) and not isinstance(value, bool | int | float | None):
        return _HIDDEN
    if isinstance(value, dict):
        return {str(key): _hidden(str(key), each) for key, each in cast(dict[object, object], value).items()}
    return value


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
        return [drop, structlog.dev.ConsoleRenderer()]
    return [drop, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
