"""The evidence store keeps exactly what was promised, whole, and lets nobody reach outside."""

import asyncio
import hashlib
import io
import os
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from lookout_server.adapters import evidence
from lookout_server.adapters.evidence import ObjectEvidence, open_evidence
from lookout_server.adapters.files import in_pieces
from lookout_server.adapters.uploads import PieceFolder
from lookout_server.errors import ConfigError, NotFoundError, TooLargeError, WrongHashError, WrongTypeError

JPEG = b"\xff\xd8\xff\xe0" + os.urandom(300_000)
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
MP4 = b"\x00\x00\x00\x20ftypisom" + b"rest"
LIMIT = 2_000_000


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def chunks(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read_all(store: ObjectEvidence, name: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(name, start, end)])


@pytest.fixture
def store(tmp_path: Path) -> ObjectEvidence:
    return open_evidence(tmp_path / "evidence")


def put(store: ObjectEvidence, content: bytes, mime: str, *, name: str | None = None, limit: int = LIMIT) -> bool:
    return asyncio.run(store.put(name or sha(content), mime, chunks(content), max_bytes=limit)).created


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("content", "mime"),
    [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp"), (MP4, "video/mp4")],
    ids=["jpeg", "png", "webp", "mp4"],
)
def test_what_was_put_comes_back(store: ObjectEvidence, tmp_path: Path, content: bytes, mime: str) -> None:
    assert put(store, content, mime) is True
    name = sha(content)
    assert files(tmp_path) == [f"evidence/{name[:2]}/{name[2:4]}/{name}"]
    assert asyncio.run(store.size(name)) == len(content)
    assert asyncio.run(read_all(store, name, 0, len(content))) == content


def test_the_same_again_changes_nothing(store: ObjectEvidence) -> None:
    assert put(store, PNG, "image/png") is True
    assert put(store, PNG, "image/png") is False


def test_a_range_is_read_without_the_rest(store: ObjectEvidence) -> None:
    put(store, JPEG, "image/jpeg")
    assert asyncio.run(read_all(store, sha(JPEG), 1000, 1010)) == JPEG[1000:1010]
    assert asyncio.run(read_all(store, sha(JPEG), 5, 5)) == b""


def test_a_large_file_passes_through_the_disk(store: ObjectEvidence) -> None:
    video = MP4 + os.urandom(1_500_000)
    assert put(store, video, "video/mp4") is True
    assert asyncio.run(read_all(store, sha(video), 0, len(video))) == video


@pytest.mark.parametrize(
    ("content", "mime", "name", "limit", "error"),
    [
        (PNG, "image/png", sha(b"something else"), LIMIT, WrongHashError),
        (JPEG, "image/jpeg", None, 1000, TooLargeError),
        (PNG, "image/jpeg", None, LIMIT, WrongTypeError),
        (b"<html>", "image/png", None, LIMIT, WrongTypeError),
        (b"", "image/png", None, LIMIT, WrongTypeError),
        (PNG, "text/html", None, LIMIT, WrongTypeError),
    ],
    ids=["hash", "size", "type", "html", "empty", "refused type"],
)
def test_what_is_not_as_promised_leaves_nothing_behind(
    store: ObjectEvidence,
    tmp_path: Path,
    content: bytes,
    mime: str,
    name: str | None,
    limit: int,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        put(store, content, mime, name=name, limit=limit)
    assert files(tmp_path) == []


def test_an_upload_that_breaks_off_leaves_nothing_behind(store: ObjectEvidence, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield JPEG[:1000]
        raise ConnectionResetError("the phone lost its signal")

    with pytest.raises(ConnectionResetError):
        asyncio.run(store.put(sha(JPEG), "image/jpeg", broken(), max_bytes=LIMIT))
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", sha(PNG) + "/..", sha(PNG)[:-1]])
def test_only_hashes_are_names(store: ObjectEvidence, name: str) -> None:
    with pytest.raises(NotFoundError):
        put(store, PNG, "image/png", name=name or "x")
    with pytest.raises(NotFoundError):
        asyncio.run(store.size(name))


def test_a_file_that_is_not_there(store: ObjectEvidence) -> None:
    assert asyncio.run(store.size(sha(b"nothing"))) is None
    with pytest.raises(NotFoundError):
        asyncio.run(read_all(store, sha(b"nothing"), 0, 10))


def test_a_folder_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="evidence"):
        open_evidence(tmp_path / "file" / "evidence")


class SlowDisk(io.BytesIO):
    """Each write takes until somebody else has had a turn of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.loop_went_on: list[bool] = []
        self.turn = threading.Event()

    def write(self, content: bytes, /) -> int:  # type: ignore[override]
        """Afterwards it is known whether the loop stood still."""
        self.loop_went_on.append(self.turn.wait(2))
        self.turn.clear()
        return super().write(content)

    async def body(self, content: bytes) -> AsyncIterator[bytes]:
        """In chunks, while something else waits for its turn."""
        async for chunk in chunks(content):
            asyncio.get_running_loop().call_later(0.01, self.turn.set)
            yield chunk


def _handed(disk: SlowDisk, *_: object, **__: object) -> SlowDisk:
    return disk


def test_a_disk_that_is_slow_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store, disk = open_evidence(tmp_path / "evidence"), SlowDisk()
    monkeypatch.setattr(evidence.tempfile, "SpooledTemporaryFile", partial(_handed, disk))
    asyncio.run(store.put(sha(JPEG), "image/jpeg", disk.body(JPEG), max_bytes=LIMIT))
    assert disk.loop_went_on
    assert all(disk.loop_went_on)
    pieces, disk = PieceFolder(tmp_path / "uploads"), SlowDisk()
    monkeypatch.setattr(Path, "open", partial(_handed, disk))
    asyncio.run(pieces.append("gw-1", sha(JPEG), disk.body(JPEG), max_bytes=LIMIT))
    assert disk.loop_went_on
    assert all(disk.loop_went_on)


def test_what_has_come_of_an_upload_that_breaks_off_is_kept(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in chunks(JPEG[:200_000]):
            yield chunk
        raise ClientDisconnect

    pieces = PieceFolder(tmp_path / "uploads")
    with pytest.raises(ClientDisconnect):
        asyncio.run(pieces.append("gw-1", sha(JPEG), broken(), max_bytes=LIMIT))
    assert pieces.offset("gw-1", sha(JPEG)) == 200_000


async def _joined(content: bytes, size: int) -> list[bytes]:
    return [piece async for piece in in_pieces(chunks(content, size))]


@pytest.mark.parametrize("size", [1000, 65536, 262144, 300_000])
def test_pieces_are_worth_a_write_and_lose_nothing(size: int) -> None:
    pieces = asyncio.run(_joined(JPEG * 3, size))
    assert b"".join(pieces) == JPEG * 3
    assert all(len(piece) >= 256 * 1024 for piece in pieces[:-1])
    assert asyncio.run(_joined(b"", size)) == []
