"""The demonstration sub-district's life beside its cameras: what residents, workers and volunteers brought lately."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from lookout_server.domain.access import Access, access_of
from lookout_server.domain.hotline import Call
from lookout_server.domain.lists import Item, ListKind, matches
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.rotation import Post, Rotation
from lookout_server.domain.rounds import DiaryKind, Inspection, InspectionKind
from lookout_server.domain.territory import Level, Role, Site, Territory
from lookout_server.domain.volunteers import Points, Volunteer
from lookout_server.ports import EvidenceStore, Store
from lookout_server.services import diary, hotline, inspecting, lists, residents, volunteers
from lookout_server.services.rotating import rotate

VOLUNTEERS, PLACES, INSPECTIONS, DIARISTS, DAYS = 24, 12, 18, 10, 5
_SKILLS = ("急救", "水电维修", "调解", "助老", "护学", "文艺")
_NAMES = ("周阿姨", "老吴", "孙师傅", "郑老师", "冯大姐", "陈叔", "卫医生", "蒋师傅", "沈老师", "韩大爷")
_SPOTS = ("3号楼北侧", "自行车棚", "东门外", "小广场", "垃圾投放点", "幼儿园门口")
_LISTS: tuple[tuple[ListKind, str, tuple[str, ...]], ...] = (
    (ListKind.NEED, "独居老人需要轮椅", ("轮椅", "助老")),
    (ListKind.NEED, "楼道灯坏了", ("水电",)),
    (ListKind.NEED, "放学后无人照看", ("护学",)),
    (ListKind.NEED, "邻里噪声纠纷", ("调解",)),
    (ListKind.RESOURCE, "社区轮椅两台", ("轮椅",)),
    (ListKind.RESOURCE, "四点半课堂教室", ("护学",)),
    (ListKind.SERVICE, "水电上门维修", ("水电",)),
    (ListKind.SERVICE, "调解员值班", ("调解",)),
    (ListKind.SERVICE, "助老送餐", ("助老",)),
)
_REPORTS = (
    (ReportKind.GARBAGE, "建筑垃圾堆在路边"),
    (ReportKind.BLOCKED, "消防通道被车堵住"),
    (ReportKind.FACILITY, "健身器材松动"),
    (ReportKind.EBIKE, "电动车推进楼道充电"),
)
_DONE = ("查看消防栓", "走访独居老人", "劝导飞线充电", "宣传垃圾分类", "调解停车纠纷", "帮忙代缴水费")
_INSPECTED = (InspectionKind.LIFT, InspectionKind.CHARGING, InspectionKind.FIRE_GEAR, InspectionKind.PASSAGE)
_WATCHES = {
    "early": Post(begins=time(6), ends=time(14)),
    "late": Post(begins=time(14), ends=time(22)),
    "night": Post(begins=time(22), ends=time(6)),
}
_ROUND = ("early", "early", "late", "late", "night", "night", "rest", "rest")


@dataclass(frozen=True, kw_only=True)
class _Town:
    """Who and what there is to draw from."""

    store: Store
    site: Site
    grids: Sequence[Territory]
    workers: Sequence[Access]
    #: Of the whole site; cleared for care.
    desk: Access
    until: datetime
    dice: random.Random

    def name(self, prefix: str, digits: int = 24) -> str:
        """An id that the same seed gives again."""
        return f"{prefix}-{self.dice.getrandbits(digits * 4):0{digits}x}"

    def grid(self) -> str:
        """One of them."""
        return self.dice.choice(self.grids).id

    def ago(self, most: timedelta) -> datetime:
        """A moment within so long before."""
        return self.until - most * self.dice.random()


async def seed_ways(store: Store, files: EvidenceStore, site: Site, *, until: datetime, seed: int = 1) -> int:
    """Add to a seeded estate; how many things came that are no cases of cameras. All by the ways that people go."""
    town = await _town(store, site, until, seed)
    done = [
        await _volunteers(town),
        await _lists(town),
        await _inspections(town),
        await _diary(town),
        await _reports(town, files),
        await _roster(town),
    ]
    return sum(done)


async def _town(store: Store, site: Site, until: datetime, seed: int) -> _Town:
    async with store.read() as uow:
        places = await uow.territory.territories()
        workers = await uow.people.everyone(Role.WORKER)
        desk = next(person for person in await uow.people.everyone(Role.CARE) if person.in_control_room)
    return _Town(
        store=store,
        site=site,
        grids=[place for place in places if place.level is Level.GRID],
        workers=[access_of(person, places) for person in workers if person.grids],
        desk=access_of(desk, places),
        until=until,
        dice=random.Random(seed),
    )


async def _volunteers(town: _Town) -> int:
    dice = town.dice
    for number in range(VOLUNTEERS):
        skills = frozenset(dice.sample(_SKILLS, k=dice.choice((1, 1, 2))))
        name = _NAMES[number % len(_NAMES)]
        helper = Volunteer(id=town.name("v", 20), name=name, grid=town.grid(), skills=skills)
        await volunteers.save(town.store, helper, town.desk)
        for points, reason in ((dice.choice((5, 10, 20)), "参加清洁日"), (-5, "兑换洗衣液")):
            line = Points(
                id=town.name("p"),
                volunteer=helper.id,
                points=points,
                reason=reason,
                by=town.desk.person.id,
                at=town.ago(timedelta(days=60)),
            )
            await volunteers.give(town.store, line, town.desk)
    return VOLUNTEERS


async def _lists(town: _Town) -> int:
    found: list[Item] = []
    for kind, title, tags in _LISTS:
        at = town.ago(timedelta(days=30))
        line = Item(
            id=town.name("l"),
            kind=kind,
            title=title,
            words="",
            grid=town.grid(),
            tags=frozenset(tags),
            by=town.desk.person.id,
            at=at,
        )
        found.append(await lists.add(town.store, line, town.desk))
    need = found[0]
    offer = matches(need, found, {place.id: place for place in town.grids})[0].offer
    await lists.meet(town.store, need.id, offer.id, town.desk, at=town.until)
    return len(found)


async def _inspections(town: _Town) -> int:
    """One of them found something; the last is a care visit."""
    for number in range(INSPECTIONS):
        worker = town.workers[number * 7 % len(town.workers)]
        care = number == INSPECTIONS - 1
        inspection = Inspection(
            id=f"i-demo-{number + 1:02d}",
            kind=InspectionKind.CARE if care else _INSPECTED[number % len(_INSPECTED)],
            title="探望王奶奶" if care else f"{number + 1}号楼",
            grid=min(worker.person.grids),
            every_days=7 if care else 30,
            due_at=town.until + timedelta(days=town.dice.uniform(1, 20)),
            assignee=worker.person.id if care else None,
        )
        await inspecting.save(town.store, inspection, town.desk)
        if number % 2 == 0:
            fine = number != 2
            told = inspecting.Found(id=town.name("r"), ok=fine, words="正常" if fine else "灭火器压力不足")
            await inspecting.report(
                town.store,
                town.site,
                inspection.id,
                told,
                worker,
                at=town.ago(timedelta(days=5)) if fine else town.until,
            )
    return INSPECTIONS


async def _diary(town: _Town) -> int:
    written = 0
    for worker in town.dice.sample(list(town.workers), k=DIARISTS):
        for day in range(DAYS):
            at = town.until - timedelta(days=day, hours=town.dice.uniform(0, 6))
            note = diary.Note(id=town.name("d"), kind=town.dice.choice(list(DiaryKind)), words=town.dice.choice(_DONE))
            await diary.write(town.store, note, worker, at=at)
            written += 1
    return written


async def _reports(town: _Town, files: EvidenceStore) -> int:
    """Places with codes, and what came by them and the hotline just now: it waits for the control room."""
    places = [
        await residents.add_place(town.store, town.grid(), spot, None, at=town.until - timedelta(days=90))
        for spot in _SPOTS[: PLACES // 2] * 2
    ]
    # Now: the days before have their numbers already.
    at = town.until
    for number, (kind, words) in enumerate(_REPORTS):
        heard = residents.Heard(place=places[number].code, kind=kind, words=words, key=town.name("k"))
        await residents.report(town.store, files, town.site, heard, at=at)
    call = Call(number="HF-DEMO-1", received_at=at, kind=ReportKind.OTHER, grid=town.grid(), words="夜间施工噪声")
    await hotline.take_call(town.store, town.site, call, town.desk, at=at)
    return len(places) + len(_REPORTS) + 1


async def _roster(town: _Town) -> int:
    """Eight workers go round three watches."""
    crew = tuple((worker.person.id, place) for place, worker in enumerate(town.workers[:8]))
    boss = Access(person=replace(town.desk.person, roles=frozenset({Role.SUPERVISOR})), places=None)
    rotation = Rotation(name="demo", first=town.until.date(), days=28, pattern=_ROUND, posts=_WATCHES, people=crew)
    return len((await rotate(town.store, town.site, rotation, boss, dry_run=False)).shifts)
