"""What happens when a timer runs out. Each acts in one transaction that also deletes it: once, or not at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from lookout_server.domain.deadline import Deadline, DeadlineKind
from lookout_server.domain.territory import Site
from lookout_server.errors import ServerError
from lookout_server.ports import LeaseRequest, Store
from lookout_server.services.alarming import alarm_passed
from lookout_server.services.escalating import passed
from lookout_server.services.hearing import gateway_passed
from lookout_server.services.inspecting import inspection_passed
from lookout_server.services.known_vehicles import ListWriter, hand_out
from lookout_server.services.timing import set_clock

_log = structlog.stdlib.get_logger("lookout.timers")

#: A dispatcher that leased a timer and was killed delays it by this.
LEASE = timedelta(seconds=15)
#: What fails again and again is tried ever more rarely; shorter than any lease may be.
_LONGEST_PAUSE = timedelta(minutes=4)
#: Timers leased at a time; the rest go to the other replicas, or come next.
BATCH = 20
#: A timer that passed this long ago and is there still has stalled.
STALLED_AFTER = timedelta(seconds=60)
#: Cases looked after in one audit.
_REPAIRED_AT_ONCE = 200
_OF_ALARMS = frozenset({DeadlineKind.ALARM, DeadlineKind.ACKNOWLEDGEMENT})
_OF_GATEWAYS = frozenset({DeadlineKind.GATEWAY, DeadlineKind.VEHICLES})
#: Deliveries wait for channels; they have a loop of their own.
_ACTED_ON = frozenset(DeadlineKind) - {DeadlineKind.DELIVERY}


class Timers:
    """Acts on timers that have passed. ``owner`` names this process among all replicas."""

    def __init__(self, store: Store, *, site: Site, owner: str) -> None:
        self._store = store
        self._site = site
        self._owner = owner
        self._vehicles = ListWriter(store)

    async def overdue(self, at: datetime) -> bool:
        """Whether one has passed by ``at`` on which nobody has acted yet."""
        async with self._store.read() as uow:
            due = await uow.deadlines.next_due(_ACTED_ON)
        return due is not None and due <= at

    async def act(self, at: datetime) -> int:
        """Act on what has passed by ``at``; how many did. One that fails is noted, waits ever longer for its next
        turn, and does not hold up the others."""
        done = 0
        for deadline in await self._lease(at):
            try:
                done += await self._act_on(deadline, at)
            except ServerError as error:
                await self._put_off(deadline, str(error), at)
            except Exception as error:  # noqa: BLE001 - a mistake of ours in one case's timer: the others must act
                await self._put_off(deadline, f"{type(error).__name__}: {error}", at, because=error)
        return done

    async def _put_off(self, deadline: Deadline, said: str, at: datetime, *, because: Exception | None = None) -> None:
        key, again_at = deadline.key, at + pause_after(deadline.attempts)
        _log.error("a timer could not act", subject=key.subject, kind=key.kind.value, error=said, exc_info=because)
        async with self._store.write() as uow:
            await uow.deadlines.failed(key, self._owner, said, again_at=again_at)
            await uow.commit()

    async def _lease(self, at: datetime) -> Sequence[Deadline]:
        if not await self.overdue(at):
            return []
        async with self._store.write() as uow:
            leased = await uow.deadlines.lease(
                LeaseRequest(owner=self._owner, kinds=_ACTED_ON, at=at, until=at + LEASE, limit=BATCH)
            )
            await uow.commit()
        return leased

    async def _act_on(self, deadline: Deadline, at: datetime) -> bool:
        key = deadline.key
        # While a long list is written out others may write.
        written = await self._vehicles.written(at) if key.kind is DeadlineKind.VEHICLES else None
        async with self._store.write() as uow:
            # The subject is locked before the timer, as everybody does: nobody waits for the other way round.
            if key.kind in _OF_ALARMS:
                alarm = (await uow.alarms.get([key.subject], lock=True)).get(key.subject)
                if not await uow.deadlines.take(key, self._owner):
                    return False
                if alarm is not None:
                    await alarm_passed(uow, self._site, alarm, key, at)
            elif key.kind is DeadlineKind.INSPECTION:
                inspection = await uow.rounds.inspection(key.subject, lock=True)
                if not await uow.deadlines.take(key, self._owner):
                    return False
                if inspection is not None:
                    await inspection_passed(uow, self._site, inspection, key, at)
            elif key.kind in _OF_GATEWAYS:
                state = await uow.vehicles.state(lock=True) if key.kind is DeadlineKind.VEHICLES else None
                if not await uow.deadlines.take(key, self._owner):
                    return False
                if state is not None:
                    await hand_out(uow, self._site, state, written, at)
                else:
                    await gateway_passed(uow, self._site, key.subject, at)
            else:
                case = (await uow.cases.get([key.subject], lock=True)).get(key.subject)
                if not await uow.deadlines.take(key, self._owner):
                    return False
                if case is not None:
                    await passed(uow, self._site, case, key, at)
            await uow.commit()
        return True


def pause_after(attempts: int) -> timedelta:
    """How long a timer waits that has failed so often."""
    return min(LEASE * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE)


async def repair(store: Store, site: Site) -> int:
    """Start the timers of cases that have none, as after an upgrade; how many there were."""
    async with store.read() as uow:
        if not await uow.cases.without_deadline(1):
            return 0
    async with store.write() as uow:
        unwatched = await uow.cases.without_deadline(_REPAIRED_AT_ONCE)
        for case in unwatched:
            await set_clock(uow, case, site.policy)
        await uow.commit()
    _log.warning("cases had a limit that no timer watched", cases=len(unwatched))
    return len(unwatched)
