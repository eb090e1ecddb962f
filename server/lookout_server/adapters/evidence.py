"""Evidence files by their SHA-256, in a folder or an S3 bucket: written whole or not at all, never changed."""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from obstore import delete_async, get_async, head_async, put_async
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from lookout_server.adapters.files import in_pieces
from lookout_server.errors import ConfigError, NotFoundError, StoreError, TooLargeError, WrongHashError, WrongTypeError
from lookout_server.ports import StoredFile

_HASH = re.compile(r"[0-9a-f]{64}")
_IN_MEMORY = 1024 * 1024
_READ_CHUNK = 256 * 1024
_HEAD_BYTES = 16


class ObjectEvidence:
    """Implements ``EvidenceStore`` on an object store. Names are ``ab/cd/SHA256``, so no caller can reach outside."""

    def __init__(self, store: LocalStore | S3Store, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    async def put(self, sha256: str, mime: str, body: AsyncIterator[bytes], *, max_bytes: int) -> StoredFile:
        """See the port. The body is checked on its way into a temporary file; only then does it get its name."""
        name = _name(sha256)
        held = await self.size(sha256)
        # Rolls over to disk past 1 MiB, so that forty phones sending videos do not add up in memory.
        with tempfile.SpooledTemporaryFile(
            max_size=_IN_MEMORY, dir=None if self._folder is None else str(self._folder)
        ) as file:
            size = await _receive(body, file, sha256=sha256, max_bytes=max_bytes)
            file.seek(0)
            _check_type(mime, file.read(_HEAD_BYTES))
            if held is not None:
                return StoredFile(sha256=sha256, mime=mime, bytes=held, created=False)
            file.seek(0)
            try:
                await put_async(self._store, name, file)
            except (BaseError, OSError) as error:
                raise StoreError(f"the evidence store refuses the file: {error}") from error
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / name)
        return StoredFile(sha256=sha256, mime=mime, bytes=size, created=True)

    async def size(self, sha256: str) -> int | None:
        """See the port."""
        try:
            return (await head_async(self._store, _name(sha256)))["size"]
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StoreError(f"the evidence store does not answer: {error}") from error

    async def read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See the port."""
        if end <= start:
            return
        try:
            found = await get_async(self._store, _name(sha256), options={"range": (start, end)})
            async for chunk in found.stream(min_chunk_size=_READ_CHUNK):
                yield bytes(chunk)
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no evidence file {sha256}") from error
        except (BaseError, OSError) as error:
            raise StoreError(f"the evidence store does not answer: {error}") from error

    async def delete(self, sha256: str) -> None:
        """See the port."""
        try:
            await delete_async(self._store, _name(sha256))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreError(f"the evidence store does not let go of a file: {error}") from error


def open_evidence(place: Path | str) -> ObjectEvidence:
    """A folder (made when missing) or ``s3://bucket/prefix``, whose credentials come from the AWS_* environment."""
    try:
        if isinstance(place, str):
            return ObjectEvidence(S3Store.from_url(place))
        place.mkdir(parents=True, exist_ok=True)
        return ObjectEvidence(LocalStore(prefix=place), folder=place)
    except (BaseError, OSError, ValueError) as error:
        raise ConfigError(f"evidence: {place} cannot be used: {error}") from error


def _name(sha256: str) -> str:
    if not _HASH.fullmatch(sha256):
        raise NotFoundError("evidence is named by 64 lower-case hexadecimal digits")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


async def _receive(body: AsyncIterator[bytes], file: IO[bytes], *, sha256: str, max_bytes: int) -> int:
    digest, size = hashlib.sha256(), 0

    def take(piece: bytes) -> None:
        digest.update(piece)
        file.write(piece)

    async for piece in in_pieces(body):
        size += len(piece)
        if size > max_bytes:
            raise TooLargeError(f"the file is larger than {max_bytes} bytes; send a shorter clip or a smaller picture")
        try:
            await asyncio.to_thread(take, piece)
        except OSError as error:
            raise StoreError(f"the file cannot be kept while it arrives: {error}; make room on the disk") from error
    if digest.hexdigest() != sha256:
        raise WrongHashError("the bytes that arrived are not those of the name; they were thrown away, send them again")
    return size


def _check_type(mime: str, head: bytes) -> None:
    fits = {
        "image/jpeg": head.startswith(b"\xff\xd8\xff"),
        "image/png": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "image/webp": head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        "video/mp4": head[4:8] == b"ftyp",
    }
    if mime not in fits:
        raise WrongTypeError(f"evidence is {', '.join(fits)}; {mime!r} is not taken")
    if not fits[mime]:
        raise WrongTypeError(f"the content is not {mime}; send it with the Content-Type it has")


def _sync(path: Path) -> None:
    """To disk: the gateway deletes its copy once we say that we have it."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))):
        descriptor = os.open(each, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
