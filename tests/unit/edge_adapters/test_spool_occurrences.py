"""What a restarted gateway is told of occurrences that nobody saw end."""

import sqlite3
from pathlib import Path

from lookout_contract.events import EndReason, EventData, Phase
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import HandClock, some_event


def opened(path: Path) -> SqliteSpool:
    return SqliteSpool(path, site="s1", gateway="g1", clock=HandClock())


def ended(occurrence: str, reason: EndReason) -> EventData:
    return some_event(occurrence).model_copy(update={"phase": Phase.END, "end_reason": reason})


def test_what_nobody_saw_end_is_remembered_over_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path / "spool.db")
    for name in ("parked", "gone", "opened", "open"):
        first.put(some_event(name))
    first.put(ended("gone", EndReason.CLEARED))
    first.put(ended("opened", EndReason.WINDOW_OVER))
    first.put(ended("parked", EndReason.SHUTDOWN))
    first.close()
    again = opened(tmp_path / "spool.db")
    assert {data.occurrence: data.end_reason for data in again.unfinished("gate")} == {
        "open": None,
        "parked": EndReason.SHUTDOWN,
    }
    assert again.unfinished("another") == []
    assert again.cameras_with_open() == ["gate"]


def test_what_ended_long_ago_is_forgotten(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    spool.put(some_event("old"))
    spool.put(ended("old", EndReason.BLIND))
    spool.put(some_event("new", at=1_750_000_000.0 + 2 * 86_400))
    assert [data.occurrence for data in spool.unfinished("gate")] == ["new"]


def test_what_another_version_wrote_does_not_keep_a_camera_from_being_watched(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for name in ("strange", "open"):
        spool.put(some_event(name))
    with sqlite3.connect(tmp_path / "spool.db") as other:
        other.execute("UPDATE occurrence SET data = replace(data, '\"scenario\"', '\"kind\"') WHERE id = 'strange'")
    other.close()
    assert [data.occurrence for data in spool.unfinished("gate")] == ["open"]
