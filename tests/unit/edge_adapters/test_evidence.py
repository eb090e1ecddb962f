"""Evidence on disk."""

import hashlib
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from lookout_contract.events import EvidenceKind
from lookout_edge.adapters import evidence
from lookout_edge.adapters.evidence import DiskEvidence, Lane, StoredFile
from lookout_edge.errors import SpoolError


def put(store: DiskEvidence, content: bytes, mime: str = "image/jpeg") -> str:
    return store.put(EvidenceKind.SNAPSHOT, content, mime).sha256


def age(store: DiskEvidence, sha256: str, seconds: int) -> None:
    (file,) = (file for file in store.waiting() if file.sha256 == sha256)
    os.utime(file.path, (seconds, seconds))


def test_a_file_is_named_by_its_content(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    ref = store.put(EvidenceKind.CLIP, b"clip", "video/mp4")
    assert (ref.kind, ref.bytes, ref.mime) == (EvidenceKind.CLIP, 4, "video/mp4")
    assert ref.sha256 == hashlib.sha256(b"clip").hexdigest()
    (file,) = store.waiting()
    assert (file.sha256, file.mime, file.path.read_bytes()) == (ref.sha256, "video/mp4", b"clip")


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    assert put(store, b"a") == put(store, b"a")
    assert store.depth().files == 1


def test_files_wait_across_restarts_oldest_first(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    first, second = put(store, b"first"), put(store, b"second")
    age(store, second, 1000)
    assert [file.sha256 for file in DiskEvidence(tmp_path).waiting()] == [second, first]


def test_live_ones_that_go_first_leave_before_older_ones_and_pictures_before_clips(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    contents = (b"clip", b"picture", b"old fire", b"fire clip", b"fire")
    for content in contents:
        mime = "video/mp4" if content.endswith(b"clip") else "image/jpeg"
        store.put(EvidenceKind.SNAPSHOT, content, mime, first=b"fire" in content)
    age(store, hashlib.sha256(b"old fire").hexdigest(), 1000)
    again = DiskEvidence(tmp_path)
    left = [file.path.read_bytes() for file in again.waiting()]
    assert left == [b"fire", b"fire clip", b"old fire", b"picture", b"clip"]
    assert again.depth().files == 5


def test_what_goes_first_is_given_up_last(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path, quota_bytes=25)
    fire = store.put(EvidenceKind.SNAPSHOT, b"f" * 8, "image/jpeg", first=True).sha256
    age(store, fire, 1000)
    rest = [put(store, content * 8) for content in (b"a", b"b", b"c")]
    assert {file.sha256 for file in store.waiting()} == {fire, *rest[1:]}
    assert store.depth().dropped == 1
    newer = store.put(EvidenceKind.SNAPSHOT, b"g" * 20, "image/jpeg", first=True).sha256
    assert [file.sha256 for file in store.waiting()] == [newer]


def test_what_waited_among_the_rest_moves_ahead_when_it_is_to_go_first(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    sha256 = put(store, b"a")
    for first in (True, False):
        store.put(EvidenceKind.SNAPSHOT, b"a", "image/jpeg", first=first)
        (file,) = store.waiting()
        assert (file.sha256, file.lane) == (sha256, Lane.LIVE)
    store.settle(file)
    assert store.waiting() == ()


def test_a_half_written_file_is_cleared_at_the_start(tmp_path: Path) -> None:
    DiskEvidence(tmp_path)
    (tmp_path / ".partial-x").write_bytes(b"half")
    assert DiskEvidence(tmp_path).waiting() == ()
    assert not (tmp_path / ".partial-x").exists()


def test_the_quota_drops_refused_then_oldest_and_never_the_new_one(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path, quota_bytes=25)
    refused, old, young = put(store, b"r" * 8), put(store, b"o" * 8), put(store, b"y" * 8)
    age(store, old, 1000)
    store.reject(next(file for file in store.waiting() if file.sha256 == refused))
    newest = put(store, b"n" * 8)
    assert {file.sha256 for file in store.waiting()} == {old, young, newest}
    assert (store.depth().rejected, store.depth().dropped) == (0, 0)
    put(store, b"m" * 8)
    assert old not in {file.sha256 for file in store.waiting()}
    assert store.depth().dropped == 1
    big = put(store, b"b" * 99)
    assert [file.sha256 for file in store.waiting()] == [big]


def test_settled_files_go_and_refused_ones_stay_aside(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    put(store, b"good")
    put(store, b"bad")
    good, bad = sorted(store.waiting(), key=lambda file: file.bytes, reverse=True)
    store.settle(good)
    store.reject(bad)
    assert store.waiting() == ()
    assert (store.depth().files, store.depth().rejected) == (0, 1)
    store.settle(good)
    store.reject(bad)


def test_listeners_hear_of_new_files(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    heard: list[int] = []
    store.listen(lambda: heard.append(len(store.waiting())))
    put(store, b"a")
    assert heard == [1]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SpoolError, match="cannot store evidence"):
        DiskEvidence(tmp_path / "file" / "evidence")


def test_the_last_of_the_disk_is_left_to_alarms(tmp_path: Path) -> None:
    free = [2_000_000_000]
    store = DiskEvidence(tmp_path, disk=lambda _: (10_000_000_000, 0, free[0]))
    old = put(store, b"o" * 900)
    age(store, old, 1000)
    young = put(store, b"y" * 900)
    free[0] = 64_000_000
    newest = put(store, b"n" * 800)
    assert {file.sha256 for file in store.waiting()} == {young, newest}
    assert store.depth().dropped == 1
    free[0] = 0
    with pytest.raises(SpoolError, match="left to alarms: free space"):
        put(store, b"x" * 800)
    # The two that were there went for it in vain.
    assert store.depth().dropped == 4


def test_a_folder_that_was_cleared_by_hand_is_made_again(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path / "evidence")
    put(store, b"a")
    shutil.rmtree(tmp_path / "evidence")
    assert store.depth().files == 0
    assert store.waiting() == ()
    put(store, b"b")
    store.reject(store.waiting()[0])
    assert store.depth().rejected == 1


def test_alarms_get_the_room_of_the_oldest(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    assert not store.give_way()
    put(store, b"a")
    assert store.give_way()
    assert store.depth().files == 0


def test_what_waits_is_not_listed_again_for_each_picture_that_comes_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        put(DiskEvidence(tmp_path), number.to_bytes(10))
    store, lists, scandir = DiskEvidence(tmp_path), list[Path](), os.scandir

    def listed(folder: Path) -> Any:
        lists.append(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", listed)
    assert (len(store.waiting()), store.depth().files) == (100, 100)
    assert len(lists) <= 3
    lists.clear()
    picture = store.put(EvidenceKind.SNAPSHOT, b"fire", "image/jpeg", first=True)
    first = store.next()
    assert first is not None
    assert (first.sha256, first.lane) == (picture.sha256, Lane.LIVE)
    assert first == store.waiting()[0]
    store.settle(first)
    store.reject(store.waiting()[0])
    assert (len(store.waiting()), store.depth().files, store.depth().rejected) == (99, 99, 1)
    assert tmp_path not in lists


def test_what_somebody_else_takes_away_or_brings_is_noticed(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    for content in (b"a", b"bb", b"ccc"):
        put(store, content)
    assert store.depth().bytes == 6
    gone = store.waiting()[1]
    before = tmp_path.stat().st_mtime_ns
    gone.path.unlink()
    os.utime(tmp_path, ns=(before + 10**9, before + 10**9))
    assert (store.depth().files, store.depth().bytes) == (2, 4)
    assert gone not in store.waiting()
    store.settle(gone)
    assert store.depth().files == 2
    (tmp_path / f"{'0' * 64}.jpg").write_bytes(b"from elsewhere")
    os.utime(tmp_path, ns=(before + 2 * 10**9, before + 2 * 10**9))
    assert "0" * 64 in {file.sha256 for file in store.waiting()}


def test_a_picture_does_not_wait_for_a_look_at_each_that_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskEvidence(tmp_path, quota_bytes=1000)
    for number in range(100):
        store.put(EvidenceKind.SNAPSHOT, number.to_bytes(10), "image/jpeg")
    made: list[StoredFile] = []

    def count(*values: Any) -> StoredFile:
        made.append(StoredFile(*values))
        return made[-1]

    monkeypatch.setattr(evidence, "StoredFile", count)
    store.put(EvidenceKind.SNAPSHOT, b"x" * 10, "image/jpeg")
    assert store.depth().files == 100
    assert len(made) <= 2


def test_a_picture_does_not_wait_for_a_clip_that_a_slow_card_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, card_is_busy, card_is_done = DiskEvidence(tmp_path), threading.Event(), threading.Event()
    on_the_disk = os.fsync

    def fsync(file: int) -> None:
        if threading.current_thread().name == "clip":
            card_is_busy.set()
            assert card_is_done.wait(30)
        on_the_disk(file)

    monkeypatch.setattr("lookout_edge.adapters.atomic_file.os.fsync", fsync)
    clip = threading.Thread(target=store.put, args=(EvidenceKind.CLIP, b"clip" * 9, "video/mp4"), name="clip")
    clip.start()
    assert card_is_busy.wait(30)
    picture = threading.Thread(target=store.put, args=(EvidenceKind.SNAPSHOT, b"fire", "image/jpeg"))
    picture.start()
    picture.join(10)
    waiting = [file.mime for file in store.waiting()]
    card_is_done.set()
    picture.join(10)
    clip.join(10)
    assert waiting == ["image/jpeg"], "the clip is not whole yet, and the picture is there"
    assert [file.mime for file in store.waiting()] == ["image/jpeg", "video/mp4"]
