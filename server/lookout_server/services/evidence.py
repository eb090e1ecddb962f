"""Evidence files: taking them in, and who may look at them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case
from lookout_server.errors import NotFoundError, RangeError, TooLargeError, WrongHashError, WrongTypeError
from lookout_server.ports import EvidenceStore, Store, StoredFile, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.care import note_reading


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file on its way in. ``uploader`` is ``person:ID`` or ``gateway:ID``."""

    sha256: str
    mime: str
    body: AsyncIterator[bytes]
    uploader: str
    at: datetime


class Pieces(Protocol):
    """What has arrived of uploads that come in pieces, by uploader and hash."""

    def offset(self, uploader: str, sha256: str) -> int:
        """Bytes held; 0 when there are none."""
        ...

    async def append(self, uploader: str, sha256: str, body: AsyncIterator[bytes], *, max_bytes: int) -> int:
        """Put a piece behind what is held; the new size. A body that breaks off leaves what came of it."""
        ...

    def read(self, uploader: str, sha256: str) -> AsyncIterator[bytes]:
        """All that is held."""
        ...

    def discard(self, uploader: str, sha256: str) -> None:
        """Forget it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Bytes ``start`` up to, not including, ``end`` of a file that has ``total``."""

    start: int
    end: int
    total: int


async def keep_piece(
    store: Store, files: EvidenceStore, pieces: Pieces, upload: Upload, piece: Piece, *, max_bytes: int
) -> StoredFile | int:
    """Take a piece; the stored file once it is whole, else how many bytes are held.

    RangeError when the piece does not begin where the upload stands; what is held goes when the whole is refused.
    Of an upload that is whole and could not be stored any piece will do, and is passed over: storing is tried again.
    """
    if piece.total > max_bytes:
        raise TooLargeError(f"the file is larger than {max_bytes} bytes; send a shorter clip or a smaller picture")
    held = pieces.offset(upload.uploader, upload.sha256)
    if held == piece.total:
        await _pass_over(upload.body, max_bytes=piece.total)
    elif piece.start != held:
        raise RangeError(f"the upload stands at byte {held}: go on from there", offset=held)
    else:
        size = await pieces.append(upload.uploader, upload.sha256, upload.body, max_bytes=piece.total)
        if size < piece.total:
            return size
    whole = replace(upload, body=pieces.read(upload.uploader, upload.sha256))
    try:
        stored = await keep(store, files, whole, max_bytes=max_bytes)
    except (WrongHashError, WrongTypeError, TooLargeError):
        pieces.discard(upload.uploader, upload.sha256)
        raise
    pieces.discard(upload.uploader, upload.sha256)
    return stored


async def _pass_over(body: AsyncIterator[bytes], *, max_bytes: int) -> None:
    passed = 0
    async for chunk in body:
        passed += len(chunk)
        if passed > max_bytes:
            raise TooLargeError(f"the pieces are larger than {max_bytes} bytes together: send less")


async def upload_offset(
    store: Store, files: EvidenceStore, pieces: Pieces | None, uploader: str, sha256: str
) -> tuple[int, bool]:
    """How many bytes an upload has come to, and whether the file is stored already."""
    known = await _stored(store, files, sha256)
    if known is not None:
        return known.bytes, True
    return (0 if pieces is None else pieces.offset(uploader, sha256)), False


async def _stored(store: Store, files: EvidenceStore, sha256: str) -> StoredFile | None:
    """The file, if it is in the index and in the store, whose disk may have been replaced."""
    async with store.read() as uow:
        known = (await uow.evidence.get([sha256])).get(sha256)
    return known if known is not None and await files.size(sha256) == known.bytes else None


async def keep(store: Store, files: EvidenceStore, upload: Upload, *, max_bytes: int) -> StoredFile:
    """Store the file, then tell the alarms and cases that wait for it. ``created`` says whether it was new.

    Raises WrongHashError, TooLargeError, WrongTypeError or StoreError.
    """
    known = await _stored(store, files, upload.sha256)
    if known is not None:
        return replace(known, created=False)
    stored = await files.put(upload.sha256, upload.mime, upload.body, max_bytes=max_bytes)
    async with store.write() as uow:
        created = await uow.evidence.add(stored, uploader=upload.uploader, at=upload.at)
        if created:
            await _announce(uow, stored.sha256, upload.at)
        await uow.commit()
    return replace(stored, created=created)


async def find(store: Store, sha256: str, by: Access, *, at: datetime) -> StoredFile:
    """The file, or NotFoundError. People see what belongs to their cases and alarms and what they brought themselves.

    What belongs to nothing yet is the whole site's control room's.
    """
    async with store.read() as uow:
        file = (await uow.evidence.get([sha256])).get(sha256)
        belongs = await _belongs(uow, sha256)
        if file is None or not await _is_theirs(uow, sha256, belongs, by):
            raise NotFoundError("there is no such file that you can see: it may not have been uploaded yet")
    for case in belongs.cases:
        if case.scenario in RESTRICTED:
            await note_reading(store, case, by, sha256, at=at)
    return file


@dataclass(frozen=True)
class _Belongs:
    """What names a file."""

    alarms: Sequence[Alarm]
    cases: Sequence[Case]


async def _belongs(uow: UnitOfWork, sha256: str) -> _Belongs:
    alarms = await uow.alarms.get(await uow.alarms.with_evidence(sha256))
    ids = {alarm.case_id for alarm in alarms.values() if alarm.case_id}
    cases = await uow.cases.get(ids.union(await uow.cases.with_evidence(sha256)))
    return _Belongs(list(alarms.values()), list(cases.values()))


async def _is_theirs(uow: UnitOfWork, sha256: str, belongs: _Belongs, by: Access) -> bool:
    if await uow.evidence.uploader(sha256) == f"person:{by.person.id}":
        return True
    if any(by.opens(case) for case in belongs.cases):
        return True
    # The pictures of a care alarm that became a case are the case's.
    free = [each for each in belongs.alarms if each.case_id is None or each.scenario not in RESTRICTED]
    cameras = await uow.territory.cameras({alarm.camera for alarm in free})
    grids = {key: camera.grid for key, camera in cameras.items()}
    if any(by.sees_alarm(alarm.scenario, grids.get(alarm.camera)) for alarm in free):
        return True
    if not any(case.scenario in RESTRICTED for case in belongs.cases):
        rounds = await uow.rounds.grids_of_photo(sha256)
        if by.person.in_control_room and any(by.covers(grid) for grid in rounds):
            return True
    return not belongs.alarms and not belongs.cases and by.person.in_control_room and by.places is None


async def is_closed_to(uow: UnitOfWork, sha256: str, by: Access) -> bool:
    """Whether a file belongs to care that is not open to somebody, and not to them: to name it elsewhere, where they
    see it, would carry it out of its record."""
    belongs = await _belongs(uow, sha256)
    restricted = any(each.scenario in RESTRICTED for each in (*belongs.cases, *belongs.alarms))
    return restricted and not await _is_theirs(uow, sha256, belongs, by)


async def _announce(uow: UnitOfWork, sha256: str, at: datetime) -> None:
    for alarm_id in await uow.alarms.with_evidence(sha256):
        announce.alarm_changed(uow, alarm_id, "evidence", at)
    cases = await uow.cases.get(await uow.cases.with_evidence(sha256))
    for case in cases.values():
        announce.case_noted(uow, case, "evidence", at)
