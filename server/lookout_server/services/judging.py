"""Dismissing alarms, and taking that back."""

from datetime import datetime

from lookout_server.domain.alarm import Alarm, DismissReason, dismissed, undismissed
from lookout_server.domain.territory import Site
from lookout_server.errors import NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.alarming import leave, watch
from lookout_server.services.commands import send_verdict


async def dismiss(
    store: Store, site: Site, alarm_id: str, reason: DismissReason, note: str | None, *, at: datetime
) -> None:
    """This alarm needs nobody; its gateway is told."""
    async with store.write() as uow:
        alarm = await _locked(uow, alarm_id)
        await uow.alarms.save([dismissed(alarm, reason, note)])
        await leave(uow, site, alarm_id)
        announce.alarm_changed(uow, alarm_id, "dismissed", at)
        await send_verdict(uow, site, alarm, reason, at=at)
        await uow.commit()


async def undismiss(store: Store, site: Site, alarm_id: str, *, at: datetime) -> None:
    """Open again, as if nobody had judged it."""
    async with store.write() as uow:
        alarm = await _locked(uow, alarm_id)
        await uow.alarms.save([undismissed(alarm)])
        await watch(uow, site, [alarm], since=at)
        announce.alarm_changed(uow, alarm_id, "undismissed", at)
        await uow.commit()


async def _locked(uow: UnitOfWork, alarm_id: str) -> Alarm:
    found = await uow.alarms.get([alarm_id], lock=True)
    if alarm_id not in found:
        raise NotFoundError(f"there is no alarm {alarm_id!r}: it may be a typing mistake")
    return found[alarm_id]
