"""Log lines: for people on a terminal, JSON otherwise; never with a password in an address."""

import logging
import sys
from typing import Any, TextIO, cast

import structlog

from lookout_edge.adapters.video import redact


def configure_logs(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Send all log lines to ``stream`` (stderr): a human form on a terminal, one JSON object a line otherwise."""
    target = stream or sys.stderr
    human = target.isatty()
    renderer = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            cast(Any, renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )


def _without_secrets(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
