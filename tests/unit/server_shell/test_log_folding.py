"""A failure that goes on is a few lines in the log, however many meet it."""

import pytest
import structlog

from lookout_server.adapters.logs import Folding


class Log:
    """What is left of lines that are written at a time of ours."""

    def __init__(self) -> None:
        self.at = 0.0
        self._fold = Folding(every_s=60.0, now=lambda: self.at)

    def write(self, event: str, *, level: str = "error", **fields: object) -> dict[str, object] | None:
        try:
            return dict(self._fold(None, level, {"event": event, "level": level, "timestamp": self.at, **fields}))
        except structlog.DropEvent:
            return None


def test_what_fails_for_the_same_reason_is_written_once_a_minute_with_a_count() -> None:
    log = Log()
    assert log.write("request failed", path="/a", error="the database is away") is not None
    for second in range(1, 60):
        log.at = float(second)
        assert log.write("request failed", path=f"/{second}", error="the database is away") is None
    log.at = 60.0
    again = log.write("request failed", path="/b", error="the database is away")
    assert again is not None
    assert (again["repeated"], again["path"]) == (59, "/b")


@pytest.mark.parametrize(
    "fields",
    [
        {"error": "the disk is full", "gateway": "gw-a"},
        {"error": "refused", "gateway": "gw-b"},
        {"error": "refused", "gateway": "gw-a", "level": "info"},
        {"gateway": "gw-a"},
    ],
)
def test_what_is_not_the_same_failure_is_written(fields: dict[str, str]) -> None:
    log = Log()
    log.write("a gateway was refused", error="refused", gateway="gw-a")
    assert log.write("a gateway was refused", **fields) is not None  # pyright: ignore[reportArgumentType]
    assert log.write("another", error="refused", gateway="gw-a") is not None


def test_it_remembers_no_more_than_it_has_room_for() -> None:
    log = Log()
    for number in range(3000):
        assert log.write("refused", error=f"reason {number}") is not None
    assert log.write("refused", error="reason 2999") is None
