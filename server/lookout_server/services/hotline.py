"""热线 12345: calls become cases, each once, however often it is handed on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_server.domain.access import Access
from lookout_server.domain.case import SYSTEM, Actor, Case, Source
from lookout_server.domain.hotline import Call, Line, read_calls
from lookout_server.domain.resident import KINDS
from lookout_server.domain.territory import Site
from lookout_server.domain.topics import of_report
from lookout_server.errors import ForbiddenError, InvalidError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.accounts import require_grids
from lookout_server.services.opening import Told, open_told


class Outcome(StrEnum):
    """What becomes of a line of an imported table."""

    CREATED = "created"
    #: It is a case already.
    KNOWN = "known"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A line of the table and what became of it, or would."""

    line: int
    number: str
    outcome: Outcome
    case_id: str | None = None
    wrong: str | None = None


async def take_call(store: Store, site: Site, call: Call, by: Access, *, at: datetime) -> tuple[str, bool]:
    """The case of a call, and whether it is new. ForbiddenError outside the asking person's places."""
    async with store.write() as uow:
        _require(by, call.grid)
        await require_grids(uow, frozenset({call.grid}))
        known = await uow.hotline.cases_of([call.number])
        if call.number in known:
            return known[call.number], False
        case = await _open(uow, site, call, by, at)
        await uow.commit()
    return case.id, True


async def import_calls(
    store: Store, site: Site, content: bytes, by: Access | None, *, at: datetime, dry_run: bool = False
) -> Sequence[Taken]:
    """The calls of a CSV table; ``by`` None: the command line. With a wrong line in it nothing at all is taken."""
    async with store.write() as uow:
        places = {each.id: each for each in await uow.territory.territories()}
        lines = [_checked(line, by) for line in read_calls(content, places, site.timezone)]
        known = await uow.hotline.cases_of([line.number for line in lines])
        wrong = any(line.wrong for line in lines)
        taken: list[Taken] = []
        for line in lines:
            if line.call is None:
                taken.append(Taken(line=line.line, number=line.number, outcome=Outcome.WRONG, wrong=line.wrong))
            elif line.number in known:
                held = known[line.number]
                taken.append(Taken(line=line.line, number=line.number, outcome=Outcome.KNOWN, case_id=held))
            else:
                made = None if wrong or dry_run else (await _open(uow, site, line.call, by, at)).id
                taken.append(Taken(line=line.line, number=line.number, outcome=Outcome.CREATED, case_id=made))
        if wrong and not dry_run:
            bad = [f"line {each.line}: {each.wrong}" for each in taken if each.outcome is Outcome.WRONG]
            raise InvalidError(f"nothing was taken. {'; '.join(bad[:5])}", wrong=bad[:100])
        if not dry_run:
            await uow.commit()
    return taken


def _checked(line: Line, by: Access | None) -> Line:
    if line.call is None or by is None or by.covers(line.call.grid):
        return line
    return Line(line=line.line, number=line.number, call=None, wrong=f"{line.call.grid} is not among your places")


def _require(by: Access, grid: str) -> None:
    if not by.covers(grid):
        raise ForbiddenError(f"{grid} is not among your places: ask somebody who looks after it")


async def _open(uow: UnitOfWork, site: Site, call: Call, by: Access | None, at: datetime) -> Case:
    row, places = KINDS[call.kind], {each.id: each for each in await uow.territory.territories()}
    told = Told(
        source=Source.HOTLINE,
        topic=of_report(call.kind),
        scene=places[call.grid].name,
        words=call.words,
        severity=row.severity,
        grid=call.grid,
        actor=Actor(person=by.person) if by else SYSTEM,
        scenario=row.scenario,
        # Whoever enters it, or the hotline before them, has judged it already.
        state=CaseState.CONFIRMED,
        data={"number": call.number, "kind": call.kind.value, "received_at": call.received_at.isoformat()},
    )
    case = await open_told(uow, site, told, at=at)
    await uow.hotline.add(call, case.id)
    return case
