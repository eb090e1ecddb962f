"""Telling people: in the application always, and by every channel they have, with what became of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from lookout_contract.events import Severity
from lookout_server.domain.case import Case
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.notice import IN_APP, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.domain.territory import Site
from lookout_server.domain.wording import NO_WORDS, NOTICES, STATES, Words
from lookout_server.errors import DeliveryError, NotFoundError
from lookout_server.ports import LeaseRequest, Store, UnitOfWork
from lookout_server.services.timing import step_key

_log = structlog.stdlib.get_logger("lookout.notices")

#: Longer than a channel may take to answer.
_LEASE = timedelta(seconds=30)
_BATCH = 10
_ATTEMPTS = 3
_FIRST_PAUSE = timedelta(seconds=5)
#: Notices a person is shown.
_SHOWN = 100


class Channel(Protocol):
    """Takes texts to addresses."""

    async def send(self, address: str, title: str, body: str) -> None:
        """Returns when the channel took it; DeliveryError otherwise, without the address in it."""
        ...

    def name_of(self, address: str) -> str:
        """The channel's short name. InvalidError when the address is none; it is not repeated."""
        ...


@dataclass(frozen=True, kw_only=True)
class About:
    """What a notice is about: a case, or an alarm that is none yet."""

    subject: str
    severity: Severity
    title: str
    number: str = ""
    state: Words = NO_WORDS
    case_id: str | None = None


def about_case(case: Case) -> About:
    """A case as notices name it."""
    return About(
        subject=f"{case.id} {case.entries}",
        severity=case.severity,
        title=case.title,
        number=case.number,
        state=STATES[case.state],
        case_id=case.id,
    )


async def notify(
    uow: UnitOfWork, site: Site, about: Case | About, kind: NoticeKind, people: Sequence[str], *, at: datetime
) -> None:
    """Tell people something, with the transaction that makes it true."""
    told = about_case(about) if isinstance(about, Case) else about
    contacts = await uow.roster.contacts(people) if people else {}
    text = NOTICES[kind.value]
    words = Words(
        text.zh.format(title=told.title, number=told.number, state=told.state.zh),
        text.en.format(title=told.title, number=told.number, state=told.state.en),
    )
    leaves = site.policy.may_disturb_at(told.severity, at)
    notices: list[Notice] = []
    timers: list[Deadline] = []
    for person in dict.fromkeys(people):
        outside = [contact.channel for contact in contacts.get(person, [])]
        deliveries = [Delivery(channel=IN_APP, state=DeliveryState.SENT, at=at)]
        deliveries += [Delivery(channel=each, state=DeliveryState.QUEUED, at=at) for each in outside]
        notice = Notice(
            id=_name(told.subject, kind, person, at),
            person=person,
            kind=kind,
            severity=told.severity,
            case_id=told.case_id,
            words=words,
            at=at,
            deliveries=tuple(deliveries),
        )
        notices.append(notice)
        timers += [Deadline(key=_key(notice.id, channel), due_at=leaves) for channel in outside]
    await uow.notices.add(notices)
    await uow.deadlines.set(timers)


async def acknowledge_case(uow: UnitOfWork, case_id: str, person: str, *, at: datetime) -> None:
    """Who takes up a case has acknowledged what they were told about it."""
    told = [notice.id for notice in await uow.notices.of_case(case_id) if notice.person == person]
    if told:
        await uow.notices.note(told, Delivery(channel=IN_APP, state=DeliveryState.ACKNOWLEDGED, at=at))


async def inbox(store: Store, person: str, *, at: datetime) -> Sequence[Notice]:
    """What somebody was told, newest first. Reading it is what delivers it in the application."""
    async with store.write() as uow:
        found = await uow.notices.of_person(person, _SHOWN)
        new = [notice.id for notice in found if _in_app(notice) is DeliveryState.SENT]
        if new:
            await uow.notices.note(new, Delivery(channel=IN_APP, state=DeliveryState.DELIVERED, at=at))
            found = await uow.notices.of_person(person, _SHOWN)
            await uow.commit()
    return found


async def mark(store: Store, notice_id: str, person: str, state: DeliveryState, *, at: datetime) -> Notice:
    """The person has seen a notice, or acknowledges it. NotFoundError when it is not theirs."""
    async with store.write() as uow:
        notice = await uow.notices.get(notice_id)
        if notice is None or notice.person != person:
            raise NotFoundError(f"there is no notice {notice_id!r} for you")
        await uow.notices.note([notice_id], Delivery(channel=IN_APP, state=state, at=at))
        after = await uow.notices.get(notice_id)
        await uow.commit()
    return after or notice


class Courier:
    """Takes queued notices to their channels, at least once; what fails for good brings the case's limit forward."""

    def __init__(self, store: Store, channel: Channel, *, owner: str) -> None:
        self._store = store
        self._channel = channel
        self._owner = owner

    async def carry(self, at: datetime) -> int:
        """Send what is due; how many were tried."""
        kinds = frozenset({DeadlineKind.DELIVERY})
        async with self._store.read() as uow:
            due = await uow.deadlines.next_due(kinds)
        if due is None or due > at:
            return 0
        async with self._store.write() as uow:
            leased = await uow.deadlines.lease(
                LeaseRequest(owner=self._owner, kinds=kinds, at=at, until=at + _LEASE, limit=_BATCH)
            )
            await uow.commit()
        for deadline in leased:
            await self._carry_one(deadline.key, at)
        return len(leased)

    async def _carry_one(self, key: DeadlineKey, at: datetime) -> None:
        async with self._store.read() as uow:
            notice = await uow.notices.get(key.subject)
            contacts = (await uow.roster.contacts([notice.person])).get(notice.person, []) if notice else []
        contact = next((each for each in contacts if each.channel == key.part), None)
        held = next((each for each in notice.deliveries if each.channel == key.part), None) if notice else None
        if notice is None or held is None:
            return
        error: str | None = None
        try:
            if contact is None:
                raise DeliveryError("the address was removed")
            await self._channel.send(contact.address, f"【守望哨】{notice.words.zh}", notice.words.en)
        except DeliveryError as failure:
            error = str(failure)
        async with self._store.write() as uow:
            if await uow.deadlines.take(key, self._owner):
                await _note(uow, notice, replace(held, attempts=held.attempts + 1, error=error, at=at))
                await uow.commit()


async def _note(uow: UnitOfWork, notice: Notice, tried: Delivery) -> None:
    if tried.error is None:
        await uow.notices.note([notice.id], replace(tried, state=DeliveryState.SENT))
    elif tried.attempts < _ATTEMPTS:
        await uow.notices.note([notice.id], replace(tried, state=DeliveryState.QUEUED))
        again = tried.at + _FIRST_PAUSE * 2**tried.attempts
        await uow.deadlines.set([Deadline(key=_key(notice.id, tried.channel), due_at=again)])
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


def _in_app(notice: Notice) -> DeliveryState | None:
    return next((each.state for each in notice.deliveries if each.channel == IN_APP), None)


def _key(notice_id: str, channel: str) -> DeadlineKey:
    return DeadlineKey(subject=notice_id, kind=DeadlineKind.DELIVERY, part=channel)


def _name(subject: str, kind: NoticeKind, person: str, at: datetime) -> str:
    digest = hashlib.sha256(f"{subject} {kind} {person} {at.isoformat()}".encode()).hexdigest()
    return f"n-{digest[:24]}"
