"""Floor plans and maps: their pictures, and where cameras stand on them."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.domain.plans import Plan, Standing
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import InvalidError, NotFoundError, TooLargeError, WrongTypeError
from lookout_server.ports import EvidenceStore, Store, UnitOfWork
from lookout_server.services import announce

MAX_BYTES = 16 * 1024 * 1024
MOST_PLANS = 500


class PictureCleaner(Protocol):
    """Makes of an upload a picture that is nothing but a picture."""

    async def clean(self, content: bytes) -> bytes:
        """A JPEG of bounded size. WrongTypeError when it is no picture."""
        ...


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan, and those cameras on it that the asking person looks after."""

    plan: Plan
    place_name: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where plans and their pictures are kept."""

    store: Store
    files: EvidenceStore
    cleaner: PictureCleaner | None


async def plans_for(store: Store, by: Access) -> list[PlanView]:
    """The plans of somebody's places."""
    async with store.read() as uow:
        plans = [plan for plan in await uow.plans.plans() if _reaches(by, plan.place)]
        standings = await _theirs(uow, by)
        names = {place.id: place.name for place in await uow.territory.territories()}
    return [
        PlanView(
            plan=plan,
            place_name=names.get(plan.place, plan.place),
            standings=tuple(each for each in standings if each.plan == plan.id),
        )
        for plan in plans
    ]


async def add_plan(shelf: Shelf, place: str, name: str, content: bytes, by: Access, *, at: datetime) -> Plan:
    """Keep a picture as a plan of a place. It is decoded and written anew, so that nothing else is in the file."""
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"the picture is larger than {MAX_BYTES} bytes: send a smaller one")
    if shelf.cleaner is None:
        raise WrongTypeError("this dispatcher takes no pictures")
    async with shelf.store.read() as uow:
        known = {each.id for each in await uow.territory.territories()}
        full = len(await uow.plans.plans()) >= MOST_PLANS
    if place not in known or not _reaches(by, place):
        raise NotFoundError(f"there is no place {place!r} that you look after")
    if full:
        raise InvalidError(f"there are {MOST_PLANS} plans already: remove one first")
    clean = await shelf.cleaner.clean(content)
    sha256 = hashlib.sha256(clean).hexdigest()
    stored = await shelf.files.put(sha256, "image/jpeg", _in_one_piece(clean), max_bytes=len(clean))
    plan = Plan(id=f"p-{secrets.token_hex(10)}", place=place, name=name, sha256=sha256, by=by.person.id, at=at)
    async with shelf.store.write() as uow:
        await uow.evidence.add(stored, uploader=f"person:{by.person.id}", at=at)
        await uow.plans.add(plan)
        await uow.commit()
    return plan


async def plan_of(store: Store, plan_id: str, by: Access) -> Plan:
    """A plan of somebody's places; NotFoundError for others."""
    async with store.read() as uow:
        return await _plan(uow, plan_id, by)


async def remove_plan(store: Store, plan_id: str, by: Access) -> None:
    """The cameras on it stand on none from then on. Its picture goes when it is old enough."""
    async with store.write() as uow:
        await _plan(uow, plan_id, by)
        await uow.plans.remove(plan_id)
        await uow.commit()


async def place_camera(store: Store, standing: Standing, by: Access, *, at: datetime) -> Standing:
    """Say where a camera stands. On another plan it stands no more."""
    async with store.write() as uow:
        await _plan(uow, standing.plan, by)
        await _require_camera(uow, standing.camera, by)
        turned = replace(standing, heading=standing.heading % 360)
        await uow.plans.place(turned)
        announce.camera_changed(uow, standing.camera, "placed", at)
        await uow.commit()
    return turned


async def take_off(store: Store, camera: CameraKey, by: Access, *, at: datetime) -> None:
    """The camera stands on no plan any more; when it stood on none, nothing changes."""
    async with store.write() as uow:
        await _require_camera(uow, camera, by)
        await uow.plans.take_off(camera)
        announce.camera_changed(uow, camera, "placed", at)
        await uow.commit()


async def _plan(uow: UnitOfWork, plan_id: str, by: Access) -> Plan:
    plan = await uow.plans.plan(plan_id)
    if plan is None or not _reaches(by, plan.place):
        raise NotFoundError("there is no such plan of a place that you look after")
    return plan


async def _require_camera(uow: UnitOfWork, key: CameraKey, by: Access) -> None:
    camera = (await uow.territory.cameras({key})).get(key)
    if camera is None or not by.covers(camera.grid):
        raise NotFoundError(f"there is no camera {key.path} that you look after")


async def _theirs(uow: UnitOfWork, by: Access) -> Sequence[Standing]:
    found = await uow.plans.standings()
    cameras = await uow.territory.cameras({each.camera for each in found})
    return [each for each in found if each.camera in cameras and by.covers(cameras[each.camera].grid)]


def _reaches(by: Access, place: str) -> bool:
    return by.places is None or place in by.places


async def _in_one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
