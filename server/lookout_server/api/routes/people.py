"""The roster, where people can be reached, and what they are told."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from lookout_contract.base import UtcTime
from lookout_server.api.deps import Given
from lookout_server.api.models.people import (
    ContactBody,
    ContactList,
    NoticeList,
    NoticeModel,
    ShiftBody,
    ShiftList,
    ShiftModel,
)
from lookout_server.api.models.rotations import PlanModel, RotationBody
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import PersonId
from lookout_server.api.security import ControlRoom, Lead, SignedIn
from lookout_server.domain.notice import Contact, DeliveryState
from lookout_server.services import notifying, roster, rotating

router = APIRouter(prefix="/api/v1", tags=["people"])

NoticeId = Annotated[str, Path(pattern=r"^n-[0-9a-f]{24}$", examples=["n-3f6d0c1be2a94d7781c03f6d"])]
ShiftId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["s-20261122-wangfang"])]
_CHANGE = ("forbidden", "csrf", "not_found", "too_large")
#: How much of the roster is shown when nobody says.
_WEEK = timedelta(days=7)


@router.get("/notices", operation_id="listNotices", responses=errors())
async def list_notices(deps: Given, signed_in: SignedIn) -> NoticeList:
    """What the asking person was told, newest first; fetching it marks it as delivered."""
    person = signed_in.person
    found = await notifying.inbox(deps.store, person.id, at=deps.clock.now())
    return NoticeList(items=tuple(NoticeModel.of(notice, person) for notice in found))


@router.post("/notices/{notice_id}/seen", operation_id="seeNotice", responses=errors("csrf", "not_found"))
async def see_notice(deps: Given, signed_in: SignedIn, notice_id: NoticeId) -> NoticeModel:
    """The person has looked at it."""
    person, at = signed_in.person, deps.clock.now()
    return NoticeModel.of(await notifying.mark(deps.store, notice_id, person.id, DeliveryState.SEEN, at=at), person)


@router.post(
    "/notices/{notice_id}/acknowledge", operation_id="acknowledgeNotice", responses=errors("csrf", "not_found")
)
async def acknowledge_notice(deps: Given, signed_in: SignedIn, notice_id: NoticeId) -> NoticeModel:
    """The person has understood it. Accepting a case does so by itself."""
    person, at = signed_in.person, deps.clock.now()
    told = await notifying.mark(deps.store, notice_id, person.id, DeliveryState.ACKNOWLEDGED, at=at)
    return NoticeModel.of(told, person)


@router.get("/shifts", operation_id="listShifts", responses=errors("forbidden"))
async def list_shifts(
    deps: Given,
    access: ControlRoom,
    first: Annotated[UtcTime | None, Query(description="From; left out: now.")] = None,
    last: Annotated[UtcTime | None, Query(description="Until; left out: a week later.")] = None,
) -> ShiftList:
    """The roster."""
    start = first or deps.clock.now()
    found = await roster.shifts(deps.store, access, start, last or start + _WEEK)
    return ShiftList(items=tuple(ShiftModel.of(shift) for shift in found))


@router.post("/shifts", operation_id="saveShift", responses=errors(*_CHANGE))
async def save_shift(deps: Given, signed_in: SignedIn, body: ShiftBody) -> ShiftModel:
    """Put a shift on the roster, or change the one with this id; for supervisors."""
    await roster.save_shift(deps.store, body.shift(), signed_in.access)
    return ShiftModel.of(body.shift())


@router.post("/rotations", operation_id="makeRotation", responses=errors(*_CHANGE))
async def make_rotation(
    deps: Given,
    access: Lead,
    body: RotationBody,
    dry_run: Annotated[bool, Query(description="Only say what it would come to.")] = False,
) -> PlanModel:
    """Make the shifts of a rotation, with what speaks against them: short rests, leave, hours without anybody."""
    plan = await rotating.rotate(deps.store, deps.site, body.rotation(), access, dry_run=dry_run)
    return PlanModel.of(plan, made=not dry_run)


@router.delete("/shifts/{shift_id}", operation_id="removeShift", status_code=204, responses=errors(*_CHANGE))
async def remove_shift(deps: Given, signed_in: SignedIn, shift_id: ShiftId) -> None:
    """Take a shift off the roster; for supervisors."""
    await roster.remove_shift(deps.store, shift_id, signed_in.access)


@router.get("/people/{person_id}/contacts", operation_id="listContacts", responses=errors("forbidden", "not_found"))
async def list_contacts(deps: Given, signed_in: SignedIn, person_id: PersonId) -> ContactList:
    """The channels on which somebody can be reached; addresses are never shown."""
    return ContactList(channels=await roster.channels_of(deps.store, person_id, signed_in.access))


@router.post("/people/{person_id}/contacts", operation_id="saveContact", responses=errors(*_CHANGE))
async def save_contact(deps: Given, signed_in: SignedIn, person_id: PersonId, body: ContactBody) -> ContactList:
    """Keep an address, one a channel; one's own, or anybody's for supervisors."""
    contact = Contact(person=person_id, channel=deps.channel.name_of(body.address), address=body.address)
    await roster.save_contact(deps.store, contact, signed_in.access, at=deps.clock.now())
    return ContactList(channels=await roster.channels_of(deps.store, person_id, signed_in.access))


@router.delete(
    "/people/{person_id}/contacts/{channel}",
    operation_id="removeContact",
    status_code=204,
    responses=errors(*_CHANGE),
)
async def remove_contact(
    deps: Given,
    signed_in: SignedIn,
    person_id: PersonId,
    channel: Annotated[str, Path(pattern=r"^[a-z][a-z0-9+.-]{0,39}$", examples=["wecombot"])],
) -> None:
    """Forget an address."""
    await roster.remove_contact(deps.store, person_id, channel, signed_in.access, at=deps.clock.now())
