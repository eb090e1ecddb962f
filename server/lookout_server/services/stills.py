"""The newest picture of each camera, for the wall. Gateways send them; only the newest is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import NotFoundError, TooLargeError, WrongTypeError
from lookout_server.ports import Store

#: A 1920 pixel JPEG of a busy street has a third of this.
MAX_BYTES = 2 * 1024 * 1024
_JPEG = b"\xff\xd8\xff"


class Stills(Protocol):
    """Where the pictures are."""

    async def put(self, key: CameraKey, content: bytes, taken_at: datetime) -> None:
        """Replace the camera's picture."""
        ...

    async def times(self) -> Mapping[CameraKey, datetime]:
        """Whose picture there is, and when it was taken."""
        ...

    async def get(self, key: CameraKey) -> bytes | None:
        """The JPEG file; None when there is none."""
        ...


async def keep_still(
    store: Store, stills: Stills, key: CameraKey, content: bytes, taken_at: datetime, *, at: datetime
) -> None:
    """Keep a gateway's picture of its camera. One of a camera that nobody knows is refused: nobody would see it.

    ``taken_at`` after ``at`` counts as ``at``: a clock that is ahead makes no picture younger than it is.
    """
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"the picture is larger than {MAX_BYTES} bytes: send a smaller one")
    if not content.startswith(_JPEG):
        raise WrongTypeError("a still is a JPEG picture: this is none")
    async with store.read() as uow:
        if key not in await uow.territory.cameras({key}):
            raise NotFoundError(f"there is no camera {key.path}: it has not been announced yet")
    await stills.put(key, content, min(taken_at, at))


async def stills_for(store: Store, stills: Stills, by: Access) -> list[tuple[CameraKey, datetime]]:
    """The cameras of somebody's places of which there is a picture, and when it was taken."""
    times = await stills.times()
    async with store.read() as uow:
        cameras = await uow.territory.cameras(times.keys())
    return [(key, times[key]) for key, camera in cameras.items() if by.covers(camera.grid)]


async def still_of(store: Store, stills: Stills, key: CameraKey, by: Access) -> bytes:
    """The picture; NotFoundError when there is none that is theirs to see."""
    async with store.read() as uow:
        camera = (await uow.territory.cameras({key})).get(key)
    content = await stills.get(key) if camera is not None and by.covers(camera.grid) else None
    if content is None:
        raise NotFoundError("there is no picture of this camera that you can see: it may not have been sent yet")
    return content
