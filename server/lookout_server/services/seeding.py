"""A demonstration sub-district at its real scale, with a past. The same seed gives the same estate and cases."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lookout_contract.cases import CaseState
from lookout_contract.events import Attributes, EndReason, Scenario, Severity
from lookout_server.domain import moving
from lookout_server.domain.alarm import Alarm, AlarmState, Disposition, alarm_id
from lookout_server.domain.case import SYSTEM, Actor, Case, Details, HistoryEntry, Request
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import Camera, CameraKey, Level, Person, Role, Site, Territory, person_id
from lookout_server.domain.topics import of_scenario, titled
from lookout_server.errors import ConflictError
from lookout_server.ports import Store
from lookout_server.services.estate import Estate, import_estate, is_empty

COMMUNITIES = ("康乐南路", "长淮新村", "站前", "和平里", "铁路二村")
GRIDS, WORKERS, HEADS = 145, 179, 1933
CAMERAS, WITH_AI = 55, 40
_PLACES = ("东门", "后巷", "老院", "2单元楼道", "投放点", "车棚", "配电房旁", "小广场")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超霞平刚"
#: What a year brought, roughly: most of it is small.
_KINDS = (
    (Scenario.GARBAGE, Severity.BLUE, 50),
    (Scenario.UNFAMILIAR_VEHICLE, Severity.YELLOW, 25),
    (Scenario.CORRIDOR_EBIKE, Severity.YELLOW, 18),
    (Scenario.KEY_AREA, Severity.YELLOW, 5),
    (Scenario.FIRE_SMOKE, Severity.RED, 2),
)
#: Cases written with one transaction.
_BATCH = 1000
_PHOTO = "0" * 64


@dataclass(frozen=True, kw_only=True)
class PastCase:
    """A case that is over, with its alarm and its history."""

    case: Case
    alarm: Alarm
    history: tuple[HistoryEntry, ...]


def demo_estate(seed: int = 1) -> Estate:
    """5 communities, 145 grids, 55 cameras, 179 grid workers, 1,933 household heads, and those above them."""
    dice = random.Random(seed)
    district = Territory(id="demo-district", name="瑶海区", level=Level.DISTRICT)
    street = Territory(id="demo-street", name="长淮街道", level=Level.STREET, parent=district.id)
    communities = [
        Territory(id=f"demo-c{n}", name=f"{name}社区", level=Level.COMMUNITY, parent=street.id)
        for n, name in enumerate(COMMUNITIES, 1)
    ]
    grids = [
        Territory(id=f"demo-g{n:03d}", name=f"第{n}网格", level=Level.GRID, parent=communities[n % len(communities)].id)
        for n in range(1, GRIDS + 1)
    ]
    # A corridor's camera hangs in a building; the others outdoors.
    indoors = {n for n in range(CAMERAS) if _PLACES[n % len(_PLACES)].endswith("楼道")}
    buildings = {
        n: Territory(id=f"{grids[n].id}-b1", name="1号楼", level=Level.BUILDING, parent=grids[n].id)
        for n in sorted({n % GRIDS for n in indoors})
    }
    cameras = [
        Camera(
            # Without AI they are on the plan, and no gateway speaks for them.
            key=CameraKey(gateway=f"demo-gw{1 + n % 5}" if n < WITH_AI else "demo-plain", id=f"cam-{n + 1:02d}"),
            name=f"{grids[n % GRIDS].name}{_PLACES[n % len(_PLACES)]}",
            grid=grids[n % GRIDS].id,
            building=buildings[n % GRIDS].id if n in indoors else None,
        )
        for n in range(CAMERAS)
    ]
    people = [*_field(dice, grids), *_office(dice, communities, street, district)]
    return Estate(
        territories=(district, street, *communities, *grids, *buildings.values()),
        cameras=tuple(cameras),
        people=tuple(people),
    )


async def seed_demo(store: Store, site: Site, *, cases: int, days: int, until: datetime, seed: int = 1) -> int:
    """Fill an empty database; how many cases there are. ConflictError when it holds an estate already."""
    if not await is_empty(store):
        raise ConflictError("this database holds an estate already: seed-demo is for an empty one (another data_dir)")
    estate = demo_estate(seed)
    await import_estate(store, replace(estate, people=()), at=until)
    async with store.write() as uow:
        await uow.people.add_many(estate.people)
        await uow.commit()
    batch: list[PastCase] = []
    written = 0
    for past in _past(site, estate, cases=cases, days=days, until=until, dice=random.Random(seed)):
        batch.append(past)
        if len(batch) == _BATCH:
            written += await _write(store, batch)
            batch = []
    return written + await _write(store, batch)


async def _write(store: Store, batch: Sequence[PastCase]) -> int:
    if not batch:
        return 0
    async with store.write() as uow:
        # The alarm refers to its case, and the link to both: the case comes first.
        await uow.cases.add_past([(past.case, past.history) for past in batch])
        await uow.alarms.save([past.alarm for past in batch])
        await uow.cases.link_past([(past.case.id, past.alarm.id) for past in batch])
        await uow.commit()
    return len(batch)


def _field(dice: random.Random, grids: Sequence[Territory]) -> Iterator[Person]:
    for n in range(WORKERS):
        own = frozenset({grids[n % GRIDS].id})
        skills = frozenset({"fire"}) if n % 6 == 0 else frozenset[str]()
        yield replace(_person(dice, f"demo-w{n + 1:03d}", Role.WORKER, own), skills=skills)
    for n in range(HEADS):
        yield _person(dice, f"demo-h{n + 1:04d}", Role.HOUSEHOLD_HEAD, frozenset({grids[n % GRIDS].id}))


def _office(
    dice: random.Random, communities: Sequence[Territory], street: Territory, district: Territory
) -> Iterator[Person]:
    for n in range(4):
        operator = _person(dice, f"demo-op{n + 1}", Role.OPERATOR, frozenset())
        # Two are cleared for care: one asks to look into a case, the other agrees.
        yield replace(operator, roles=operator.roles | {Role.CARE}) if n < 2 else operator
    for place in (*communities, street, district):
        yield _person(dice, f"demo-s-{place.id.removeprefix('demo-')}", Role.SUPERVISOR, frozenset({place.id}))
    for name in ("chengguan", "xiaofang", "gongan"):
        yield _person(dice, f"demo-d-{name}", Role.DEPARTMENT, frozenset())


def _person(dice: random.Random, username: str, role: Role, places: frozenset[str]) -> Person:
    name = dice.choice(_SURNAMES) + "".join(dice.choices(_GIVEN, k=dice.choice((1, 2))))
    return Person(id=person_id(username), username=username, name=name, roles=frozenset({role}), grids=places)


def _past(
    site: Site, estate: Estate, *, cases: int, days: int, until: datetime, dice: random.Random
) -> Iterator[PastCase]:
    """In the order in which they happened, numbered by day as real ones are."""
    zone = ZoneInfo(site.timezone)
    # The last day is left alone: numbers of today are given by the counter.
    last = until - timedelta(days=1)
    opened = sorted(last - timedelta(seconds=dice.random() * days * 86400) for _ in range(cases))
    numbers: dict[str, int] = {}
    workers = {grid: person for person in estate.people if Role.WORKER in person.roles for grid in person.grids}
    operators = [person for person in estate.people if Role.OPERATOR in person.roles]
    for at in opened:
        day = at.astimezone(zone).strftime("%Y%m%d")
        numbers[day] = numbers.get(day, 0) + 1
        camera = estate.cameras[dice.randrange(WITH_AI)]
        yield _one(site, camera, workers, operators, f"{day}-{numbers[day]:04d}", at, dice)


def _one(
    site: Site,
    camera: Camera,
    workers: dict[str, Person],
    operators: Sequence[Person],
    number: str,
    at: datetime,
    dice: random.Random,
) -> PastCase:
    scenario, severity, _ = dice.choices(_KINDS, weights=[weight for *_, weight in _KINDS])[0]
    alarm = _alarm(site, camera, scenario, severity, number, at - timedelta(seconds=dice.randrange(5, 240)))
    topic = of_scenario(scenario)
    blank = Case(
        id=f"c-{number}",
        number=number,
        title=titled(topic, camera.name).zh,
        scenario=scenario,
        severity=severity,
        state=CaseState.CONFIRMED,
        version=1,
        entries=1,
        camera=camera.key,
        grid=camera.grid,
        opened_at=at,
        updated_at=at,
        due_at=None,
        alarms=(alarm.id,),
        topic=topic,
        scene=camera.name,
    )
    operator = Actor(person=dice.choice(operators))
    case, entry = moving.opened(blank, actor=operator, at=at, data={"alarm": alarm.id}, policy=site.policy)
    history = [entry]
    for action, actor, details, seconds in _steps(workers[camera.grid or ""], operator, dice):
        at += timedelta(seconds=dice.expovariate(1 / seconds))
        request = Request(action=action, actor=actor, at=at, version=case.version, details=details)
        case, entry = moving.move(case, request, site.policy)
        history.append(entry)
    return PastCase(case=case, alarm=replace(alarm, case_id=case.id), history=tuple(history))


_Step = tuple[Action, Actor, Details, float]


def _steps(worker: Person, operator: Actor, dice: random.Random) -> list[_Step]:
    """The straight way, sometimes with a rework, sometimes void; each with its usual seconds."""
    if dice.random() < 0.08:
        return [(Action.VOID, operator, Details(reason="现场无异常"), 120)]
    going = Actor(person=worker)
    plain = Details()
    done: list[_Step] = [
        (Action.FEEDBACK, going, Details(photos=(_PHOTO,), note="已处理"), 1500),
        (Action.VERIFY, SYSTEM, plain, 1),
    ]
    rework: list[_Step] = [(Action.REWORK, operator, Details(reason="未清理干净"), 600), *done]
    return [
        (Action.DISPATCH, operator, Details(worker=worker), 60),
        (Action.ACCEPT, going, plain, 150),
        (Action.ARRIVE, going, plain, 500),
        *done,
        *(rework if dice.random() < 0.07 else []),
        (Action.CLOSE, operator, plain, 900),
        (Action.EVALUATE, operator, Details(score=dice.choice((3, 4, 5, 5))), 86400),
    ]


def _alarm(site: Site, camera: Camera, scenario: Scenario, severity: Severity, number: str, at: datetime) -> Alarm:
    source = f"/site/{site.id}/gateway/{camera.key.gateway}"
    occurrence = f"demo-{hashlib.sha256(number.encode()).hexdigest()[:16]}"
    return Alarm(
        id=alarm_id(source, occurrence),
        source=source,
        occurrence=occurrence,
        camera=camera.key,
        scenario=scenario,
        severity=severity,
        severity_reason=None,
        state=AlarmState.CLEARED,
        zone=None,
        started_at=at,
        updated_at=at + timedelta(seconds=60),
        ended_at=at + timedelta(seconds=60),
        end_reason=EndReason.CLEARED,
        emitted_at=at,
        received_at=at,
        objects=(),
        votes=None,
        dwell_s=60.0,
        attributes=Attributes(),
        explain=(),
        evidence=(),
        epoch="demo",
        sequence=1,
        disposition=Disposition.REPORTED,
    )
