"""Uploading evidence to a dispatcher that is rarely at its best."""

import errno
import hashlib
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lookout_contract.events import EvidenceKind
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.evidence import DiskEvidence, StoredFile
from lookout_edge.adapters.uploader import PIECE_BYTES, EvidenceUploader

Upload = tuple[str, bytes, str | None, str | None]
"""Path, body, content type and authorization of a PUT."""


@dataclass
class Dispatcher:
    """Answers each PUT with the next status, the last one for ever."""

    statuses: list[int]
    received: list[Upload] = field(default_factory=list[Upload])
    url: str = ""
    #: What is said instead of what a dispatcher says.
    page: bytes | None = None
    #: Called with the number of PUTs so far, before each is answered.
    on_put: Callable[[int], None] = lambda _: None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, path: str, body: bytes, mime: str | None, token: str | None) -> int:
        with self.changed:
            self.received.append((path, body, mime, token))
            self.on_put(len(self.received))
            self.changed.notify_all()
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.received) >= count, timeout=10)


@contextmanager
def dispatcher(*statuses: int) -> Generator[Dispatcher]:
    desk = Dispatcher(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = desk.take(self.path, body, self.headers["Content-Type"], self.headers["Authorization"])
            self.answer(status, self.path)

        def do_GET(self) -> None:
            self.answer(200, self.path.removesuffix("/upload"))

        def answer(self, status: int, path: str) -> None:
            offset = sum(len(body) for to, body, *_ in desk.received if to == path)
            told = {"offset": offset, "stored": False, "sha256": path.rpartition("/")[2]}
            content = json.dumps(told).encode() if desk.page is None else desk.page
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    desk.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def uploading(store: DiskEvidence, url: str) -> Generator[None]:
    uploader = EvidenceUploader(store, dispatcher_url=url, token="t0ken", backoff=Backoff(base_s=0.01, ceiling_s=0.02))
    uploader.start()
    try:
        yield
    finally:
        uploader.close()


def eventually(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen within 10 s")


@pytest.mark.parametrize("status", [200, 201])
def test_a_file_goes_once_the_dispatcher_has_it(tmp_path: Path, status: int) -> None:
    store = DiskEvidence(tmp_path)
    sha256 = store.put(EvidenceKind.CLIP, b"film", "video/mp4").sha256
    with dispatcher(status) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 0)
    assert desk.received == [(f"/api/v1/evidence/{sha256}", b"film", "video/mp4", "Bearer t0ken")]
    assert hashlib.sha256(b"film").hexdigest() == sha256


@pytest.mark.parametrize("page", [b"<html>Your data is used up</html>", b'{"sha256": "another"}', b"{}", b""])
def test_who_answers_everything_with_yes_is_no_dispatcher_and_nothing_is_deleted(tmp_path: Path, page: bytes) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
    with dispatcher(200) as desk, uploading(store, desk.url):
        desk.page = page
        desk.wait_for(3)
        assert store.depth().files == 1
        desk.page = None
        eventually(lambda: store.depth().files == 0)


@pytest.mark.parametrize(
    ("number", "rejected"), [(errno.EMFILE, 0), (errno.EACCES, 0), (errno.ENOMEM, 0), (errno.EIO, 1)]
)
def test_a_file_that_cannot_be_opened_just_now_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, rejected: int
) -> None:
    store = DiskEvidence(tmp_path)
    sha256 = store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg").sha256
    tries: list[str] = []
    really: Callable[..., Any] = Path.open

    def fail_thrice(path: Path, *args: Any) -> Any:
        tries.append(path.stem)
        if path.stem == sha256 and len(tries) <= 3:
            raise OSError(number, "not now")
        return really(path, *args)

    monkeypatch.setattr(Path, "open", fail_thrice)
    with dispatcher(201) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 0)
    assert (store.depth().rejected, len(desk.received)) == (rejected, 1 - rejected)


def test_a_fault_does_not_end_the_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
    waiting, faults = store.waiting, [ZeroDivisionError("a bug")]

    def stumble() -> tuple[StoredFile, ...]:
        if faults:
            raise faults.pop()
        return waiting()

    monkeypatch.setattr(store, "waiting", stumble)
    with dispatcher(201) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 0)
    assert len(desk.received) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 401, 404])
def test_what_is_not_the_files_fault_is_tried_again(tmp_path: Path, status: int) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
    with dispatcher(status, status, 201) as desk, uploading(store, desk.url):
        desk.wait_for(3)
        eventually(lambda: store.depth().files == 0)
    assert store.depth().rejected == 0


@pytest.mark.parametrize("status", [400, 413, 415])
def test_a_refused_file_is_kept_aside_and_does_not_hold_up_the_others(tmp_path: Path, status: int) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"one", "image/jpeg")
    store.put(EvidenceKind.SNAPSHOT, b"two", "image/jpeg")
    with dispatcher(status, 201) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 0)
    assert store.depth().rejected == 1
    assert len(desk.received) == 2


