"""The feed as clients get it: numbered lines with what they are about as it stands now."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.errors import ServerError
from lookout_server.ports import FeedEntry, FeedKind, Store, UnitOfWork
from lookout_server.services.announce import camera_key
from lookout_server.services.views import (
    AlarmView,
    CameraView,
    CaseView,
    GatewayView,
    alarm_views,
    camera_views,
    case_views,
    gateway_views,
)

Body = AlarmView | CaseView | CameraView | GatewayView


@dataclass(frozen=True, kw_only=True)
class FeedItem:
    """A line of the feed. ``body`` is as of now rather than of then: who resumes gets the present, not history."""

    entry: FeedEntry
    body: Body | None


class FeedEndedError(ServerError):
    """This client was too slow, or the dispatcher stops: come back with the last number you have."""

    code = "feed_ended"


class FeedSubscription(Protocol):
    """One client's place in the feed."""

    @property
    def seq(self) -> int:
        """The last number that the client is up to."""
        ...

    async def next(self, timeout_s: float) -> FeedItem | None:
        """The next line, or None when there was none in time. FeedEndedError when the client has to come back."""
        ...

    def push_to(self, push: Callable[[Sequence[FeedItem]], bool]) -> None:
        """Offer new lines to ``push`` while none waits for ``next``; those it answers with False wait for it too."""
        ...


class FeedSource(Protocol):
    """Gives every client the feed."""

    def subscribe(self, after: int | None) -> AbstractAsyncContextManager[FeedSubscription]:
        """From the line after ``after`` on, or from now on."""
        ...


def is_for(access: Access, item: FeedItem) -> bool:
    """Whether somebody hears of it: alarms, cameras and gateways of their places, and the cases they may see.

    A line whose subject is gone by now says that to the control room of the whole site.
    """
    body = item.body
    match body:
        case CaseView():
            return access.sees(body.case)
        case AlarmView():
            return access.sees_alarm(body.alarm.scenario, body.grid.id if body.grid else None)
        case CameraView():
            return access.person.in_control_room and access.covers(body.camera.grid)
        case GatewayView():
            return access.person.in_control_room and access.reaches(body.grids)
        case None:
            return access.person.in_control_room and access.places is None and access.cleared


async def read_feed(store: Store, after: int, limit: int) -> list[FeedItem]:
    """At most ``limit`` lines above ``after``, ascending, without gaps."""
    async with store.read() as uow:
        entries = await uow.feed.after(after, limit)
        bodies = await _bodies(uow, entries)
    return [FeedItem(entry=entry, body=bodies.get((entry.kind, entry.subject))) for entry in entries]


async def _bodies(uow: UnitOfWork, entries: Sequence[FeedEntry]) -> dict[tuple[FeedKind, str], Body]:
    subjects: dict[FeedKind, set[str]] = {}
    for entry in entries:
        subjects.setdefault(entry.kind, set()).add(entry.subject)
    bodies: dict[tuple[FeedKind, str], Body] = {}
    if alarms := subjects.get(FeedKind.ALARM):
        for view in await alarm_views(uow, (await uow.alarms.get(alarms)).values(), at=entries[-1].at):
            bodies[FeedKind.ALARM, view.alarm.id] = view
    if cases := subjects.get(FeedKind.CASE):
        for view in await case_views(uow, (await uow.cases.get(cases)).values()):
            bodies[FeedKind.CASE, view.case.id] = view
    if cameras := subjects.get(FeedKind.CAMERA):
        for view in await camera_views(uow, [camera_key(subject) for subject in cameras]):
            key = view.camera.key
            bodies[FeedKind.CAMERA, f"{key.gateway}/{key.id}"] = view
    if gateways := subjects.get(FeedKind.GATEWAY):
        for view in await gateway_views(uow, at=entries[-1].at, ids=gateways):
            bodies[FeedKind.GATEWAY, view.gateway.id] = view
    return bodies
