"""Evidence files: taking them in, and who may look at them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from lookout_server.domain.moving import may_see
from lookout_server.domain.territory import Person
from lookout_server.errors import NotFoundError
from lookout_server.ports import EvidenceStore, Store, StoredFile, UnitOfWork
from lookout_server.services import announce


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file on its way in. ``uploader`` is ``person:ID`` or ``gateway:ID``."""

    sha256: str
    mime: str
    body: AsyncIterator[bytes]
    uploader: str
    at: datetime


async def keep(store: Store, files: EvidenceStore, upload: Upload, *, max_bytes: int) -> StoredFile:
    """Store the file, then tell the alarms and cases that wait for it. ``created`` says whether it was new.

    Raises WrongHashError, TooLargeError, WrongTypeError or StoreError.
    """
    async with store.read() as uow:
        known = (await uow.evidence.get([upload.sha256])).get(upload.sha256)
    if known is not None and await files.size(upload.sha256) == known.bytes:
        return replace(known, created=False)
    stored = await files.put(upload.sha256, upload.mime, upload.body, max_bytes=max_bytes)
    async with store.write() as uow:
        created = await uow.evidence.add(stored, uploader=upload.uploader, at=upload.at)
        if created:
            await _announce(uow, stored.sha256, upload.at)
        await uow.commit()
    return replace(stored, created=created)


async def find(store: Store, sha256: str, person: Person) -> StoredFile:
    """The file, or NotFoundError. Workers see what belongs to their cases and what they brought themselves."""
    async with store.read() as uow:
        file = (await uow.evidence.get([sha256])).get(sha256)
        if file is None or not (person.in_control_room or await _is_theirs(uow, sha256, person)):
            raise NotFoundError("there is no such file that you can see: it may not have been uploaded yet")
    return file


async def _is_theirs(uow: UnitOfWork, sha256: str, person: Person) -> bool:
    if await uow.evidence.uploader(sha256) == f"person:{person.id}":
        return True
    alarms = await uow.alarms.get(await uow.alarms.with_evidence(sha256))
    ids = {alarm.case_id for alarm in alarms.values() if alarm.case_id}
    cases = await uow.cases.get(ids.union(await uow.cases.with_evidence(sha256)))
    return any(may_see(case, person) for case in cases.values())


async def _announce(uow: UnitOfWork, sha256: str, at: datetime) -> None:
    for alarm_id in await uow.alarms.with_evidence(sha256):
        announce.alarm_changed(uow, alarm_id, "evidence", at)
    cases = await uow.cases.get(await uow.cases.with_evidence(sha256))
    for case in cases.values():
        announce.case_noted(uow, case, "evidence", at)
