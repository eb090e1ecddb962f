"""What became of a case stays what it was: the database refuses changes, and who gets round that is found out."""

import pytest
from sqlalchemy import text

from integration.server.fleet import database_of
from lookout_server.domain.audit import Act
from lookout_server.domain.case import Details
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import Role
from lookout_server.errors import StoreError, StoreRefusedError
from lookout_server.services import auditing
from lookout_server.services.handling import Order, void
from lookout_server.services.merging import reopen
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LEAD = anywhere(person("zhao", Role.SUPERVISOR))


async def _voided(station: Station, occurrence: str = "o-1") -> str:
    case_id = await station.reported(SmallGateway(epoch=f"of-{occurrence}"), occurrence)
    await void(station.store, SITE, _order(case_id, Action.VOID, 1, reason="访客"))
    return case_id


def _order(case_id: str, action: Action, version: int, *, reason: str) -> Order:
    details = Details(reason=reason)
    return Order(case_id=case_id, action=action, access=LEAD, version=version, at=NOON, details=details)


async def test_a_settled_cases_history_is_sealed_in_the_audit_log(station: Station) -> None:
    case_id = await _voided(station)
    async with station.store.read() as uow:
        (kept,) = await uow.audit.before(None, 1)
    assert (kept.entry.act, kept.entry.subject, kept.entry.actor) == (Act.CASE_SETTLED, case_id, "u-zhao")
    assert (kept.entry.details or {})["lines"] == 2
    assert (await auditing.verify(station.store)).altered == ()


async def test_what_was_added_since_is_no_fault_and_is_sealed_the_next_time(station: Station) -> None:
    case_id = await _voided(station)
    await reopen(station.store, SITE, _order(case_id, Action.REOPEN, 2, reason="又来了"))
    assert (await auditing.verify(station.store)).altered == ()
    await void(station.store, SITE, _order(case_id, Action.VOID, 3, reason="访客"))
    async with station.store.read() as uow:
        sealed = [each.entry for each in await uow.audit.before(None, 9) if each.entry.act is Act.CASE_SETTLED]
    assert [(each.details or {})["lines"] for each in sealed] == [4, 2]
    assert (await auditing.verify(station.store)).altered == ()


@pytest.mark.parametrize("statement", ["UPDATE case_history SET note = 'x'", "DELETE FROM case_history"])
async def test_the_database_refuses_to_change_a_history(station: Station, statement: str) -> None:
    await _voided(station)

    async def change() -> None:
        async with database_of(station.store).write() as uow:
            await uow.session.execute(text(statement))

    with pytest.raises((StoreError, StoreRefusedError), match="only ever added to"):
        await change()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_history SET note = 'x' WHERE case_id = :case AND seq = 1",
        "UPDATE case_history SET actor = 'u-li' WHERE case_id = :case AND seq = 2",
        "UPDATE case_history SET data = '{}' WHERE case_id = :case AND seq = 1",
        "DELETE FROM case_history WHERE case_id = :case AND seq = 2",
        "DELETE FROM case_history WHERE case_id = :case",
    ],
)
async def test_whoever_gets_round_that_is_found_out(station: Station, statement: str) -> None:
    case_id, other = await _voided(station), await _voided(station, "o-2")
    assert case_id != other
    database = database_of(station.store)
    async with database.write() as uow:
        if database.is_far:
            await uow.session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for verb in ("update", "delete"):
                await uow.session.execute(text(f"DROP TRIGGER case_history_no_{verb}"))
        await uow.session.execute(text(statement), {"case": case_id})
        await uow.commit()
    verdict = await auditing.verify(station.store)
    assert (verdict.broken, verdict.altered) == (None, (case_id,))
