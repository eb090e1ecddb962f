"""How things stand, in one look."""

from collections import Counter
from dataclasses import dataclass

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_contract.status import Sight
from lookout_server.domain.access import Access
from lookout_server.ports import UnitOfWork
from lookout_server.services.views import camera_views


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Counts, and the place in the feed that they belong to. Workers are told of their cases alone."""

    open_alarms: dict[Severity, int] | None
    #: Open alarms, and cases that wait for the control room.
    waiting: dict[Severity, int] | None
    cases: dict[CaseState, int]
    #: Cameras by what they see; None: nobody can say.
    cameras: dict[Sight | None, int] | None
    feed_seq: int
    #: Gateways that are there and date what they say wrongly.
    wrong_clocks: int = 0


async def overview(uow: UnitOfWork, access: Access) -> Overview:
    """The feed's place is read first: what comes after it may be told twice, and nothing is missed."""
    feed_seq = await uow.feed.head()
    cases = await uow.cases.count_by_state(access)
    if not access.person.in_control_room:
        return Overview(open_alarms=None, waiting=None, cases=cases, cameras=None, feed_seq=feed_seq)
    alarms = await uow.alarms.open_by_severity(access)
    waiting = Counter(alarms) + Counter(await uow.cases.waiting_by_severity(access))
    return Overview(
        open_alarms=alarms,
        waiting=dict(waiting),
        cases=cases,
        cameras=await cameras_by_sight(uow, access),
        wrong_clocks=await uow.gateways.wrong_clocks(),
        feed_seq=feed_seq,
    )


async def cameras_by_sight(uow: UnitOfWork, access: Access | None = None) -> dict[Sight | None, int]:
    """How many cameras see, do not see, are off, or may be anything (None); of somebody's places, or of all."""
    counts: dict[Sight | None, int] = {}
    for view in await camera_views(uow):
        if access is not None and not access.covers(view.camera.grid):
            continue
        counts[view.sight] = counts.get(view.sight, 0) + 1
    return counts
