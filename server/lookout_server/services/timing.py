"""The clocks of cases: set with every move, in the transaction that moves."""

from lookout_server.domain.case import Case
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.ports import UnitOfWork


async def set_clock(uow: UnitOfWork, case: Case) -> None:
    """Start the timer of the case's present step, or stop it where no clock runs."""
    key = step_key(case.id)
    if case.due_at is None:
        await uow.deadlines.cancel([key])
    else:
        await uow.deadlines.set([Deadline(key=key, due_at=case.due_at)])


def step_key(case_id: str) -> DeadlineKey:
    """The timer of a case's present step."""
    return DeadlineKey(subject=case_id, kind=DeadlineKind.STEP)
