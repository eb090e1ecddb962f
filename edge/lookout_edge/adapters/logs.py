"""Log lines: for people on a terminal, JSON otherwise; never with a password in an address."""

import logging
import sys
import threading
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from lookout_edge.adapters.video import redact


def configure_logs(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
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
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )


def log_uncaught_errors() -> None:
    """From now on what nobody caught, in any thread, becomes a log line: with its traceback, without secrets."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.stdlib.get_logger().critical("unexpected fault: please report it", exc_info=error)


def _uncaught_in_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        log = structlog.stdlib.get_logger()
        thread = fault.thread.name if fault.thread else None
        log.critical("unexpected fault: please report it", thread=thread, exc_info=fault.exc_value)


def _without_secrets(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
