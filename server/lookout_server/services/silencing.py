"""Silences and maintenance windows: who makes one owns it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lookout_server.domain.moves import OVERSIGHT
from lookout_server.domain.silence import Silence, checked
from lookout_server.domain.territory import Person
from lookout_server.errors import ForbiddenError, NotFoundError
from lookout_server.ports import Store


def new_id() -> str:
    """Of a silence."""
    return f"q-{secrets.token_hex(10)}"


async def add_silence(store: Store, silence: Silence) -> Silence:
    """Keep it; InvalidError when it covers fire, everything, or too long a time."""
    checked(silence)
    async with store.write() as uow:
        await uow.silences.save(silence)
        await uow.commit()
    return silence


async def end_silence(store: Store, silence_id: str, by: Person, *, at: datetime) -> None:
    """End it now; for whoever owns it, and supervisors."""
    async with store.write() as uow:
        silence = await uow.silences.get(silence_id)
        if silence is None or silence.ends_at <= at:
            raise NotFoundError(f"there is no silence {silence_id!r} that still holds")
        if silence.owner != by.id and not by.roles & OVERSIGHT:
            raise ForbiddenError(f"this silence is {silence.owner}'s: they or a supervisor can end it")
        await uow.silences.save(replace(silence, starts_at=min(silence.starts_at, at), ends_at=at))
        await uow.commit()


async def current_silences(store: Store, *, at: datetime) -> Sequence[Silence]:
    """Those that have not ended."""
    async with store.read() as uow:
        return await uow.silences.current(at)
