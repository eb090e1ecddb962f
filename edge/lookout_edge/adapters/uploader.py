"""Evidence files to the dispatcher, by HTTP PUT under their hash. Events never wait for this."""

import threading
from enum import Enum, auto

import httpx
import structlog

from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.evidence import DiskEvidence, StoredFile
from lookout_edge.adapters.folded_log import FoldedLog

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_STORED = frozenset({200, 201, 204, 409})
#: Answers that do not blame the file: the token, the address, the load, the time.
_TRY_AGAIN = frozenset({401, 403, 404, 405, 408, 425, 429})


class _Result(Enum):
    STORED = auto()
    REFUSED = auto()
    LATER = auto()
    UNREACHABLE = auto()


class EvidenceUploader:
    """A thread that empties a DiskEvidence into ``{dispatcher_url}/api/v1/evidence/{sha256}``.

    A file is deleted here once the dispatcher says that it has it. What it refuses for good is kept aside, with a log
    line. Everything else is tried again with a growing, jittered pause, for ever.
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
                self._wake.clear()
                if self._empty(client):
                    self._backoff.reset()
                    self._wake.wait()
                else:
                    self._stop.wait(self._backoff.next())

    def _empty(self, client: httpx.Client) -> bool:
        """Upload what waits; False when something has to be tried again."""
        done = True
        for file in self._store.waiting():
            if self._stop.is_set():
                return True
            result = self._upload(client, file)
            if result is _Result.UNREACHABLE:
                return False
            if result is _Result.LATER:
                done = False
            elif result is _Result.STORED:
                self._faults.over("upload", "evidence is being uploaded again")
                self._store.settle(file)
            else:
                self._store.reject(file)
        return done

    def _upload(self, client: httpx.Client, file: StoredFile) -> _Result:
        url = f"{self._url}/api/v1/evidence/{file.sha256}"
        try:
            content = file.path.read_bytes()
        except FileNotFoundError:
            return _Result.STORED
        except OSError as error:
            self._faults.warning("upload", f"evidence file {file.path} cannot be read ({error.strerror})")
            return _Result.REFUSED
        try:
            answer = client.put(url, content=content, headers={"Content-Type": file.mime})
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            self._faults.warning(
                "upload", f"evidence cannot be uploaded to {self._url} ({why}): check dispatcher.url; it waits on disk"
            )
            return _Result.UNREACHABLE
        return self._judge(answer.status_code, file)

    def _judge(self, status: int, file: StoredFile) -> _Result:
        if status in _STORED:
            return _Result.STORED
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            _log.error("the dispatcher refused evidence for good", sha256=file.sha256, status=status, kept="rejected/")
            return _Result.REFUSED
        advice = "check the gateway's token" if status in {401, 403} else "check dispatcher.url and its log"
        self._faults.warning("upload", f"the dispatcher at {self._url} answers {status} to evidence: {advice}")
        return _Result.LATER
