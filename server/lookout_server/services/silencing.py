"""Silences and maintenance windows: who makes one owns it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.moves import OVERSIGHT
from lookout_server.domain.silence import Silence, checked
from lookout_server.domain.territory import Camera, CameraKey
from lookout_server.errors import ForbiddenError, NotFoundError
from lookout_server.ports import Store


def new_id() -> str:
    """Of a silence."""
    return f"q-{secrets.token_hex(10)}"


async def add_silence(store: Store, silence: Silence, by: Access) -> Silence:
    """Keep it; InvalidError when it covers fire, all, or too long a time, ForbiddenError outside their places."""
    checked(silence)
    async with store.write() as uow:
        if not _theirs(silence, by, await uow.territory.cameras()):
            raise ForbiddenError("this covers places that are not yours: name a grid or a camera of yours")
        await uow.silences.save(silence)
        await uow.commit()
    return silence


async def end_silence(store: Store, silence_id: str, by: Access, *, at: datetime) -> None:
    """End it now; for whoever owns it, and supervisors."""
    async with store.write() as uow:
        silence = await uow.silences.get(silence_id)
        cameras = await uow.territory.cameras()
        if silence is None or silence.ends_at <= at or not _concerns(silence, by, cameras):
            raise NotFoundError(f"there is no silence {silence_id!r} that still holds")
        if silence.owner != by.person.id and not by.person.roles & OVERSIGHT:
            raise ForbiddenError(f"this silence is {silence.owner}'s: they or a supervisor can end it")
        await uow.silences.save(replace(silence, starts_at=min(silence.starts_at, at), ends_at=at))
        await uow.commit()


async def current_silences(store: Store, by: Access, *, at: datetime) -> Sequence[Silence]:
    """Those that have not ended and that cover something of the asking person's places."""
    async with store.read() as uow:
        found = await uow.silences.current(at)
        cameras = await uow.territory.cameras() if found else {}
        return [silence for silence in found if _concerns(silence, by, cameras)]


def _theirs(silence: Silence, by: Access, cameras: Mapping[CameraKey, Camera]) -> bool:
    """Whether it covers nothing but what is theirs."""
    if silence.grid is not None:
        return by.covers(silence.grid)
    if silence.camera is not None and silence.gateway is not None:
        camera = cameras.get(CameraKey(gateway=silence.gateway, id=silence.camera))
        return by.covers(camera.grid if camera else None)
    return by.places is None


def _concerns(silence: Silence, by: Access, cameras: Mapping[CameraKey, Camera]) -> bool:
    """Whether it covers something of theirs; one for a whole gateway or kind does."""
    named = silence.grid is not None or silence.camera is not None
    return by.admits(silence.scenario) and (not named or _theirs(silence, by, cameras))
