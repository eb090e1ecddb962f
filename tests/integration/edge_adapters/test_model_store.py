"""Model packages from the dispatcher's shelf over HTTP, broken connections and all, and which runs after a restart."""

import hashlib
import io
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lookout_edge.adapters.model_store import ModelStore, RolledOut
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.errors import EdgeError, ModelError
from lookout_server.adapters.model_shelf import ModelShelf
from lookout_server.errors import InvalidError
from lookout_server.ports import ModelPackage


@dataclass
class Dispatcher:
    """Serves one package; ``cut_after`` ends the next answer early."""

    content: bytes = b""
    cut_after: int | None = None
    asked: list[str | None] = field(default_factory=list[str | None])

    def __post_init__(self) -> None:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                span = self.headers.get("Range")
                world.asked.append(span)
                if self.headers.get("Authorization") != "Bearer secret":
                    self.send_error(401)
                    return
                body = world.content[int(span.split("=")[1].rstrip("-")) if span else 0 :]
                self.send_response(206 if span else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                cut, world.cut_after = world.cut_after, None
                self.wfile.write(body[:cut])

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    made = Dispatcher()
    yield made
    made.server.shutdown()
    made.server.server_close()


def shelved(tmp_path: Path, name: str = "coco-nano", extra: bytes = b"") -> tuple[ModelPackage, bytes]:
    """A package of an entry of our own zoo."""
    entry = tmp_path / f"entry{len(extra)}"
    shutil.copytree(Zoo.find().entry(name).folder, entry, dirs_exist_ok=True)
    (entry / "CARD.md").write_bytes(extra or b"a card")
    shelf = ModelShelf(tmp_path / "shelf")
    package = shelf.add(entry)
    found = shelf.find(package.sha256)
    assert found is not None
    return package, found[1].read_bytes()


def store(tmp_path: Path, dispatcher: Dispatcher, token: str = "secret") -> ModelStore:
    return ModelStore(tmp_path / "models", dispatcher_url=dispatcher.url, token=token)


def test_a_package_is_fetched_checked_and_unpacked_once(tmp_path: Path, dispatcher: Dispatcher) -> None:
    package, dispatcher.content = shelved(tmp_path)
    models = store(tmp_path, dispatcher)
    rolled = models.fetch("coco-nano", package.sha256, package.bytes)
    assert Zoo(rolled.folder).entry("coco-nano").weights() == Zoo.find().entry("coco-nano").weights()
    assert models.fetch("coco-nano", package.sha256, package.bytes) == rolled
    assert dispatcher.asked == [None]


def test_the_other_looks_of_a_detector_come_along(tmp_path: Path, dispatcher: Dispatcher) -> None:
    package, dispatcher.content = shelved(tmp_path, "community-nano-int8")
    rolled = store(tmp_path, dispatcher).fetch("community-nano-int8", package.sha256, package.bytes)
    fire = ("fire-detector", "fire-far-look", "fire-second-look")
    others = ("rubbish-detector", "rubbish-second-look", "street-detector")
    assert Zoo(rolled.folder).names() == ("community-nano-int8", *fire, *others, "two-wheeler-second-look")


def test_a_broken_download_goes_on_where_it_ended(tmp_path: Path, dispatcher: Dispatcher) -> None:
    package, dispatcher.content = shelved(tmp_path)
    dispatcher.cut_after = 1000
    with pytest.raises(EdgeError, match="cannot be fetched"):
        store(tmp_path, dispatcher).fetch("coco-nano", package.sha256, package.bytes)
    store(tmp_path, dispatcher).fetch("coco-nano", package.sha256, package.bytes)
    assert dispatcher.asked == [None, "bytes=1000-"]


def test_anything_else_than_what_was_asked_for_is_thrown_away(tmp_path: Path, dispatcher: Dispatcher) -> None:
    package, content = shelved(tmp_path)
    dispatcher.content = content[:-1] + b"x"
    with pytest.raises(EdgeError, match="not the package"):
        store(tmp_path, dispatcher).fetch("coco-nano", package.sha256, package.bytes)
    with pytest.raises(EdgeError, match="answers 401"):
        store(tmp_path, dispatcher, token="wrong").fetch("coco-nano", package.sha256, package.bytes)
    assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]


def test_a_package_reaches_nothing_outside_its_folder(tmp_path: Path, dispatcher: Dispatcher) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.yaml", "x")
    dispatcher.content = packed.getvalue()
    with pytest.raises(ModelError, match="no part of a model"):
        store(tmp_path, dispatcher).fetch("m", hashlib.sha256(dispatcher.content).hexdigest(), len(dispatcher.content))
    assert not list(tmp_path.glob("**/evil.yaml"))


def test_which_model_runs_after_a_restart(tmp_path: Path, dispatcher: Dispatcher) -> None:
    first, second = shelved(tmp_path), shelved(tmp_path, extra=b"another card")
    models = store(tmp_path, dispatcher)
    assert models.chosen("coco-nano") is None
    rolled: list[RolledOut] = []
    for package, dispatcher.content in (first, second):
        rolled.append(models.fetch("coco-nano", package.sha256, package.bytes))
        models.begin_trial(rolled[-1], "coco-nano")
        if len(rolled) == 1:
            models.keep()
    # The second was on trial when the gateway ended.
    again = store(tmp_path, dispatcher)
    assert again.chosen("coco-nano") == rolled[0]
    assert again.chosen("coco-nano") == rolled[0]
    assert not rolled[1].folder.exists()
    assert again.chosen("community-nano") is None


def test_a_first_trial_that_a_restart_ended_leaves_the_configured_model(tmp_path: Path, dispatcher: Dispatcher) -> None:
    package, dispatcher.content = shelved(tmp_path)
    models = store(tmp_path, dispatcher)
    models.begin_trial(models.fetch("coco-nano", package.sha256, package.bytes), "coco-nano")
    assert store(tmp_path, dispatcher).chosen("coco-nano") is None


def test_the_same_entry_gives_the_same_package_and_a_damaged_one_none(tmp_path: Path) -> None:
    assert shelved(tmp_path) == shelved(tmp_path)
    entry = tmp_path / "damaged"
    shutil.copytree(Zoo.find().entry("coco-nano").folder, entry)
    (entry / "coco-nano.onnx").write_bytes(b"x")
    with pytest.raises(InvalidError, match="is not what model"):
        ModelShelf(tmp_path / "shelf").add(entry)
    with pytest.raises(InvalidError, match="no zoo entry"):
        ModelShelf(tmp_path / "shelf").add(tmp_path)
