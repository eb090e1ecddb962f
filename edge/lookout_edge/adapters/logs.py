"""Log lines: for people on a terminal, JSON otherwise; never with a password in an address."""

import contextlib
import logging
import sys
import threading
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from lookout_edge.adapters.video import redact


class LineLogger:
    """Writes each line to a stream, whatever its level. A stream that went away (a closed terminal, a broken pipe)
    costs the line and nothing else: no thread may end because nobody listens to it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def msg(self, message: str) -> None:
        """Write one line."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(message + "\n")
            self._stream.flush()

    debug = info = warning = warn = error = err = critical = fatal = failure = exception = log = msg


def configure_logs(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all log lines to ``stream`` (stderr): a human form on a terminal, one JSON object a line otherwise."""
    target = stream or sys.stderr
    human = target.isatty()
    renderer = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer(ensure_ascii=False)
    lines = LineLogger(target)
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
        logger_factory=lambda *_: lines,
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
