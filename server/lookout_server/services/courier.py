"""Takes queued notices to their channels: many of a kind as one message, and what is over not at all."""

import asyncio
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from lookout_contract.events import Severity
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.grouping import composed, is_over
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.notice import IN_APP, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.errors import AddressGoneError, DeliveryError
from lookout_server.ports import LeaseRequest, Store, UnitOfWork
from lookout_server.services.notifying import delivery_key
from lookout_server.services.timing import step_key

_log = structlog.stdlib.get_logger("lookout.notices")

_KINDS = frozenset({DeadlineKind.DELIVERY})
#: Longer than a channel may take to answer.
_LEASE = timedelta(seconds=30)
#: Messages under way at a time: nobody waits for another one's slow channel.
_BATCH = 10
_ATTEMPTS = 3
_FIRST_PAUSE = timedelta(seconds=5)
#: Before one that cannot be read is looked at again.
_UNREADABLE_PAUSE = timedelta(minutes=5)
#: Nothing waits longer: a night of quiet hours, or the rest of it after a message.
_WAITS = timedelta(days=2)


class Sender(Protocol):
    """Takes texts to addresses."""

    async def send(self, address: str, title: str, body: str) -> None:
        """Returns when the channel took it; DeliveryError otherwise, without the address in it. AddressGoneError when
        it never will again."""
        ...


class Channel(Sender, Protocol):
    """Knows addresses as well."""

    def name_of(self, address: str) -> str:
        """The channel's short name. InvalidError when the address is none; it is not repeated."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Message:
    """What one person is sent by one channel, oldest first; all of one kind."""

    channel: str
    notices: tuple[Notice, ...]


class Courier:
    """Sends each message at least once; what fails for good brings the case's limit forward."""

    def __init__(self, store: Store, channel: Sender, *, owner: str) -> None:
        self._store = store
        self._channel = channel
        self._owner = owner

    async def carry(self, at: datetime) -> int:
        """Send what is due; how many messages were tried."""
        async with self._store.read() as uow:
            due = await uow.deadlines.next_due(_KINDS)
        if due is None or due > at:
            return 0
        async with self._store.write() as uow:
            messages = await self._leased(uow, at)
            await uow.commit()
        # One that the database refuses does not keep the others from being noted.
        ended = await asyncio.gather(*(self._carry_one(message, at) for message in messages), return_exceptions=True)
        for problem in ended:
            if problem is not None:
                raise problem
        return len(messages)

    async def _leased(self, uow: UnitOfWork, at: datetime) -> list[_Message]:
        request = LeaseRequest(owner=self._owner, kinds=_KINDS, at=at, until=at + _LEASE, limit=_BATCH)
        mine = {deadline.key for deadline in await uow.deadlines.lease(request)}
        messages: list[_Message] = []
        for key in sorted(mine, key=lambda each: (each.subject, each.part)):
            if key not in mine:
                continue
            try:
                notice = await uow.notices.get(key.subject)
            except ValueError as error:
                # Another version's, most likely: who can read it sends it meanwhile, and the others go on.
                _log.error("a notice cannot be read", notice=key.subject, channel=key.part, error=str(error))
                await uow.deadlines.set([Deadline(key=key, due_at=at + _UNREADABLE_PAUSE)])
                continue
            together = await self._together(uow, notice, key, request, mine) if notice else []
            mine -= {key, *(delivery_key(each.id, key.part) for each in together)}
            left = await _without_what_is_over(uow, together, key.part, at)
            if left:
                messages.append(_Message(channel=key.part, notices=tuple(left)))
            elif not together:
                await uow.deadlines.cancel([key])
        return messages

    async def _together(
        self, uow: UnitOfWork, notice: Notice, key: DeadlineKey, request: LeaseRequest, mine: Collection[DeadlineKey]
    ) -> list[Notice]:
        """The notice and all that wait to go to its person by this channel, leased; nobody else sends them."""
        if notice.severity is Severity.RED:
            return [notice]
        waiting = await uow.notices.waiting(notice.person, notice.kind, key.part, request.at - _WAITS)
        others = {delivery_key(each.id, key.part) for each in waiting} - set(mine)
        claimed = await uow.deadlines.claim(others, request) if others else frozenset[DeadlineKey]()
        free = {*mine, *claimed}
        return [each for each in waiting if delivery_key(each.id, key.part) in free]

    async def _carry_one(self, message: _Message, at: datetime) -> None:
        person = message.notices[0].person
        async with self._store.read() as uow:
            contacts = (await uow.roster.contacts([person])).get(person, [])
        contact = next((each for each in contacts if each.channel == message.channel), None)
        error: str | None = None
        gone = False
        try:
            if contact is None:
                raise DeliveryError("the address was removed")
            words = composed(message.notices)
            await self._channel.send(contact.address, f"【守望哨】{words.zh}", words.en)
        except DeliveryError as failure:
            error, gone = str(failure), isinstance(failure, AddressGoneError)
        except Exception as failure:  # noqa: BLE001 - a channel's own mistake is one message's failure: the others go on
            # Its words may hold the address.
            error = f"the channel failed on it ({type(failure).__name__}): the log says where"
            where = "".join(traceback.format_tb(failure.__traceback__))
            _log.error("a channel failed", channel=message.channel, error=type(failure).__name__, where=where)
        async with self._store.write() as uow:
            for notice in message.notices:
                held = notice.on(message.channel)
                if held and await uow.deadlines.take(delivery_key(notice.id, message.channel), self._owner):
                    attempts = _ATTEMPTS if gone else held.attempts + 1
                    await _note(uow, notice, replace(held, attempts=attempts, error=error, at=at))
            if gone:
                await uow.roster.remove_contact(person, message.channel)
            await uow.commit()


