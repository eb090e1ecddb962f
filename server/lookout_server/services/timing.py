"""The clocks of cases: set with every move, in the transaction that moves."""

from lookout_contract.cases import CaseState
from lookout_server.domain.case import Case
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.policy import Policy
from lookout_server.ports import UnitOfWork


async def set_clock(uow: UnitOfWork, case: Case, policy: Policy) -> None:
    """Start the timer of the case's present step, or stop it where no clock runs; a closed case has its follow-up."""
    follow_up = DeadlineKey(subject=case.id, kind=DeadlineKind.FOLLOW_UP)
    wanted: list[Deadline] = []
    if case.due_at is not None:
        wanted.append(Deadline(key=step_key(case.id), due_at=case.due_at))
    if case.state is CaseState.CLOSED and case.tier is not None:
        asked_at = policy.follow_up_at(case.tier, case.updated_at)
        wanted += [Deadline(key=follow_up, due_at=asked_at)] if asked_at else []
    kept = {deadline.key for deadline in wanted}
    await uow.deadlines.cancel({step_key(case.id), follow_up} - kept)
    await uow.deadlines.set(wanted)


async def set_report_in(uow: UnitOfWork, before: Case, case: Case) -> None:
    """Start the clocks of departments that were called just now, and stop those of the ones that have come."""
    held = set(before.whistles)
    new = [each for each in case.whistles if each not in held]
    waiting = [
        Deadline(key=report_in_key(case.id, each.person), due_at=each.due_at) for each in new if not each.reported_at
    ]
    done = {each.person for each in case.whistles if each.reported_at} | (
        {each.person for each in held} - {each.person for each in case.whistles}
    )
    await uow.deadlines.cancel([report_in_key(case.id, person) for person in done])
    await uow.deadlines.set(waiting)


def step_key(case_id: str) -> DeadlineKey:
    """The timer of a case's present step."""
    return DeadlineKey(subject=case_id, kind=DeadlineKind.STEP)


def report_in_key(case_id: str, person_id: str) -> DeadlineKey:
    """The timer of a department that was called to a case."""
    return DeadlineKey(subject=case_id, kind=DeadlineKind.REPORT_IN, part=person_id)
