"""What becomes of messages in quarantine: a person takes them after all, or discards them with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lookout_contract.base import ContractError
from lookout_contract.topics import parse_gateway_topic
from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.refusal import NOTICED
from lookout_server.domain.territory import Site
from lookout_server.errors import ConflictError, ForbiddenError, NotFoundError
from lookout_server.ports import (
    Incoming,
    Quarantined,
    QuarantinedMessage,
    QuarantineEnd,
    QuarantineState,
    Store,
    UnitOfWork,
)
from lookout_server.services.intake import follow_events
from lookout_server.services.reading import ReadEvent, Refused, read_message
from lookout_server.services.settling import settle

_PAGE = 500
#: Channels whose messages mean the same later; what a gateway said about itself then is out of date.
_TIMELESS = ("event", "test")


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Which message, and who decides: somebody who is signed in, or None for whoever runs the machine."""

    number: int
    by: Access | None
    at: datetime

    @property
    def actor(self) -> str | None:
        """The person's id."""
        return self.by.person.id if self.by else None


def hides(by: Access | None, held: Quarantined) -> bool:
    """Whether a refused message may hold what only the cleared see: nobody has read it."""
    return by is not None and not by.cleared and any(f"/{scenario.value}" in held.topic for scenario in RESTRICTED)


def is_event(held: Quarantined) -> bool:
    """Whether its topic says so, and it holds anything; all else is not taken later."""
    if held.code in NOTICED or not held.size:
        return False
    try:
        return parse_gateway_topic(held.topic).channel in _TIMELESS
    except ContractError:
        return False


async def read_one(store: Store, number: int) -> QuarantinedMessage:
    """One message of the quarantine; NotFoundError when there is none of that number."""
    async with store.read() as uow:
        return await _found(uow, number)


async def waiting(store: Store) -> Sequence[int]:
    """The numbers of all events that wait, oldest first."""
    found: list[int] = []
    before: int | None = None
    async with store.read() as uow:
        while page := await uow.quarantine.page(limit=_PAGE, before=before, state=QuarantineState.WAITING):
            found += [held.id for held in page if is_event(held)]
            before = page[-1].id
    return found[::-1]


async def replay(store: Store, site: Site, chance: Chance) -> QuarantinedMessage:
    """Take a message through the intake again; one that was taken before stays as it is.

    ConflictError says why it still cannot be taken; it waits on, unchanged.
    """
    async with store.write() as uow:
        message = await _theirs(uow, chance)
        if message.held.state is QuarantineState.TAKEN:
            return message
        _must_wait(message)
        read = _event_of(message, site, chance.at)
        settlement = await settle(uow, [read])
        if settlement.conflicts:
            raise ConflictError(f"it still cannot be taken: {settlement.conflicts[0].reason}")
        await follow_events(uow, site, settlement.fresh)
        alarm = None if read.is_trial else alarm_id(read.taken.event.source, read.taken.event.data.occurrence)
        return await _end(uow, chance, QuarantineState.TAKEN, alarm=alarm)


async def discard(store: Store, chance: Chance, reason: str) -> QuarantinedMessage:
    """Nothing will become of it; it stays to be read until it is let go for want of room."""
    async with store.write() as uow:
        message = await _theirs(uow, chance)
        if message.held.state is QuarantineState.DISCARDED:
            return message
        _must_wait(message)
        return await _end(uow, chance, QuarantineState.DISCARDED, note=reason)


def _event_of(message: QuarantinedMessage, site: Site, at: datetime) -> ReadEvent:
    held = message.held
    if held.code in NOTICED or not held.size:
        raise ConflictError("there is no message to take: this says what was noticed; see to it, then discard it")
    if not is_event(held):
        raise ConflictError("only events can be taken later: what else a gateway said then is out of date; discard it")
    if not message.whole:
        raise ConflictError(
            f"only {len(message.payload)} of its {held.size} bytes were kept: nobody can take it; discard it"
        )
    read = read_message(Incoming(topic=held.topic, payload=message.payload, received_at=at), site.id)
    if not isinstance(read, ReadEvent):
        if not isinstance(read, Refused):
            raise ConflictError("it still cannot be taken: it is no event")
        raise ConflictError(
            f"it still cannot be taken: {read.reason}", why_code=read.why.code, why_said=dict(read.why.values)
        )
    return replace(read, again=True)


async def _end(
    uow: UnitOfWork, chance: Chance, state: QuarantineState, *, note: str | None = None, alarm: str | None = None
) -> QuarantinedMessage:
    end = QuarantineEnd(state=state, at=chance.at, by=chance.actor, note=note, alarm=alarm)
    if not await uow.quarantine.end(chance.number, end):
        raise ConflictError("somebody else has just decided about this message: load it again")
    act = Act.MESSAGE_TAKEN if state is QuarantineState.TAKEN else Act.MESSAGE_DISCARDED
    details = {"alarm": alarm} if alarm else {"why": note} if note else None
    uow.audit.add(Entry(at=chance.at, act=act, actor=chance.actor, subject=str(chance.number), details=details))
    message = await _found(uow, chance.number)
    await uow.commit()
    return message


async def _found(uow: UnitOfWork, number: int) -> QuarantinedMessage:
    found = await uow.quarantine.get(number)
    if found is None:
        raise NotFoundError(f"there is no message {number} in the quarantine, or not any more: see the list")
    return found


async def _theirs(uow: UnitOfWork, chance: Chance) -> QuarantinedMessage:
    message = await _found(uow, chance.number)
    if hides(chance.by, message.held):
        raise ForbiddenError("this may tell of somebody in need of care: it is for those cleared for care")
    return message


def _must_wait(message: QuarantinedMessage) -> None:
    if message.held.state is not QuarantineState.WAITING:
        raise ConflictError(f"this message was {message.held.state} already")
