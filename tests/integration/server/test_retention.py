"""What is kept for how long, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from integration.server.fleet import database_of
from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.housekeeping import Household, look_after
from lookout_server.domain.alarm import DismissReason, alarm_id
from lookout_server.domain.case import Details
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Role
from lookout_server.domain.webhook import HookState, SetAside
from lookout_server.domain.wording import Words
from lookout_server.errors import StoreError
from lookout_server.ports import Brought, StoredFile
from lookout_server.services import retention
from lookout_server.services.handling import Order, void
from lookout_server.services.judging import Judgement, dismiss
from lookout_server.services.notifying import About, notify
from lookout_server.services.retention import Retention, expire_evidence, forget_the_past
from lookout_server.testing import NOON, SITE, MemoryFiles, SmallGateway, Station, anywhere, person, picture

pytestmark = pytest.mark.anyio

DAYS = Retention(evidence_days=90, care_days=10, notices_days=100, feed_days=20)
ANYBODY = anywhere(person("li", Role.OPERATOR, Role.CARE))


async def _bring(station: Station, content: bytes) -> str:
    file = picture(content)
    station.files.files[file.sha256] = content
    async with station.store.write() as uow:
        stored = StoredFile(sha256=file.sha256, mime=file.mime, bytes=file.bytes)
        await uow.evidence.add(stored, uploader="gateway:gw-1", at=NOON)
        await uow.commit()
    return file.sha256


async def _seen(station: Station, gateway: SmallGateway, occurrence: str, content: bytes) -> tuple[str, str]:
    """An alarm with a picture: its id and the picture's hash."""
    gateway.evidence = (picture(content),)
    await station.intake.take([gateway.sends(occurrence)])
    return alarm_id("/site/kangle/gateway/gw-1", occurrence), await _bring(station, content)


async def _expire(station: Station, days: int) -> int:
    return await expire_evidence(station.store, station.files, DAYS, at=NOON + timedelta(days=days))


async def test_pictures_go_when_nothing_needs_them(station: Station) -> None:
    gateway = SmallGateway()
    _, waiting = await _seen(station, gateway, "o-1", b"nobody has judged it")
    judged, dismissed = await _seen(station, gateway, "o-2", b"false")
    await dismiss(station.store, SITE, judged, ANYBODY, Judgement(reason=DismissReason.FALSE_ALARM), at=NOON)
    _, at_work = await _seen(station, gateway, "o-3", b"a case")
    gateway.evidence = (picture(b"a case"),)
    await station.reported(gateway, "o-3")
    forgotten = await _bring(station, b"belongs to nothing")
    assert await _expire(station, 89) == 0
    assert await _expire(station, 91) == 2
    assert set(station.files.files) == {waiting, at_work}
    async with station.store.read() as uow:
        assert set(await uow.evidence.get([waiting, at_work, dismissed, forgotten])) == {waiting, at_work}
        # What was seen is not forgotten with the picture of it.
        assert (await uow.alarms.get([judged]))[judged].evidence[0].sha256 == dismissed
    assert await _expire(station, 91) == 0


async def test_a_settled_case_keeps_its_pictures_from_then_on(station: Station) -> None:
    gateway = SmallGateway()
    _, sha256 = await _seen(station, gateway, "o-1", b"a case")
    case_id = await station.reported(gateway, "o-1")
    settled = NOON + timedelta(days=60)
    order = Order(
        case_id=case_id, action=Action.VOID, access=ANYBODY, version=1, at=settled, details=Details(reason="访客")
    )
    await void(station.store, SITE, order)
    assert await _expire(station, 149) == 0
    assert await _expire(station, 151) == 1
    assert sha256 not in station.files.files


async def test_pictures_of_care_go_sooner(station: Station) -> None:
    care = SmallGateway(scenario=Scenario.CARE)
    alarm, private = await _seen(station, care, "o-1", b"at home")
    plain = SmallGateway(sequence=1)
    other, public = await _seen(station, plain, "o-2", b"in the street")
    for each in (alarm, other):
        await dismiss(station.store, SITE, each, ANYBODY, Judgement(reason=DismissReason.FALSE_ALARM), at=NOON)
    assert await _expire(station, 11) == 1
    assert set(station.files.files) == {public}
    assert private != public


