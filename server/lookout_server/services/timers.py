"""What happens when a timer runs out. Each acts in one transaction that also deletes it: once, or not at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from lookout_server.domain import case as cases
from lookout_server.domain.case import Case
from lookout_server.domain.deadline import Deadline
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import Site
from lookout_server.errors import ServerError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.handling import tell
from lookout_server.services.timing import set_clock, step_key

_log = structlog.stdlib.get_logger("lookout.timers")

#: A dispatcher that leased a timer and was killed delays it by this.
LEASE = timedelta(seconds=15)
#: Timers leased at a time; the rest go to the other replicas, or come next.
BATCH = 20
#: A timer that passed this long ago and is there still has stalled.
STALLED_AFTER = timedelta(seconds=60)
#: Cases looked after in one audit.
_REPAIRED_AT_ONCE = 200


class Timers:
    """Acts on timers that have passed. ``owner`` names this process among all replicas."""

    def __init__(self, store: Store, *, site: Site, owner: str) -> None:
        self._store = store
        self._site = site
        self._owner = owner

    async def act(self, at: datetime) -> int:
        """Act on what has passed by ``at``; how many did. One that fails is noted and does not hold up the others."""
        done = 0
        for deadline in await self._lease(at):
            try:
                done += await self._act_on(deadline, at)
            except ServerError as error:
                _log.error("a timer could not act", subject=deadline.key.subject, error=str(error))
                async with self._store.write() as uow:
                    await uow.deadlines.failed(deadline.key, self._owner, str(error))
                    await uow.commit()
        return done

    async def _lease(self, at: datetime) -> Sequence[Deadline]:
        async with self._store.read() as uow:
            due = await uow.deadlines.next_due()
        if due is None or due > at:
            return []
        async with self._store.write() as uow:
            leased = await uow.deadlines.lease(self._owner, at=at, until=at + LEASE, limit=BATCH)
            await uow.commit()
        return leased

    async def _act_on(self, deadline: Deadline, at: datetime) -> bool:
        async with self._store.write() as uow:
            # The subject is locked before the timer, as every move does: nobody waits for the other way round.
            found = await uow.cases.get([deadline.key.subject], lock=True)
            if not await uow.deadlines.take(deadline.key, self._owner):
                return False
            case = found.get(deadline.key.subject)
            if case is not None and case.state not in SETTLED:
                await _step_passed(uow, self._site, case, at)
            await uow.commit()
        return True


async def repair(store: Store) -> int:
    """Start the timers of cases that have none, as after an upgrade; how many there were."""
    async with store.read() as uow:
        if not await uow.cases.without_deadline(1):
            return 0
    async with store.write() as uow:
        unwatched = await uow.cases.without_deadline(_REPAIRED_AT_ONCE)
        for case in unwatched:
            await set_clock(uow, case)
        await uow.commit()
    _log.warning("cases had a limit that no timer watched", cases=len(unwatched))
    return len(unwatched)


async def _step_passed(uow: UnitOfWork, site: Site, case: Case, at: datetime) -> None:
    """Tell the next rung, and start the clock again for the one after it."""
    due = case.due_at.isoformat() if case.due_at else None
    after, entry = cases.escalated(case, at=at, data={"reason": "late", "due_at": due})
    await uow.cases.update(after, entry, seen=case.version)
    again = site.policy.due_at(case.state, case.severity, at)
    if again is not None and after.rung < site.policy.escalations:
        await uow.deadlines.set([Deadline(key=step_key(case.id), due_at=again)])
    await tell(uow, site, after, entry)
