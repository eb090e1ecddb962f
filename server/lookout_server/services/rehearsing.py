"""The past as steps, for trying a policy on it."""

from datetime import datetime

from lookout_server.domain.rehearsal import Step, steps
from lookout_server.ports import Page, Store

#: Histories read at a time.
_BATCH = 500


async def past_steps(store: Store, since: datetime) -> list[Step]:
    """Every stay in a state of every case that was opened since then."""
    found: list[Step] = []
    page = Page(limit=_BATCH)
    async with store.read() as uow:
        while cases := await uow.cases.opened_since(since, page):
            histories = await uow.cases.histories([case.id for case in cases])
            for case in cases:
                found += steps(case.number, case.severity, histories[case.id])
            page = Page(limit=_BATCH, before=(cases[-1].opened_at, cases[-1].id))
    return found
