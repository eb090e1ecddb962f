"""Evidence files to the dispatcher, by HTTP PUT under their hash. Events never wait for this."""

import errno
import hashlib
import threading
import time
from enum import Enum, auto
from typing import BinaryIO

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.evidence import DiskEvidence, Lane, StoredFile
from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_STORED = frozenset({200, 201})
#: What arrived is not what the name says: damaged here, or on its way and where pieces are kept.
_DAMAGED = 422
#: Answers that do not blame the file: the token, the address, the load, the time, the piece.
_TRY_AGAIN = frozenset({401, 403, 404, 405, 408, 416, 425, 429})
#: Of these, answers that every other file would get, too: sending all of them again and again only costs the line.
_FOR_ALL = frozenset({401, 403, 404, 405, 429, 502, 503, 504})

#: Files above this are sent in pieces of this size.
PIECE_BYTES = 1_048_576


class _Stored(BaseModel):
    sha256: str


class _Progress(BaseModel):
    offset: int
    stored: bool = False


class _Result(Enum):
    STORED = auto()
    REFUSED = auto()
    LATER = auto()
    OVERTAKEN = auto()
    UNREACHABLE = auto()


class EvidenceUploader:
    """A thread that empties a DiskEvidence into ``{dispatcher_url}/api/v1/evidence/{sha256}``.

    A file is deleted here once the dispatcher says that it has it. What it refuses for good is kept aside, with a log
    line. Everything else is tried again with a growing, jittered pause, for ever; a live picture of a fire waits for
    the end of neither that pause nor a clip that is under way.
    """

    def __init__(
        self,
        store: DiskEvidence,
        *,
        dispatcher_url: str,
        token: str,
        backoff: Backoff | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._store = store
        self._url = dispatcher_url.rstrip("/")
        self._token = token
        self._backoff = backoff or Backoff()
        self._timeout = httpx.Timeout(timeout_s, connect=min(5.0, timeout_s))
        self._faults = FoldedLog(_log)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence-upload", daemon=True)
        store.listen(self._wake.set)

    def start(self) -> None:
        """Begin; what waits from earlier goes first."""
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop after the file that is under way, waiting at most ``timeout_s`` for it. The rest waits on disk."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(headers=headers, timeout=self._timeout) as client:
            while not self._stop.is_set():
                try:
                    done = self._empty(client)
                except SpoolError as error:
                    self._faults.warning("disk", str(error))
                    done = False
                except Exception as error:  # noqa: BLE001 - the worker loop: without it no evidence leaves this box
                    self._faults.warning("fault", f"the upload stumbled ({error!r}) and tries again")
                    done = False
                if done:
                    self._backoff.reset()
                    self._wake.wait()
                else:
                    self._pause(self._backoff.next())

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and (left_s := until - time.monotonic()) > 0:
            if self._wake.wait(left_s):
                self._wake.clear()
                first = self._store.next()
                if first is not None and first.lane is Lane.LIVE:
                    return

    def _empty(self, client: httpx.Client) -> bool:
        """Upload what waits; False when something has to be tried again."""
        done, tried = True, set[str]()
        waiting: list[StoredFile] = []
        self._wake.set()
        while not self._stop.is_set():
            if self._wake.is_set():
                self._wake.clear()
                waiting = [file for file in self._store.waiting() if file.sha256 not in tried]
            if not waiting:
                return done
            file = waiting.pop(0)
            result = self._upload(client, file)
            if result is _Result.UNREACHABLE:
                return False
            if result is _Result.OVERTAKEN:
                continue
            tried.add(file.sha256)
            if result is _Result.LATER:
                done = False
            elif result is _Result.STORED:
                self._faults.over("upload", "evidence is being uploaded again")
                self._store.settle(file)
            else:
                self._store.reject(file)
        return True

    def _upload(self, client: httpx.Client, file: StoredFile) -> _Result:
        url = f"{self._url}/api/v1/evidence/{file.sha256}"
        try:
            with file.path.open("rb") as content:
                if file.bytes <= PIECE_BYTES:
                    answer = client.put(url, content=content.read(), headers={"Content-Type": file.mime})
                    return self._judge(answer, file)
                return self._send_pieces(client, url, file, content)
        except FileNotFoundError:
            return _Result.STORED
        except OSError as error:
            self._faults.warning("upload", f"evidence file {file.path} cannot be read ({error.strerror})")
            # Only the medium has lost it for good: rights are mended, and files that are open elsewhere are closed.
            return _Result.REFUSED if error.errno == errno.EIO else _Result.LATER
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            self._faults.warning(
                "upload", f"evidence cannot be uploaded to {self._url} ({why}): check dispatcher.url; it waits on disk"
            )
            return _Result.UNREACHABLE

    def _send_pieces(self, client: httpx.Client, url: str, file: StoredFile, content: BinaryIO) -> _Result:
        """From where the dispatcher stands: a line that breaks in every clip gets through all the same."""
        answer = client.get(f"{url}/upload")
        if answer.status_code != 200:
            return self._judge(answer, file)
        offset, stored = _progress(answer)
        if not stored and offset == file.bytes:
            # Every byte is there, and storing them failed: the last piece once more has it tried again.
            offset -= (file.bytes - 1) % PIECE_BYTES + 1
        while not stored and offset < file.bytes and not self._stop.is_set():
            if self._is_overtaken(file):
                return _Result.OVERTAKEN
            content.seek(offset)
            piece = content.read(PIECE_BYTES)
            span = f"bytes {offset}-{offset + len(piece) - 1}/{file.bytes}"
            answer = client.put(url, content=piece, headers={"Content-Type": file.mime, "Content-Range": span})
            if answer.status_code != 202:
                return self._judge(answer, file)
            offset, _ = _progress(answer)
        return _Result.STORED if stored else _Result.LATER

    def _believe(self, answer: httpx.Response, file: StoredFile) -> _Result:
        """Whether it was the dispatcher that said yes: a router's page about used-up data answers everything with 200,
        or with nothing, and what it is said to have is deleted here."""
        if _names(answer, file):
            return _Result.STORED
        self._faults.warning(
            "upload", f"not the dispatcher answers at {self._url}: check dispatcher.url and what is on the way to it"
        )
        return _Result.UNREACHABLE

    def _is_overtaken(self, file: StoredFile) -> bool:
        """Whether something that goes before it has come meanwhile."""
        first = self._store.next() if self._wake.is_set() else None
        return first is not None and first.turn < file.turn

    def _judge(self, answer: httpx.Response, file: StoredFile) -> _Result:
        status = answer.status_code
        if status in _STORED:
            return self._believe(answer, file)
        if status == _DAMAGED and _is_sound(file):
            self._faults.warning("upload", f"evidence {file.sha256} arrived damaged and is sent again")
            return _Result.LATER
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            _log.error("the dispatcher refused evidence for good", sha256=file.sha256, status=status, kept="rejected/")
            return _Result.REFUSED
        advice = "check the gateway's token" if status in {401, 403} else "check dispatcher.url and its log"
        self._faults.warning("upload", f"the dispatcher at {self._url} answers {status} to evidence: {advice}")
        return _Result.UNREACHABLE if status in _FOR_ALL else _Result.LATER


def _names(answer: httpx.Response, file: StoredFile) -> bool:
    try:
        return _Stored.model_validate_json(answer.content).sha256 == file.sha256
    except ValidationError:
        return False


def _is_sound(file: StoredFile) -> bool:
    """Whether it still is what its name says."""
    try:
        with file.path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _progress(answer: httpx.Response) -> tuple[int, bool]:
    """(bytes that the dispatcher holds, whether it has the file)."""
    try:
        told = _Progress.model_validate_json(answer.content)
    except ValidationError as error:
        raise httpx.DecodingError("the dispatcher's answer cannot be read: check dispatcher.url") from error
    return told.offset, told.stored
