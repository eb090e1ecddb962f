"""Evidence in pieces: a gateway's uploader and the dispatcher's API over a line that breaks."""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from lookout_contract.events import EvidenceKind
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.uploader import PIECE_BYTES, EvidenceUploader
from lookout_server.adapters.database import Database, migrate
from lookout_server.adapters.evidence import open_evidence
from lookout_server.adapters.feed import FeedHub
from lookout_server.adapters.listening import free_port
from lookout_server.adapters.uploads import PieceFolder
from lookout_server.app import Deps, create_app
from lookout_server.services.accounts import issue_gateway_token
from lookout_server.testing import SITE, ManualClock, NotedChannel, PlainHasher

CLIP = b"\x00\x00\x00\x18ftypisom" + os.urandom(3 * PIECE_BYTES)
SHA = hashlib.sha256(CLIP).hexdigest()
LIMIT = 5 * PIECE_BYTES


class Line:
    """The API on a port, with tokens for two gateways."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'lookout.db'}"
        migrate(url)
        self.files = folder / "evidence"
        self.port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{self.port}/api/v1/evidence/{SHA}"
        self._ready = threading.Event()
        self._folder, self._database_url = folder, url
        self.tokens: dict[str, str] = {}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(20)

    async def _serve(self) -> None:
        database = Database(self._database_url)
        for name in ("gw-1", "gw-2"):
            self.tokens[name] = await issue_gateway_token(database, name)
        app = create_app(
            Deps(
                site=SITE,
                store=database,
                evidence=open_evidence(self.files),
                feed=FeedHub(database),
                hasher=PlainHasher(),
                clock=ManualClock(),
                channel=NotedChannel(),
                version="0",
                pieces=PieceFolder(self._folder / "uploads"),
                max_evidence_bytes=LIMIT,
            )
        )
        config = uvicorn.Config(app, port=self.port, log_config=None, lifespan="off")
        self.server = uvicorn.Server(config)
        self._ready.set()
        await self.server.serve()
        await database.close()

    def put(self, start: int, end: int, *, by: str = "gw-1", content: bytes = CLIP) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.tokens[by]}",
            "Content-Type": "video/mp4",
            "Content-Range": f"bytes {start}-{end - 1}/{len(content)}",
        }
        return httpx.put(self.url, content=content[start:end], headers=headers)

    def progress(self, by: str = "gw-1") -> dict[str, object]:
        return httpx.get(f"{self.url}/upload", headers={"Authorization": f"Bearer {self.tokens[by]}"}).json()

    def close(self) -> None:
        self.server.should_exit = True
        self._thread.join(10)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{made.port}/healthz")
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield made
    made.close()


def upload(line: Line, folder: Path) -> DiskEvidence:
    """A gateway's uploader, until it has nothing left to send."""
    store = DiskEvidence(folder)
    store.put(EvidenceKind.CLIP, CLIP, "video/mp4")
    uploader = EvidenceUploader(
        store,
        dispatcher_url=f"http://127.0.0.1:{line.port}",
        token=line.tokens["gw-1"],
        backoff=Backoff(base_s=0.05, ceiling_s=0.1),
    )
    uploader.start()
    deadline = time.monotonic() + 30
    while store.waiting() and time.monotonic() < deadline:
        time.sleep(0.05)
    uploader.close()
    return store


def assert_stored(line: Line, store: DiskEvidence, folder: Path) -> None:
    """The dispatcher has the clip, and the gateway nothing left of it."""
    assert (store.waiting(), store.depth().rejected) == ((), 0)
    assert line.progress() == {"offset": len(CLIP), "stored": True}
    assert (line.files / SHA[:2] / SHA[2:4] / SHA).read_bytes() == CLIP
    assert not list((folder / "uploads").glob("*/*.part"))


def test_a_large_clip_goes_on_from_where_the_line_broke(line: Line, tmp_path: Path) -> None:
    assert line.put(0, 700_000).json() == {"offset": 700_000, "stored": False}
    assert_stored(line, upload(line, tmp_path / "spool"), tmp_path)


def test_pieces_that_a_power_cut_damaged_do_not_cost_the_clip(line: Line, tmp_path: Path) -> None:
    line.put(0, 700_000)
    (held,) = (tmp_path / "uploads").glob("*/*.part")
    held.write_bytes(bytes(700_000))
    assert_stored(line, upload(line, tmp_path / "spool"), tmp_path)


def test_a_clip_whose_last_piece_came_and_was_not_stored_is_stored_after_all(line: Line, tmp_path: Path) -> None:
    """The dispatcher was killed in between, or its store refused: no byte is missing, so there is none to send."""
    line.put(0, 700_000)
    (held,) = (tmp_path / "uploads").glob("*/*.part")
    held.write_bytes(CLIP)
    assert_stored(line, upload(line, tmp_path / "spool"), tmp_path)


def test_a_clip_that_is_gone_from_the_store_is_taken_again(line: Line, tmp_path: Path) -> None:
    assert line.put(0, len(CLIP)).status_code == 201
    (line.files / SHA[:2] / SHA[2:4] / SHA).unlink()
    assert line.progress() == {"offset": 0, "stored": False}
    assert_stored(line, upload(line, tmp_path / "spool"), tmp_path)


def test_pieces_belong_to_their_uploader_and_follow_each_other(line: Line) -> None:
    assert line.put(0, 1000).status_code == 202
    assert line.progress("gw-2") == {"offset": 0, "stored": False}
    behind = line.put(2000, 3000)
    assert (behind.status_code, behind.json()["offset"]) == (416, 1000)
    assert line.put(0, 1000).status_code == 416
    assert line.put(1000, 2000).json()["offset"] == 2000


def test_what_is_not_what_its_name_says_is_thrown_away(line: Line) -> None:
    other = CLIP[:-1] + bytes([CLIP[-1] ^ 1])
    assert line.put(0, 1000, content=other).status_code == 202
    refused = line.put(1000, len(other), content=other)
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_hash")
    assert line.progress() == {"offset": 0, "stored": False}


def test_more_than_was_announced_or_is_allowed_is_refused(line: Line) -> None:
    assert line.put(0, 1000, content=bytes(LIMIT + 1)).status_code == 413
    headers = {"Authorization": f"Bearer {line.tokens['gw-1']}", "Content-Type": "video/mp4"}
    longer = httpx.put(line.url, content=bytes(5000), headers=headers | {"Content-Range": "bytes 0-99/1000"})
    assert longer.status_code == 413
    nonsense = httpx.put(line.url, content=b"x", headers=headers | {"Content-Range": "bytes 5-1/3"})
    assert nonsense.status_code == 416
