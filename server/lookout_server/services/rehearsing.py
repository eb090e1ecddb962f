"""A policy tried on the past."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.policy import Policy
from lookout_server.domain.rehearsal import Rehearsal, Step, Trial, steps
from lookout_server.domain.territory import Site
from lookout_server.ports import Page, Store

#: Histories read at a time.
_BATCH = 200


async def try_policy(
    store: Store, site: Site, other: Policy, since: datetime, *, now: datetime, by: Access | None = None
) -> Trial:
    """Replay every case opened since then that ``by`` may know of through the policy in force and the other one."""
    held, wanted = Rehearsal(site.policy, now=now), Rehearsal(other, now=now)
    cases = count = 0
    async for past in _past(store, since, by):
        held.take(past)
        wanted.take(past)
        cases += len({step.case for step in past})
        count += len(past)
    return Trial(cases=cases, steps=count, now=held.outcome(), then=wanted.outcome())


async def past_steps(store: Store, since: datetime) -> list[Step]:
    """Every stay in a state of every case that was opened since then."""
    return [step async for past in _past(store, since, None) for step in past]


async def _past(store: Store, since: datetime, by: Access | None) -> AsyncIterator[Sequence[Step]]:
    """Some cases at a time, in a transaction each with a turn for everybody else: a past may be long."""
    page: Page | None = Page(limit=_BATCH)
    while page is not None:
        async with store.read() as uow:
            cases = await uow.cases.opened_since(since, page)
            histories = await uow.cases.histories([case.id for case in cases])
        known = [case for case in cases if by is None or by.admits(case.scenario)]
        yield [step for case in known for step in steps(case.number, case.severity, histories[case.id], case.scenario)]
        page = Page(limit=_BATCH, before=(cases[-1].opened_at, cases[-1].id)) if len(cases) == _BATCH else None
        await asyncio.sleep(0)
