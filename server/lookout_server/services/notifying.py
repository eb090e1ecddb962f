"""Telling people: in the application always and at once, and by every channel they have, with what became of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.events import Severity
from lookout_server.domain.case import Case
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.grouping import NOTHING_TOLD, leaves_at
from lookout_server.domain.notice import IN_APP, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.domain.territory import Site
from lookout_server.domain.topics import title_of
from lookout_server.domain.wording import GRADES, NO_WORDS, NOTICES, STATES, Words
from lookout_server.errors import NotFoundError
from lookout_server.ports import Store, UnitOfWork

#: Notices a person is shown.
_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class About:
    """What a notice is about: a case, or an alarm that is none yet. ``occasion`` tells apart what is told of it."""

    subject: str
    occasion: str = ""
    severity: Severity
    title: Words
    number: str = ""
    state: Words = NO_WORDS
    case_id: str | None = None
    #: Which of the texts of notices says it, where the kind's own does not fit.
    text: str | None = None


def about_case(case: Case) -> About:
    """A case as notices name it."""
    return About(
        subject=case.id,
        occasion=str(case.entries),
        severity=case.severity,
        title=title_of(case),
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
    notices: list[Notice] = []
    for person in dict.fromkeys(people):
        outside = [contact.channel for contact in contacts.get(person, [])]
        deliveries = [Delivery(channel=IN_APP, state=DeliveryState.SENT, at=at)]
        deliveries += [Delivery(channel=each, state=DeliveryState.QUEUED, at=at) for each in outside]
        notices.append(
            Notice(
                id=_name(told, kind, person, at),
                person=person,
                kind=kind,
                severity=told.severity,
                case_id=told.case_id,
                words=_words(told, kind),
                at=at,
                about=told.subject,
                deliveries=tuple(deliveries),
            )
        )
    await uow.notices.add(notices)
    await uow.deadlines.set(await _timers(uow, site, notices, at))


async def _timers(uow: UnitOfWork, site: Site, notices: Sequence[Notice], at: datetime) -> list[Deadline]:
    """When each leaves by each outside channel. All are of one kind, about one thing."""
    queued = [
        (notice, each.channel) for notice in notices for each in notice.deliveries if each.state is DeliveryState.QUEUED
    ]
    if not queued:
        return []
    policy, first = site.policy, notices[0]
    since = at - max(policy.grouping.interval, policy.grouping.repeat)
    people = {notice.person for notice, _ in queued}
    before = {}
    if first.severity is not Severity.RED:
        before = await uow.notices.told(people, first.kind, first.about or first.id, since)
    timers: list[Deadline] = []
    for notice, channel in queued:
        told = before.get((notice.person, channel), NOTHING_TOLD)
        due = leaves_at(policy.grouping, notice.kind, notice.severity, at, told)
        timers.append(
            Deadline(key=delivery_key(notice.id, channel), due_at=policy.may_disturb_at(notice.severity, due))
        )
    return timers


def _words(told: About, kind: NoticeKind) -> Words:
    text, grade = NOTICES[told.text or kind.value], GRADES[told.severity]
    return Words(
        text.zh.format(title=told.title.zh, number=told.number, state=told.state.zh, grade=grade.zh),
        text.en.format(title=told.title.en, number=told.number, state=told.state.en, grade=grade.en),
    )


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


def delivery_key(notice_id: str, channel: str) -> DeadlineKey:
    """Of the timer that sends a notice by a channel."""
    return DeadlineKey(subject=notice_id, kind=DeadlineKind.DELIVERY, part=channel)


def _in_app(notice: Notice) -> DeliveryState | None:
    held = notice.on(IN_APP)
    return held.state if held else None


def _name(told: About, kind: NoticeKind, person: str, at: datetime) -> str:
    named = f"{told.subject} {told.occasion} {kind} {person} {at.isoformat()}"
    return f"n-{hashlib.sha256(named.encode()).hexdigest()[:24]}"
