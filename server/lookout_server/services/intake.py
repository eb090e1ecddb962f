"""Intake: what gateways send becomes events, alarms, cases and receipts, in one transaction a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from lookout_contract.base import ContractError
from lookout_contract.delivery import Receipt
from lookout_contract.topics import ParsedTopic, parse_gateway_topic
from lookout_server.domain.policy import FUTURE_TOLERANCE
from lookout_server.domain.territory import Site
from lookout_server.ports import Gap, Incoming, Store, UnitOfWork
from lookout_server.services.hearing import hear_cameras, hear_responses, hear_statuses, note_rivals
from lookout_server.services.reading import (
    Read,
    ReadCamera,
    ReadEvent,
    ReadResponse,
    ReadStatus,
    Refused,
    read_message,
    refuse,
)
from lookout_server.services.settling import settle
from lookout_server.services.taking import take_events

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class IntakeResult:
    """What a committed batch came to. Receipts may be sent now, and not a moment earlier."""

    #: (gateway id, receipt), one per gateway and epoch of the batch.
    receipts: tuple[tuple[str, Receipt], ...]
    #: Numbers that have been overtaken; ask for them when they stay away.
    gaps: tuple[Gap, ...]
    stored: int
    duplicates: int
    refused: int


class Intake:
    """Takes batches of messages. Holds no state: the database knows what has been taken."""

    def __init__(self, store: Store, *, site: Site) -> None:
        self._store = store
        self._site = site

    async def take(self, batch: Sequence[Incoming]) -> IntakeResult:
        """Take messages of any gateway topic, in order, and commit them together.

        Bad messages go to quarantine and into the receipt. StoreError means that nothing was kept: do not
        acknowledge, try again. StoreRefusedError means that one of them cannot be stored: take them one by one.
        """
        return await self._take([read_message(message, self._site.id) for message in batch])

    async def refuse(self, message: Incoming, reason: str) -> IntakeResult:
        """Quarantine one message that ``take`` could not cope with, and settle its number if it has one."""
        return await self._take([refuse(message, reason, _topic(message))])

    async def _take(self, batch: Sequence[Read]) -> IntakeResult:
        async with self._store.write() as uow:
            settlement = await settle(uow, batch)
            refusals = [*(read for read in batch if isinstance(read, Refused)), *settlement.conflicts]
            await _quarantine(uow, refusals)
            await take_events(uow, self._site, settlement.fresh)
            await hear_statuses(uow, [read for read in batch if isinstance(read, ReadStatus)])
            await note_rivals(uow, settlement.conflicts)
            await hear_cameras(uow, [read for read in batch if isinstance(read, ReadCamera)])
            await hear_responses(uow, [read for read in batch if isinstance(read, ReadResponse)])
            await uow.commit()
        _warn_of_the_future(settlement.fresh)
        return IntakeResult(
            receipts=settlement.receipts(),
            gaps=settlement.gaps(),
            stored=len(settlement.fresh),
            duplicates=settlement.duplicates,
            refused=len(refusals),
        )


async def _quarantine(uow: UnitOfWork, refusals: Sequence[Refused]) -> None:
    for refused in refusals:
        key = (refused.stream.epoch, refused.sequence) if refused.stream and refused.sequence else None
        await uow.quarantine.add(refused.message, refused.reason, gateway=refused.gateway, key=key)
        _log.warning("message quarantined", topic=refused.message.topic, reason=refused.reason)


def _warn_of_the_future(events: Sequence[ReadEvent]) -> None:
    """A gateway with a wrong clock still sees fires: its events are taken, and somebody is told."""
    for read in events:
        event, now = read.taken.event, read.taken.received_at
        if _ahead(event.time, now) or _ahead(event.data.captured_at, now):
            _log.warning("event is dated in the future: set the gateway's clock", source=event.source, id=event.id)


def _ahead(time: datetime, now: datetime) -> bool:
    return time - now > FUTURE_TOLERANCE


def _topic(message: Incoming) -> ParsedTopic | None:
    try:
        return parse_gateway_topic(message.topic)
    except ContractError:
        return None
