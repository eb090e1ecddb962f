"""Small pictures for the control room's wall, by HTTP PUT. The dispatcher keeps the newest of each camera."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import structlog

from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.adapters.jpeg import MIME, encode_jpeg
from lookout_edge.domain.frame import Image
from lookout_edge.errors import EdgeError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_QUALITY = 80
#: A camera that has just begun to see is on the wall soon, however seldom its picture changes.
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A camera's newest picture: its frame time, seconds since the Unix epoch, and the way to the BGR image."""

    camera: str
    at: float
    image: Callable[[], Image | None]


class StillPoster:
    """A thread that puts each camera's newest picture to ``{dispatcher_url}/api/v1/stills/{camera}`` every ``every_s``
    seconds of frame time. A picture that does not arrive is not kept: the next one is newer.
    """

    def __init__(
        self,
        shots: Callable[[], Sequence[Shot]],
        *,
        dispatcher_url: str,
        token: str,
        every_s: float = 60.0,
        max_size: int = 960,
    ) -> None:
        self._shots = shots
        self._url = dispatcher_url.rstrip("/")
        self._token = token
        self._every_s = every_s
        self._max_size = max_size
        #: Frame time of each camera's picture that the dispatcher has.
        self._sent: dict[str, float] = {}
        self._faults = FoldedLog(_log)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stills", daemon=True)

    def start(self) -> None:
        """Begin with whatever can be seen."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the picture that is under way, without waiting long for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": MIME}
        with httpx.Client(headers=headers, timeout=_TIMEOUT) as client:
            while not self._stop.is_set():
                try:
                    self._post_due(client)
                except Exception as error:  # noqa: BLE001 - the worker loop: without it the wall shows old pictures
                    self._faults.warning("fault", f"pictures for the wall stumbled ({error!r}) and are tried again")
                self._stop.wait(min(self._every_s, _LOOK_EVERY_S))

    def _post_due(self, client: httpx.Client) -> None:
        """Send what is due; when the dispatcher does not answer, the rest waits for the next turn."""
        for shot in self._shots():
            due_at = self._sent.get(shot.camera, float("-inf")) + self._every_s
            # A looped clip's time may begin anew.
            if self._stop.is_set() or self._sent.get(shot.camera, 0.0) <= shot.at < due_at:
                continue
            try:
                if not self._post(client, shot):
                    return
            except EdgeError as error:
                self._faults.warning(f"still-{shot.camera}", f"{error} The wall shows an older one.")

    def _post(self, client: httpx.Client, shot: Shot) -> bool:
        image = shot.image()
        if image is None:
            return True
        taken = datetime.fromtimestamp(shot.at, UTC).isoformat()
        content = encode_jpeg(image, max_size=self._max_size, quality=_QUALITY)
        try:
            answer = client.put(f"{self._url}/api/v1/stills/{shot.camera}", params={"at": taken}, content=content)
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            self._faults.warning("stills", f"pictures for the wall cannot be sent to {self._url} ({why})")
            return False
        # Refused ones are tried again at the same pace: the camera may have to be made known first.
        self._sent[shot.camera] = shot.at
        if answer.is_success:
            self._faults.over("stills", "pictures for the wall are sent again")
            return True
        self._faults.warning(
            "stills", f"the dispatcher refuses the picture of {shot.camera} for the wall: HTTP {answer.status_code}"
        )
        return True