async def _without_what_is_over(
    uow: UnitOfWork, notices: Sequence[Notice], channel: str, at: datetime
) -> Sequence[Notice]:
    """What waited and has been done meanwhile is told to nobody any more."""
    waited = [notice for notice in notices if notice.severity is not Severity.RED]
    cases = await uow.cases.get({notice.case_id for notice in waited if notice.case_id})
    alarms = await uow.alarms.get({notice.about for notice in waited if notice.about and not notice.case_id})
    over: list[str] = []
    for notice in waited:
        about = cases.get(notice.case_id or "") or alarms.get(notice.about or "")
        inside = notice.on(IN_APP)
        taken_up = inside is not None and inside.state is DeliveryState.ACKNOWLEDGED
        if taken_up or is_over(notice.kind, notice.person, about, at):
            over.append(notice.id)
    if over:
        await uow.deadlines.cancel([delivery_key(each, channel) for each in over])
        await uow.notices.note(over, Delivery(channel=channel, state=DeliveryState.WITHDRAWN, at=at))
    return [notice for notice in notices if notice.id not in over]


async def _note(uow: UnitOfWork, notice: Notice, tried: Delivery) -> None:
    if tried.error is None:
        await uow.notices.note([notice.id], replace(tried, state=DeliveryState.SENT))
    elif tried.attempts < _ATTEMPTS:
        await uow.notices.note([notice.id], replace(tried, state=DeliveryState.QUEUED))
        again = tried.at + _FIRST_PAUSE * 2**tried.attempts
        await uow.deadlines.set([Deadline(key=delivery_key(notice.id, tried.channel), due_at=again)])
    else:
        _log.warning("a notice could not be delivered", notice=notice.id, channel=tried.channel, error=tried.error)
        await uow.notices.note([notice.id], replace(tried, state=DeliveryState.FAILED))
        await _bring_forward(uow, notice.id, tried.at)


async def _bring_forward(uow: UnitOfWork, notice_id: str, at: datetime) -> None:
    """Nobody waits for an answer from somebody whom nothing reached."""
    notice = await uow.notices.get(notice_id)
    if notice is None or notice.case_id is None or notice.kind is not NoticeKind.DISPATCHED or not notice.failed:
        return
    case = (await uow.cases.get([notice.case_id], lock=True)).get(notice.case_id)
    if case is not None and case.state not in SETTLED and case.handler == notice.person and case.due_at is not None:
        await uow.deadlines.set([Deadline(key=step_key(case.id), due_at=at)])
