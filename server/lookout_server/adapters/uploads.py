"""Uploads that come in pieces: what has arrived of each, on this machine's disk, until it is whole."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from lookout_server.adapters.files import in_pieces, make_private_folder
from lookout_server.errors import StoreError, TooLargeError

#: Pieces that nobody goes on with are deleted after this.
_FORGET_AFTER_S = 24 * 3600.0
#: What one uploader may leave unfinished, in files of the largest size.
_UNFINISHED = 4
_CHUNK = 256 * 1024


class PieceFolder:
    """Implements services.evidence.Pieces. Names are made of hashes, so nobody reaches another's pieces or outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def offset(self, uploader: str, sha256: str) -> int:
        """See the port."""
        file = self._file(uploader, sha256)
        return file.stat().st_size if file.exists() else 0

    async def append(self, uploader: str, sha256: str, body: AsyncIterator[bytes], *, max_bytes: int) -> int:
        """See the port."""
        file = self._file(uploader, sha256)
        try:
            make_private_folder(file.parent)
            self._make_room(file, max_bytes)
            with file.open("ab") as out:
                async for piece in in_pieces(body):
                    if out.tell() + len(piece) > max_bytes:
                        raise TooLargeError(f"the pieces are larger than {max_bytes} bytes together: send less")
                    await asyncio.to_thread(out.write, piece)
                return out.tell()
        except OSError as error:
            raise StoreError(f"the piece cannot be kept: {error}; make room on the disk") from error

    async def read(self, uploader: str, sha256: str) -> AsyncIterator[bytes]:
        """See the port."""
        with self._file(uploader, sha256).open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk

    def discard(self, uploader: str, sha256: str) -> None:
        """See the port."""
        self._file(uploader, sha256).unlink(missing_ok=True)

    def _file(self, uploader: str, sha256: str) -> Path:
        return self._folder / hashlib.sha256(uploader.encode()).hexdigest()[:32] / f"{sha256}.part"

    def _make_room(self, keep: Path, max_bytes: int) -> None:
        """The uploader's oldest pieces go when they are old, or together more than one may leave unfinished."""
        others = sorted((file for file in keep.parent.glob("*.part") if file != keep), key=lambda f: f.stat().st_mtime)
        size = sum(file.stat().st_size for file in others)
        for file in others:
            old = time.time() - file.stat().st_mtime > _FORGET_AFTER_S
            if old or size > (_UNFINISHED - 1) * max_bytes:
                size -= file.stat().st_size
                file.unlink(missing_ok=True)
