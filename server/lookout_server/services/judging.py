"""Dismissing alarms, and taking that back."""

from dataclasses import dataclass
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.alarm import DismissReason, dismissed, undismissed
from lookout_server.domain.territory import Site
from lookout_server.ports import Store
from lookout_server.services import announce
from lookout_server.services.access import visible_alarm
from lookout_server.services.alarming import leave, watch
from lookout_server.services.commands import send_verdict, withdraw_verdict


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Why an alarm needs nobody."""

    reason: DismissReason
    note: str | None = None


async def dismiss(store: Store, site: Site, alarm_id: str, by: Access, judgement: Judgement, *, at: datetime) -> None:
    """This alarm needs nobody; its gateway is told."""
    async with store.write() as uow:
        alarm = await visible_alarm(uow, alarm_id, by, lock=True)
        await uow.alarms.save([dismissed(alarm, judgement.reason, judgement.note)])
        await leave(uow, site, alarm_id)
        announce.alarm_changed(uow, alarm_id, "dismissed", at)
        await send_verdict(uow, site, alarm, judgement.reason, at=at)
        await uow.commit()


async def undismiss(store: Store, site: Site, alarm_id: str, by: Access, *, at: datetime) -> None:
    """Open again, as if nobody had judged it, for its gateway, too."""
    async with store.write() as uow:
        alarm = await visible_alarm(uow, alarm_id, by, lock=True)
        await uow.alarms.save([undismissed(alarm)])
        await watch(uow, site, [alarm], since=at)
        announce.alarm_changed(uow, alarm_id, "undismissed", at)
        await withdraw_verdict(uow, site, alarm, at=at)
        await uow.commit()