def test_what_arrives_damaged_is_sent_again_and_what_is_damaged_here_is_kept_aside(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    sound = store.put(EvidenceKind.SNAPSHOT, b"sound", "image/jpeg").sha256
    store.put(EvidenceKind.SNAPSHOT, b"broken", "image/jpeg")
    (broken,) = (file for file in store.waiting() if file.sha256 != sound)
    broken.path.write_bytes(b"spoilt")
    with dispatcher(422, 422, 201) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 0)
    assert store.depth().rejected == 1
    assert [body for _, body, *_ in desk.received] == [b"sound", b"spoilt", b"sound"]


def test_one_troublesome_file_does_not_hold_up_the_others(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    for content in (b"one", b"two", b"three"):
        store.put(EvidenceKind.SNAPSHOT, content, "image/jpeg")
    with dispatcher(500, 201, 201, 500) as desk, uploading(store, desk.url):
        eventually(lambda: store.depth().files == 1)
    assert {body for _, body, *_ in desk.received} >= {b"one", b"two", b"three"}, "the others were not waited with"


def test_without_a_dispatcher_it_waits_and_then_goes(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    with dispatcher(201) as gone:
        url = gone.url
    with uploading(store, url):
        store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
        pause = threading.Event()
        pause.wait(0.1)
        assert store.depth().files == 1


def test_new_files_are_uploaded_as_they_come(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    with dispatcher(201) as desk, uploading(store, desk.url):
        for number in range(5):
            store.put(EvidenceKind.SNAPSHOT, bytes([number]), "image/jpeg")
            desk.wait_for(number + 1)
        eventually(lambda: store.depth().files == 0)
    assert [body for _, body, *_ in desk.received] == [bytes([number]) for number in range(5)]


def test_where_the_gateway_itself_is_refused_one_file_is_tried_and_not_all(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    for content in (b"one", b"two", b"three"):
        store.put(EvidenceKind.SNAPSHOT, content, "image/jpeg")
    with dispatcher(401) as desk, uploading(store, desk.url):
        desk.wait_for(2)
    assert len({path for path, *_ in desk.received}) == 1
    assert store.depth().files == 3


def test_a_disk_that_refuses_for_a_while_does_not_end_the_uploads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
    with dispatcher(201) as desk:
        with monkeypatch.context() as broken:
            broken.setattr(Path, "unlink", refuse)
            uploader = EvidenceUploader(
                store, dispatcher_url=desk.url, token="t0ken", backoff=Backoff(base_s=0.01, ceiling_s=0.02)
            )
            uploader.start()
            desk.wait_for(2)
        eventually(lambda: store.depth().files == 0)
        uploader.close()
    assert len({path for path, *_ in desk.received}) == 1, "it was sent again, for it could not be taken off the disk"


def refuse(path: Path, missing_ok: bool = False) -> None:
    raise OSError(30, "Read-only file system")


def test_a_live_picture_of_a_fire_goes_before_the_backlog(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    for number in range(6):
        store.put(EvidenceKind.SNAPSHOT, bytes([number]), "image/jpeg")
    with dispatcher(201) as desk:
        desk.on_put = lambda count: put_fire(store) if count == 2 else None
        with uploading(store, desk.url):
            eventually(lambda: store.depth().files == 0)
    assert [body for _, body, *_ in desk.received].index(b"fire") == 2


def test_a_live_picture_of_a_fire_does_not_wait_for_the_next_attempt(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    store.put(EvidenceKind.SNAPSHOT, b"x", "image/jpeg")
    with dispatcher(503, 201) as desk:
        patient = Backoff(base_s=60.0, ceiling_s=60.0)
        uploader = EvidenceUploader(store, dispatcher_url=desk.url, token="t0ken", backoff=patient)
        uploader.start()
        desk.wait_for(1)
        store.put(EvidenceKind.SNAPSHOT, b"y", "image/jpeg")
        put_fire(store)
        eventually(lambda: store.depth().files == 0)
        uploader.close()
    assert [body for _, body, *_ in desk.received][:2] == [b"x", b"fire"]


def test_a_live_picture_of_a_fire_overtakes_a_clip_between_two_pieces(tmp_path: Path) -> None:
    store = DiskEvidence(tmp_path)
    clip = bytes(3 * PIECE_BYTES)
    store.put(EvidenceKind.CLIP, clip, "video/mp4")
    with dispatcher(202, 201, 202, 201) as desk:
        desk.on_put = lambda count: put_fire(store) if count == 1 else None
        with uploading(store, desk.url):
            eventually(lambda: store.depth().files == 0)
    assert [len(body) for _, body, *_ in desk.received] == [PIECE_BYTES, 4, PIECE_BYTES, PIECE_BYTES]


def put_fire(store: DiskEvidence) -> None:
    store.put(EvidenceKind.SNAPSHOT, b"fire", "image/jpeg", first=True)
