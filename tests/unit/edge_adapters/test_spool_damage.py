"""A spool whose file is damaged, newer than the program, or cannot be made."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lookout_contract.delivery import Receipt
from lookout_contract.events import EndReason, Event, Phase
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import HandClock, some_event
from lookout_edge.bootstrap import service
from lookout_edge.config import GatewayConfig
from lookout_edge.errors import SpoolError


def opened(path: Path) -> SqliteSpool:
    return SqliteSpool(path, site="s1", gateway="g1", clock=HandClock())


def test_a_file_that_is_no_database_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is not a database" * 500)
    spool = opened(path)
    assert spool.put(some_event()) == 1
    assert [p.read_bytes()[:4] for p in tmp_path.glob("spool.db.broken-*")] == [b"this"]


def test_a_file_damaged_in_the_middle_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = opened(path)
    for _ in range(200):
        spool.put(some_event())
    spool.close()
    content = bytearray(path.read_bytes())
    content[4096:-4096] = bytes(len(content) - 8192)
    path.write_bytes(content)
    fresh = opened(path)
    assert fresh.put(some_event()) == 1
    assert len(list(tmp_path.glob("spool.db.broken-*"))) == 1


def test_damage_while_running_does_not_lose_the_event_that_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = opened(path)
    for _ in range(200):
        spool.put(some_event())
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert spool.put(some_event("occ-new")) == 1
    assert [Event.model_validate_json(row.payload).subject for row in spool.pending(500)] == ["occ-new"]
    assert len(list(tmp_path.glob("spool.db.broken-*"))) == 1


def damage_first_events(path: Path) -> None:
    """Where the oldest events stand, which are read again and again and never written."""
    damage_page_of(path, b'"sequence":1,')


def damage_page_of(path: Path, words: bytes) -> None:
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    content = path.read_bytes()
    page = next(at for at in range(0, len(content), 4096) if words in content[at : at + 4096])
    with path.open("r+b") as file:
        file.seek(page)
        file.write(b"\xff" * 4096)


def subjects(spool: SqliteSpool) -> list[str]:
    return [Event.model_validate_json(row.payload).subject for row in spool.pending(500)]


@pytest.mark.parametrize("restarted", [False, True])
def test_damage_that_only_reading_meets_costs_what_it_hit_and_keeps_nothing_else_here(
    tmp_path: Path, restarted: bool
) -> None:
    spool = opened(tmp_path / "spool.db")
    for number in range(200):
        spool.put(some_event(f"occ-{number}"))
    epoch = spool.epoch
    damage_first_events(tmp_path / "spool.db")
    if restarted:
        spool.close()
        spool = opened(tmp_path / "spool.db")
    else:
        with pytest.raises(SpoolError, match="healthy"):
            spool.pending(10)
    spool.put(some_event("occ-new"))
    left = subjects(spool)
    assert left == [f"occ-{number}" for number in range(201 - len(left), 200)] + ["occ-new"]
    assert 190 < len(left) < 201
    assert spool.epoch != epoch
    assert spool.last_sequence == len(left)
    gone = spool.requeue(epoch, 1, 200)
    assert gone is not None
    assert "carried over" in gone.why
    assert {event.occurrence for event in spool.unfinished("gate")} >= set(left)
    assert len(list(tmp_path.glob("spool.db.broken-*"))) == 1


def test_an_occurrence_whose_start_the_dispatcher_has_goes_on_over_a_damaged_spool(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for number in range(200):
        spool.put(some_event(f"occ-{number}"))
    newest = some_event("occ-0", at=1_750_000_100.0).model_copy(update={"phase": Phase.UPDATE})
    spool.put(newest)
    spool.put(some_event("occ-1").model_copy(update={"phase": Phase.END, "end_reason": EndReason.CLEARED}))
    spool.settle(Receipt(epoch=spool.epoch, upto=0, also=((150, 201),)))
    damage_first_events(tmp_path / "spool.db")
    spool.close()
    unfinished = {word.occurrence: word for word in opened(tmp_path / "spool.db").unfinished("gate")}
    assert set(unfinished) == {f"occ-{number}" for number in range(200) if number != 1}
    assert unfinished["occ-0"] == newest


@pytest.mark.parametrize("what_is_left", ["events", "its own record", "occurrences"])
def test_a_spool_that_begins_anew_in_1970_sorts_after_the_one_before_it(tmp_path: Path, what_is_left: str) -> None:
    """A power cut damages the file, and the clock of a box without a battery begins anew: the dispatcher would take the
    end of an alarm for older than its start, and the alarm would never end."""
    spool = opened(tmp_path / "spool.db")
    for number in range(200):
        spool.put(some_event(f"occ-{number}"))
    if what_is_left != "events":
        spool.settle(Receipt(epoch=spool.epoch, upto=200))
    earlier = spool.epoch
    spool.close()
    if what_is_left == "occurrences":
        with closing(sqlite3.connect(tmp_path / "spool.db")) as file:
            file.execute("DROP TABLE life")
            file.commit()
    damage_page_of(tmp_path / "spool.db", b'{"occurrence":"occ-100"')
    fresh = SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=HandClock(60.0))
    assert fresh.unfinished("gate")
    assert fresh.epoch > earlier
    assert all(Event.model_validate_json(row.payload).epoch == fresh.epoch for row in fresh.pending(500))


def test_the_occurrences_on_a_page_that_is_damaged_cost_no_others(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for number in range(200):
        spool.put(some_event(f"occ-{number}"))
    spool.settle(Receipt(epoch=spool.epoch, upto=200))
    damage_page_of(tmp_path / "spool.db", b'{"occurrence":"occ-100"')
    spool.close()
    spool = opened(tmp_path / "spool.db")
    left = {word.occurrence for word in spool.unfinished("gate")}
    assert "occ-100" not in left
    assert 190 < len(left) < 200
    assert subjects(spool) == []


def test_a_damaged_spool_on_a_disk_that_takes_no_new_file_is_begun_anew_when_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path / "spool.db")
    for _ in range(200):
        spool.put(some_event())
    damage_first_events(tmp_path / "spool.db")
    with monkeypatch.context() as read_only:
        read_only.setattr(Path, "rename", _read_only)
        for _ in range(3):
            with pytest.raises(SpoolError):
                spool.pending(10)
        with pytest.raises(SpoolError):
            spool.put(some_event("refused"))
    spool.put(some_event("occ-new"))
    assert subjects(spool)[-1] == "occ-new"


def _read_only(*_: object) -> None:
    raise OSError(30, "Read-only file system")


def test_a_spool_that_was_closed_refuses_as_a_disk_does(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    spool.close()
    with pytest.raises(SpoolError):
        spool.put(some_event())


def test_what_was_written_last_is_moved_aside_with_the_damaged_file(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for _ in range(200):
        spool.put(some_event())
    damage_first_events(tmp_path / "spool.db")
    spool.put(some_event("occ-last"))
    with pytest.raises(SpoolError):
        spool.pending(10)
    spool.depth()
    assert any(b"occ-last" in path.read_bytes() for path in tmp_path.glob("spool.db.broken-*"))


def test_a_spool_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    opened(path).close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(SpoolError, match="newer version"):
        opened(path)
    assert list(tmp_path.glob("*.broken-*")) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SpoolError, match="cannot open the spool"):
        opened(tmp_path / "file" / "spool.db")


def test_a_full_disk_costs_evidence_before_it_costs_an_alarm(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    file: sqlite3.Connection = vars(spool)["_file"]
    file.execute("PRAGMA max_page_count = 20")
    asked: list[bool] = []

    def give_way() -> bool:
        asked.append(True)
        if len(asked) == 1:
            file.execute("PRAGMA max_page_count = 40")
        return len(asked) == 1

    spool.when_full(give_way)
    with pytest.raises(SpoolError, match="disk has room"):
        fill(spool)
    assert len(asked) == 2
    assert spool.depth().events == spool.last_sequence > 20


def fill(spool: SqliteSpool) -> None:
    for _ in range(200):
        spool.put(some_event())


@pytest.mark.parametrize(("free", "made", "asked"), [(0, True, 1), (0, False, 1), (9_000_000, True, 0)])
def test_a_full_disk_makes_room_for_the_spool_and_another_fault_costs_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, made: bool, asked: int
) -> None:
    tries: list[Path] = []
    ways: list[None] = []

    def refuse_once(path: Path, **rest: Any) -> SqliteSpool:
        tries.append(path)
        if len(tries) == 1:
            raise SpoolError("disk I/O error")
        return SqliteSpool(path, **rest)

    def give_way() -> bool:
        ways.append(None)
        return made

    monkeypatch.setattr(service, "SqliteSpool", refuse_once)
    rule = {"scenario": "key_area"}
    cameras = {"gate": {"source": {"url": "rtsp://camera/1"}, "rules": [rule]}}
    config = GatewayConfig.model_validate({"site": "s", "gateway": "g", "data_dir": tmp_path, "cameras": cameras})
    if made and asked:
        service.open_spool(config, HandClock(), give_way, lambda _: (1, 1, free)).close()
    else:
        with pytest.raises(SpoolError, match="disk I/O error"):
            service.open_spool(config, HandClock(), give_way, lambda _: (1, 1, free))
    assert (len(tries), len(ways)) == (1 + (made and asked), asked)
