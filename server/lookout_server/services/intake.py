"""Intake: what gateways send becomes events, alarms, cases and receipts, in one transaction a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from lookout_contract.base import ContractError
from lookout_contract.delivery import Receipt, Refusal
from lookout_contract.topics import ParsedTopic, parse_gateway_topic
from lookout_server.domain.policy import FUTURE_TOLERANCE
from lookout_server.domain.refusal import Why, why
from lookout_server.domain.territory import Site
from lookout_server.errors import AssumedError
from lookout_server.ports import Ahead, Gap, Incoming, Store, UnitOfWork
from lookout_server.services.commands import repeat_verdicts
from lookout_server.services.hearing import hear_cameras, hear_responses, hear_statuses, note_rivals
from lookout_server.services.known_vehicles import bring_up_to_date
from lookout_server.services.list_holders import hear_visits
from lookout_server.services.noted import Noted
from lookout_server.services.proving import take_trials
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
from lookout_server.services.taking import begun_by, names_of, near_since, take_events

#: Stands where messages have their topic, for connections that the broker refused.
STRANGER_TOPIC = "(broker)"

#: Messages of a batch that is looked up at once: a larger one pays for more ways to the database easily.
_MOST_AHEAD = 16

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class IntakeResult:
    """What a committed batch came to. Receipts may be sent now, and not a moment earlier."""

    #: (gateway id, receipt), one per gateway and epoch of the batch.
    receipts: tuple[tuple[str, Receipt], ...]
    #: Numbers that have been overtaken; ask for them when they stay away.
    gaps: tuple[Gap, ...]
    #: (gateway id, why), for the senders of what lies in quarantine now; each reason once.
    refusals: tuple[tuple[str, Refusal], ...] = ()
    stored: int
    duplicates: int
    refused: int


class Intake:
    """Takes batches of messages. Holds no state but a note of who spoke just now: the database knows what was taken."""

    def __init__(self, store: Store, *, site: Site) -> None:
        self._store = store
        self._site = site
        self._noted = Noted()

    def read(self, message: Incoming) -> Read:
        """What it says, for ``take``: it can be read while the batch before it is committed."""
        return read_message(message, self._site.id)

    async def take(self, batch: Sequence[Incoming | Read]) -> IntakeResult:
        """Take messages of any gateway topic, in order, and commit them together.

        Bad messages go to quarantine and into the receipt. StoreError means that nothing was kept: do not
        acknowledge, try again. StoreRefusedError means that one of them cannot be stored: take them one by one.
        """
        return await self._take([self.read(each) if isinstance(each, Incoming) else each for each in batch])

    async def refuse(self, message: Incoming, reason: str) -> IntakeResult:
        """Quarantine one message that ``take`` could not cope with, and settle its number if it has one."""
        return await self._take([refuse(message, why("stumbled", reason, detail=reason), _topic(message))])

    async def _take(self, batch: Sequence[Read]) -> IntakeResult:
        ahead = self._ahead(batch) if self._store.is_far else None
        try:
            return await self._take_with(batch, ahead)
        except AssumedError:
            return await self._take_with(batch, replace(ahead, is_all=False) if ahead else None)

    async def _take_with(self, batch: Sequence[Read], ahead: Ahead | None) -> IntakeResult:
        async with self._store.write(ahead) as uow:
            settlement = await settle(uow, batch)
            if ahead is not None and not self._noted.alone(settlement.before):
                uow.look_again()
            refusals = [*(read for read in batch if isinstance(read, Refused)), *settlement.conflicts]
            await _quarantine(uow, refusals)
            early = await _note_the_future(uow, settlement.fresh)
            noted = await follow_events(uow, self._site, settlement.fresh, self._noted)
            statuses = [read for read in batch if isinstance(read, ReadStatus)]
            for heard in await hear_statuses(uow, statuses):
                await bring_up_to_date(uow, self._site, heard)
                await repeat_verdicts(uow, self._site, heard.gateway, heard.at)
            # Before answers are heard: what was said with them is of the list before.
            await hear_visits(uow, statuses)
            await note_rivals(uow, settlement.conflicts)
            await hear_cameras(uow, [read for read in batch if isinstance(read, ReadCamera)])
            await hear_responses(uow, [read for read in batch if isinstance(read, ReadResponse)])
            await uow.commit(more=True)
        self._noted.keep(noted, settlement.after)
        return IntakeResult(
            receipts=settlement.receipts(),
            gaps=settlement.gaps(),
            refusals=(*_answers(refusals), *early),
            stored=len(settlement.fresh),
            duplicates=settlement.duplicates,
            refused=len(refusals),
        )

    def _ahead(self, batch: Sequence[Read]) -> Ahead | None:
        """Of a small batch of events alone, whose streams nobody else has had: most batches are that."""
        events = [read for read in batch if isinstance(read, ReadEvent)]
        streams = frozenset(read.stream for read in events)
        if len(events) < len(batch) or len(batch) > _MOST_AHEAD or not self._noted.heads.keys() >= streams:
            return None
        seen = [read for read in events if not read.is_trial]
        if not seen:
            return None
        return Ahead(
            streams=streams,
            alarms=tuple(names_of(seen)),
            begun=begun_by(seen),
            live_since=near_since(self._site, seen),
            is_all=len(seen) == len(events) and self._noted.knows(seen),
        )


async def follow_events(uow: UnitOfWork, site: Site, fresh: Sequence[ReadEvent], noted: Noted | None = None) -> Noted:
    """Everything that follows from events that were new. ``noted`` and the answer: see ``take_events``."""
    trials = [read for read in fresh if read.is_trial]
    seen = [read for read in fresh if not read.is_trial] if trials else fresh
    fresh_notes = await take_events(uow, site, seen, noted)
    await take_trials(uow, trials)
    return fresh_notes


async def _quarantine(uow: UnitOfWork, refusals: Sequence[Refused]) -> None:
    for refused in refusals:
        key = (refused.stream.epoch, refused.sequence) if refused.stream and refused.sequence else None
        await uow.quarantine.add(refused.message, refused.why, gateway=refused.gateway, key=key)
        _log.warning("message quarantined", topic=refused.message.topic, reason=refused.reason)


def _answers(refusals: Sequence[Refused]) -> tuple[tuple[str, Refusal], ...]:
    found: dict[tuple[str, str, str], Refusal] = {}
    for refused in refusals:
        if refused.gateway is not None:
            message = refused.message
            found[(refused.gateway, message.topic, refused.reason)] = Refusal(
                topic=message.topic, reason=refused.reason, at=message.received_at
            )
    return tuple((gateway, refusal) for (gateway, _, _), refusal in found.items())


async def _note_the_future(uow: UnitOfWork, events: Sequence[ReadEvent]) -> tuple[tuple[str, Refusal], ...]:
    """A gateway with a wrong clock still sees fires: its events are taken, and both sides are told.

    One line a topic in the quarantine, which counts; without the event, since that is stored.
    """
    found: dict[str, tuple[str, Refusal]] = {}
    early: dict[str, Why] = {}
    for read in events:
        event, message = read.taken.event, read.message
        ahead = max(event.time, event.data.captured_at) - message.received_at
        if ahead > FUTURE_TOLERANCE:
            seconds = f"{ahead.total_seconds():.0f}"
            reason = f"it is stored, but dated {seconds} s in the future: set the gateway's clock"
            early[message.topic] = why("future", reason, seconds=seconds)
            refusal = Refusal(topic=message.topic, reason=reason, at=message.received_at, stored=True)
            found[message.topic] = (read.camera.gateway, refusal)
    for gateway, refusal in found.values():
        note = Incoming(topic=refusal.topic, payload=b"", received_at=refusal.at)
        await uow.quarantine.add(note, early[refusal.topic], gateway=gateway, key=None)
        _log.warning("an event is dated in the future", topic=refusal.topic, reason=refusal.reason)
    return tuple(found.values())


async def note_stranger(store: Store, reason: str, *, at: datetime) -> None:
    """The broker let somebody not in: nothing of theirs is here, and whoever looks at the quarantine shall know."""
    async with store.write() as uow:
        note = Incoming(topic=STRANGER_TOPIC, payload=reason.encode(), received_at=at)
        await uow.quarantine.add(note, why("stranger", reason, said=reason), gateway=None, key=None)
        await uow.commit()


def _topic(message: Incoming) -> ParsedTopic | None:
    try:
        return parse_gateway_topic(message.topic)
    except ContractError:
        return None
