"""The newest picture of each camera, in a folder: ``GATEWAY/CAMERA.jpg``, its time of change when it was taken."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lookout_server.adapters.files import make_private_folder
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import StoreError


class StillFolder:
    """Implements services.stills.Stills. Ids follow the contract's pattern, so no name reaches outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: CameraKey, content: bytes, taken_at: datetime) -> None:
        """See the port."""
        try:
            await asyncio.to_thread(self._put, key, content, taken_at.timestamp())
        except OSError as error:
            raise StoreError(f"the picture cannot be kept: {error}; make room on the disk") from error

    async def times(self) -> Mapping[CameraKey, datetime]:
        """See the port."""
        return await asyncio.to_thread(self._times)

    async def get(self, key: CameraKey) -> bytes | None:
        """See the port."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            return None

    def _put(self, key: CameraKey, content: bytes, taken_at: float) -> None:
        path = self._path(key)
        make_private_folder(path.parent)
        temporary = path.with_suffix(".new")
        # Not synced: after a power cut there is a new picture within a minute.
        temporary.write_bytes(content)
        os.utime(temporary, (taken_at, taken_at))
        temporary.replace(path)

    def _times(self) -> dict[CameraKey, datetime]:
        return {
            CameraKey(gateway=path.parent.name, id=path.stem): datetime.fromtimestamp(path.stat().st_mtime, UTC)
            for path in sorted(self._folder.glob("*/*.jpg"))
        }

    def _path(self, key: CameraKey) -> Path:
        return self._folder / key.gateway / f"{key.id}.jpg"
