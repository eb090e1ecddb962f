"""Opening care cases: asking, agreeing, closing again. Each is written into the audit log with the transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.care import View, asked, ended, granted
from lookout_server.domain.case import Case
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Site
from lookout_server.errors import ForbiddenError, NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.access import cleared_for, visible_case
from lookout_server.services.notifying import About, about_case, notify


@dataclass(frozen=True, kw_only=True)
class ShownView:
    """A look with the case it is about."""

    view: View
    case: Case


@dataclass(frozen=True, kw_only=True)
class WantedView:
    """Why somebody wants to look, and for how long."""

    reason: str
    minutes: int


async def ask(store: Store, site: Site, case_id: str, by: Access, wanted: WantedView, *, at: datetime) -> ShownView:
    """Ask to look into a care case; those who may agree are told."""
    async with store.write() as uow:
        case = await visible_case(uow, case_id, by)
        view = asked(
            View(
                id=f"v-{secrets.token_hex(10)}",
                case=case.id,
                person=by.person.id,
                reason=wanted.reason,
                minutes=wanted.minutes,
                asked_at=at,
            ),
            case,
            by,
        )
        await uow.care.save(view)
        others = [person.id for person in await cleared_for(uow, case) if person.id != by.person.id]
        await notify(uow, site, _about(case, view), NoticeKind.CARE_ASKED, others, at=at)
        _note(uow, Act.CARE_ASKED, view, by, at, {"minutes": wanted.minutes, "reason": wanted.reason})
        await uow.commit()
    return ShownView(view=view, case=case)


async def grant(store: Store, site: Site, view_id: str, by: Access, *, at: datetime) -> ShownView:
    """Agree to somebody's look: from now on, for as long as they asked."""
    async with store.write() as uow:
        held, case = await _held(uow, view_id, by)
        view = granted(held, by, at)
        await uow.care.save(view)
        await notify(uow, site, _about(case, view), NoticeKind.CARE_OPENED, [view.person], at=at)
        _note(uow, Act.CARE_GRANTED, view, by, at, {"to": view.person, "minutes": view.minutes})
        await uow.commit()
    return ShownView(view=view, case=case)


async def end(store: Store, view_id: str, by: Access, *, at: datetime) -> ShownView:
    """Refuse a look, or close it before its time."""
    async with store.write() as uow:
        held, case = await _held(uow, view_id, by)
        view = ended(held, by, at)
        await uow.care.save(view)
        _note(uow, Act.CARE_ENDED, view, by, at, {"of": view.person})
        await uow.commit()
    return ShownView(view=view, case=case)


async def current(store: Store, by: Access, *, at: datetime) -> Sequence[ShownView]:
    """The looks that wait for an answer or hold, into cases that the asking person sees."""
    if not by.cleared:
        raise ForbiddenError("this is for those with the role care")
    async with store.read() as uow:
        views = await uow.care.current(at)
        cases = await uow.cases.get({view.case for view in views})
    return [ShownView(view=view, case=cases[view.case]) for view in views if by.sees(cases[view.case])]


async def note_reading(store: Store, case: Case, by: Access, what: str, *, at: datetime) -> None:
    """Write down that somebody read the record of a care case."""
    async with store.write() as uow:
        uow.audit.add(Entry(at=at, act=Act.CARE_READ, actor=by.person.id, subject=case.id, details={"what": what}))
        await uow.commit()


def _about(case: Case, view: View) -> About:
    return replace(about_case(case), subject=view.id)


async def _held(uow: UnitOfWork, view_id: str, by: Access) -> tuple[View, Case]:
    view = await uow.care.get(view_id, lock=True)
    if view is None or not by.cleared:
        raise NotFoundError(f"there is no look {view_id!r} that you can see")
    return view, await visible_case(uow, view.case, by)


def _note(uow: UnitOfWork, act: Act, view: View, by: Access, at: datetime, details: dict[str, str | int]) -> None:
    uow.audit.add(Entry(at=at, act=act, actor=by.person.id, subject=view.case, details={"view": view.id, **details}))