async def test_the_feed_waits_for_webhooks_and_notices_go_by_age(station: Station) -> None:
    gateway = SmallGateway()
    for number in range(4):
        await station.intake.take([gateway.sends(f"o-{number}")])
    about = About(subject="x", severity=Severity.BLUE, title=Words.same("x"))
    async with station.store.write() as uow:
        await notify(uow, SITE, about, NoticeKind.ALARM_LATE, ["u-li"], at=NOON)
        await uow.webhooks.save(HookState(name="slow", seq=3))
        await uow.webhooks.keep(SetAside(hook="slow", seq=2, at=NOON, error="x"))
        head = await uow.feed.head()
        await uow.commit()
    late = NOON + timedelta(days=21)
    assert await forget_the_past(station.store, DAYS, ["slow", "new"], at=late) == (0, 2)
    async with station.store.read() as uow:
        assert [entry.seq for entry in await uow.feed.after(0, 2)] == [2, 4]
    assert await forget_the_past(station.store, DAYS, [], at=NOON + timedelta(days=101)) == (1, head - 3)
    forever = Retention(evidence_days=None, care_days=None, notices_days=None, feed_days=None)
    assert await forget_the_past(station.store, forever, [], at=late) == (0, 0)
    assert await expire_evidence(station.store, station.files, forever, at=late) == 0


class _Refusing(MemoryFiles):
    """Does not let go of some files; ``kept``: which, None: of none."""

    def __init__(self, held: MemoryFiles, kept: set[str] | None = None) -> None:
        super().__init__()
        self.files = held.files
        self.kept = kept
        self.asked = 0

    async def delete(self, sha256: str) -> None:
        """As a bucket whose policy has no DeleteObject."""
        self.asked += 1
        if self.kept is None or sha256 in self.kept:
            raise StoreError("the evidence store does not let go of a file: AccessDenied")
        await super().delete(sha256)


async def test_one_file_that_cannot_be_deleted_keeps_no_other(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 20)
    stuck = await _bring(station, b"of another user")
    others = [await _bring(station, f"number {each}".encode()) for each in range(50)]
    files = _Refusing(station.files, {stuck})
    assert await expire_evidence(station.store, files, DAYS, at=NOON + timedelta(days=91)) == len(others)
    assert set(station.files.files) == {stuck}
    async with station.store.read() as uow:
        assert set(await uow.evidence.get([stuck, *others])) == {stuck}


async def test_what_stays_is_looked_at_once_and_not_with_each_batch(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 10)
    every = sorted([await _bring(station, f"number {each}".encode()) for each in range(45)])
    stuck = set(every[::9])
    files = _Refusing(station.files, stuck)
    assert await expire_evidence(station.store, files, DAYS, at=NOON + timedelta(days=91)) == 40
    assert files.asked == len(every)
    assert set(station.files.files) == stuck


async def test_old_files_are_found_by_when_they_came(station: Station) -> None:
    """Without sorting all that there is for each batch."""
    database = database_of(station.store)
    if database.is_far:
        pytest.skip("a planner of its own mind, which sorts a table as small as this one")
    async with database.read() as uow:
        asked: list[tuple[str, Any]] = []

        def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
            asked.append((statement, values))

        event.listen(uow.session.get_bind(), "before_cursor_execute", note)
        await uow.evidence.expired(NOON, None, 10, after=Brought(at=NOON, sha256=""))
        statement, values = asked[-1]
        connection = await uow.session.connection()
        steps = [str(row[-1]) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert "SEARCH evidence USING COVERING INDEX ix_evidence_uploaded_at_sha256" in steps[0]
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps)


async def test_a_store_that_deletes_nothing_is_soon_left_alone_and_the_rest_is_forgotten(station: Station) -> None:
    for each in range(20):
        await _bring(station, f"number {each}".encode())
    await station.intake.take([SmallGateway().sends("o-1")])
    files = _Refusing(station.files)
    house = Household(store=station.store, files=files, retention=DAYS)
    await look_after(house, NOON + timedelta(days=91))
    assert files.asked <= 3 * 2
    async with station.store.read() as uow:
        assert await uow.feed.after(0, 10) == []
