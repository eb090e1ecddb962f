"""One thing on its way past several cameras is one case, on both databases."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from itertools import pairwise

import pytest

from lookout_contract.events import Attributes, Phase, Plate, PlateStatus, Scenario, Severity
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, DismissReason, Disposition, alarm_id
from lookout_server.domain.case import Details
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import Contact, Notice, NoticeKind
from lookout_server.domain.policy import Policy, PolicyInForce
from lookout_server.domain.site_graph import SiteGraph, Way
from lookout_server.domain.territory import Camera, CameraKey, Role, Site
from lookout_server.errors import CaseElsewhereError
from lookout_server.ports import AlarmFilter, CaseFilter, Incoming, Page
from lookout_server.services.correlating import unknown_stops
from lookout_server.services.courier import Courier
from lookout_server.services.details import case_detail
from lookout_server.services.handling import Order, dispatch
from lookout_server.services.intake import Intake
from lookout_server.services.judging import Judgement, dismiss, undismiss
from lookout_server.services.merging import merge, reopen, split
from lookout_server.services.reporting import report_alarm
from lookout_server.testing import NOON, SITE, NotedChannel, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

STOPS = ("gate", "yard", "lift", "corridor")
WAYS = tuple(
    Way(start=f"gw-1/{start}", end=f"gw-1/{end}", within=timedelta(minutes=3)) for start, end in pairwise(STOPS)
)
HOUSE: Site = replace(SITE, in_force=PolicyInForce(Policy(graph=SiteGraph(ways=WAYS))))
RESTING: Site = replace(SITE, in_force=PolicyInForce(Policy(quiet_hours=(time(11), time(13)))))
LATER = NOON + timedelta(minutes=30)
ZHAO = anywhere(person("zhao", Role.SUPERVISOR))
LI = anywhere(person("li", Role.OPERATOR))


class Walk:
    """Events along the way, one gateway, minutes after noon."""

    def __init__(self, station: Station, scenario: Scenario) -> None:
        self.station, self.gateway = station, SmallGateway(scenario=scenario)
        self.intake = Intake(station.store, site=HOUSE)

    def event(
        self,
        name: str,
        camera: str,
        minute: float,
        phase: Phase = Phase.START,
        plate: str | None = None,
        *,
        dwell_s: float = 0.0,
    ) -> Incoming:
        gateway = self.gateway
        gateway.camera, gateway.at = camera, NOON + timedelta(minutes=minute)
        read = Plate(text=plate, confidence=0.9, status=PlateStatus.UNKNOWN) if plate else None
        said = {"attributes": Attributes(plate=read), "dwell_s": dwell_s}
        data = gateway.data(name, phase).model_copy(update=said)
        return gateway.delivers(gateway.event(data))

    async def passes(self, name: str, camera: str, minute: float, plate: str | None = None) -> None:
        begun = self.event(name, camera, minute, plate=plate)
        ended = self.event(name, camera, minute + 0.5, Phase.END, plate=plate)
        await self.intake.take([begun])
        await self.intake.take([ended])

    async def tapped(self, name: str, minute: float, by: Access = LI) -> str:
        at = NOON + timedelta(minutes=minute)
        case_id, _ = await report_alarm(self.station.store, HOUSE, self.id_of(name), by, at=at)
        return case_id

    async def dismissed(self, name: str, minute: float) -> Callable[[], Awaitable[None]]:
        """As a false alarm; takes that back."""
        store, alarm, at = self.station.store, self.id_of(name), NOON + timedelta(minutes=minute)
        await dismiss(store, HOUSE, alarm, LI, Judgement(reason=DismissReason.FALSE_ALARM), at=at)
        return partial(undismiss, store, HOUSE, alarm, LI, at=at)

    async def moved(self, case_id: str, action: Action, details: Details) -> str | None:
        """By a supervisor, who may do all of it; the new case of a split."""
        async with self.station.store.read() as uow:
            version = (await uow.cases.get([case_id]))[case_id].version
        order = Order(case_id=case_id, action=action, access=ZHAO, version=version, at=LATER, details=details)
        if action is Action.SPLIT:
            return await split(self.station.store, HOUSE, order)
        await (merge if action is Action.MERGE else reopen)(self.station.store, HOUSE, order)
        return None

    async def cases(self) -> dict[str, frozenset[str]]:
        """Case id → its alarms."""
        async with self.station.store.read() as uow:
            return {case.id: frozenset(case.alarms) for case in await uow.cases.page(CaseFilter(), Page())}

    async def waiting(self) -> Sequence[Alarm]:
        async with self.station.store.read() as uow:
            return await uow.alarms.page(AlarmFilter(disposition=Disposition.OPEN), Page())

    def ids_of(self, *names: str) -> frozenset[str]:
        return frozenset(self.id_of(name) for name in names)

    def id_of(self, name: str) -> str:
        return alarm_id(f"/site/{self.gateway.site}/gateway/{self.gateway.gateway}", name)


async def test_five_alarms_along_the_way_are_one_case_and_another_vehicle_is_its_own(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.passes("v-2", "yard", 2, "皖A12345")
    await walk.passes("other", "yard", 2, "皖B77777")
    await walk.passes("v-3", "lift", 4, "皖A12345")
    await walk.passes("v-4", "corridor", 6, "皖A12345")
    await walk.passes("v-5", "corridor", 7, "皖A12345")
    assert await walk.cases() == {case: walk.ids_of("v-1", "v-2", "v-3", "v-4", "v-5")}
    assert [alarm.id for alarm in await walk.waiting()] == [walk.id_of("other")]
    mine = await walk.tapped("other", 8)
    assert (await walk.cases())[mine] == walk.ids_of("other")


async def test_a_case_names_each_camera_where_it_was_seen_and_shows_what_joined_it(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.passes("v-2", "yard", 2, "皖A12345")
    await walk.passes("v-3", "lift", 4, "皖A12345")
    await walk.passes("v-4", "lift", 5, "皖A12345")
    detail = await case_detail(station.store, case, LI, at=LATER)
    assert [camera.key.id for camera in detail.view.also] == ["yard", "lift"]
    assert [view.alarm.id for view in detail.other_alarms] == [walk.id_of(f"v-{number}") for number in (2, 3, 4)]


@pytest.mark.parametrize("stage", ["pre_alarm", "confirmed"])
async def test_whoever_is_under_way_is_told_once_that_it_burns_at_another_camera_too(
    station: Station, stage: str
) -> None:
    yard = Camera(key=CameraKey(gateway="gw-1", id="yard"), name="后院", grid="grid-07")
    async with station.store.write() as uow:
        await uow.territory.save_cameras([yard])
        await uow.roster.save_contact(Contact(person="u-wang", channel="sms", address="sms://wang"))
        await uow.commit()
    fire = SmallGateway(scenario=Scenario.FIRE_SMOKE, severity=Severity.RED, at=NOON)
    intake = Intake(station.store, site=RESTING)
    await intake.take([fire.sends("f-1", stage="confirmed"), fire.sends("f-2", stage="confirmed")])
    async with station.store.read() as uow:
        (case,) = await uow.cases.page(CaseFilter(), Page())
    order = Order(case_id=case.id, action=Action.DISPATCH, access=LI, version=case.version, at=NOON)
    await dispatch(station.store, RESTING, order, "u-wang")
    fire.camera = "yard"
    fire.severity = Severity.RED if stage == "confirmed" else Severity.YELLOW
    await intake.take([fire.sends("f-3", stage=stage), fire.sends("f-4", stage=stage)])
    await intake.take([fire.sends("f-3", Phase.UPDATE, stage="confirmed"), fire.sends("f-5", stage="confirmed")])
    async with station.store.read() as uow:
        told = {who: await uow.notices.of_person(f"u-{who}", 100) for who in ("wang", "li", "zhang")}
    also = {who: [each for each in held if each.kind is NoticeKind.ALSO_AT] for who, held in told.items()}
    assert {who: len(held) for who, held in also.items()} == {"wang": 1, "li": 1, "zhang": 0}
    [notice] = also["wang"]
    assert notice.case_id == case.id
    channel = NotedChannel()
    await Courier(station.store, channel, owner="one").carry(NOON)
    assert [text for _, text in channel.sent if "后院" in text] == [f"【守望哨】{notice.words.zh}"], "while others rest"
    assert notice.words.zh == f"案件 {case.number} 又在别处发现：火情烟雾 · 后院，请一并处置"
    assert notice.words.en == f"Case {case.number} was seen in one more place: Fire or smoke · 后院"


async def test_two_more_places_are_both_told_to_the_worker_and_nobody_is_told_before_one_is_sent(
    station: Station,
) -> None:
    async with station.store.write() as uow:
        await uow.roster.save_contact(Contact(person="u-wang", channel="sms", address="sms://wang"))
        await uow.commit()
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.passes("v-2", "yard", 2, "皖A12345")
    at = NOON + timedelta(minutes=3)
    order = Order(case_id=case, action=Action.DISPATCH, access=LI, version=1, at=at)
    await dispatch(station.store, HOUSE, order, "u-wang")
    await walk.passes("v-3", "yard", 3.5, "皖A12345")
    await walk.passes("v-4", "lift", 4, "皖A12345")
    await walk.passes("v-5", "corridor", 4.1, "皖A12345")
    async with station.store.read() as uow:
        held = [each for each in await uow.notices.of_person("u-wang", 100) if each.kind is NoticeKind.ALSO_AT]
    assert [each.words.zh.split(" · ")[1].split("，")[0] for each in reversed(held)] == ["lift", "2单元楼道"]
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    for minutes in range(4, 20):
        await courier.carry(NOON + timedelta(minutes=minutes))
    sent = "".join(text for _, text in channel.sent)
    assert [place for place in ("lift", "2单元楼道") if place not in sent] == []


async def told_of(station: Station, kind: NoticeKind, *people: str) -> dict[str, list[Notice]]:
    async with station.store.read() as uow:
        held = {who: await uow.notices.of_person(f"u-{who}", 100) for who in people}
    return {who: [each for each in all_of if each.kind is kind] for who, all_of in held.items()}


async def test_whoever_is_under_way_is_told_once_that_their_case_has_become_graver(station: Station) -> None:
    ebike = SmallGateway(scenario=Scenario.CORRIDOR_EBIKE, severity=Severity.YELLOW, at=NOON)
    intake = Intake(station.store, site=RESTING)
    await intake.take([ebike.sends("e-1")])
    async with station.store.read() as uow:
        [alarm] = await uow.alarms.page(AlarmFilter(), Page())
    case, _ = await report_alarm(station.store, RESTING, alarm.id, LI, at=NOON)
    order = Order(case_id=case, action=Action.DISPATCH, access=LI, version=1, at=NOON)
    await dispatch(station.store, RESTING, order, "u-wang")
    async with station.store.write() as uow:
        await uow.roster.save_contact(Contact(person="u-wang", channel="sms", address="sms://wang"))
        await uow.commit()
    ebike.severity = Severity.RED
    for phase in (Phase.UPDATE, Phase.UPDATE, Phase.END):
        await intake.take([ebike.sends("e-1", phase)])
    told = await told_of(station, NoticeKind.RAISED, "wang", "li", "zhang")
    assert {who: len(held) for who, held in told.items()} == {"wang": 1, "li": 1, "zhang": 0}
    [notice] = told["wang"]
    assert (notice.case_id, notice.severity) == (case, Severity.RED)
    assert notice.words.zh.startswith("升级为红色：电动车进楼 · "), notice.words.zh
    assert notice.words.en.startswith("Raised to red: E-bike in the corridor · "), notice.words.en
    channel = NotedChannel()
    await Courier(station.store, channel, owner="one").carry(NOON)
    assert notice.words.zh in "".join(text for _, text in channel.sent), "while others rest"


async def test_the_room_is_told_of_a_graver_case_to_which_nobody_was_sent_yet(station: Station) -> None:
    ebike = SmallGateway(scenario=Scenario.CORRIDOR_EBIKE, severity=Severity.YELLOW, at=NOON)
    intake = Intake(station.store, site=RESTING)
    await intake.take([ebike.sends("e-1")])
    async with station.store.read() as uow:
        [alarm] = await uow.alarms.page(AlarmFilter(), Page())
    await report_alarm(station.store, RESTING, alarm.id, LI, at=NOON)
    ebike.severity = Severity.RED
    await intake.take([ebike.sends("e-1", Phase.UPDATE)])
    told = await told_of(station, NoticeKind.RAISED, "li", "wang")
    assert {who: len(held) for who, held in told.items()} == {"li": 1, "wang": 0}


async def test_a_case_that_is_merged_into_one_under_way_tells_of_its_place_and_of_a_graver_grade(
    station: Station,
) -> None:
    cleared = anywhere(person("li", Role.OPERATOR, Role.CARE))
    walk = Walk(station, Scenario.GARBAGE)
    cases: dict[str, str] = {}
    for camera, scenario, severity in (
        ("gate", Scenario.GARBAGE, Severity.YELLOW),
        ("yard", Scenario.KEY_AREA, Severity.RED),
        ("flat", Scenario.CARE, Severity.YELLOW),
        ("lift", Scenario.GARBAGE, Severity.YELLOW),
    ):
        walk.gateway.scenario, walk.gateway.severity = scenario, severity
        await walk.passes(camera, camera, 0)
        cases[camera], _ = await report_alarm(station.store, HOUSE, walk.id_of(camera), cleared, at=LATER)
    into = cases.pop("gate")
    sent = Order(case_id=into, action=Action.DISPATCH, access=cleared, version=1, at=LATER)
    await dispatch(station.store, HOUSE, sent, "u-wang")
    for case in cases.values():
        details = Details(into=into)
        order = Order(case_id=case, action=Action.MERGE, version=1, access=cleared, at=LATER, details=details)
        await merge(station.store, HOUSE, order)
    told = await told_of(station, NoticeKind.ALSO_AT, "wang")
    said = sorted(notice.words.zh.split(" · ")[1] for notice in told["wang"])
    assert said == ["lift，请一并处置", "yard，请一并处置"], "where, and nothing of care"
    assert {notice.severity for notice in told["wang"]} == {Severity.RED}
    assert (await told_of(station, NoticeKind.RAISED, "wang"))["wang"] == [], "that it is red was said with the place"
    assert (await case_detail(station.store, into, LI, at=LATER)).view.case.severity is Severity.RED


async def test_a_care_alarm_that_was_merged_into_another_case_is_not_shown_with_it(station: Station) -> None:
    cleared = anywhere(person("li", Role.OPERATOR, Role.CARE))
    cases: list[str] = []
    walk = Walk(station, Scenario.GARBAGE)
    for scenario, camera in ((Scenario.GARBAGE, "yard"), (Scenario.CARE, "flat")):
        walk.gateway.scenario = scenario
        await walk.passes(f"of-{camera}", camera, 0)
        alarm = walk.id_of(f"of-{camera}")
        cases.append((await report_alarm(station.store, HOUSE, alarm, cleared, at=LATER))[0])
    into, care = cases
    order = Order(case_id=care, action=Action.MERGE, version=1, access=cleared, at=LATER, details=Details(into=into))
    await merge(station.store, HOUSE, order)
    detail = await case_detail(station.store, into, LI, at=LATER)
    assert len(detail.view.case.alarms) == 2
    assert (detail.other_alarms, detail.view.also, detail.evidence) == ([], [], [])


async def test_one_tap_takes_all_that_wait_along_the_way(station: Station) -> None:
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    for minute, stop in enumerate(STOPS):
        await walk.passes(f"e-{stop}", stop, minute)
    await walk.passes("later", "gate", 40)
    case = await walk.tapped("e-lift", 41)
    assert await walk.cases() == {case: walk.ids_of(*(f"e-{stop}" for stop in STOPS))}
    assert [alarm.id for alarm in await walk.waiting()] == [walk.id_of("later")]
    async with station.store.read() as uow:
        timers = await uow.deadlines.health(late_since=NOON)
    assert timers.waiting == 2  # the case's step, and the one alarm that still waits


async def test_what_was_still_told_to_be_there_when_it_was_found_elsewhere_joins_once_its_end_is_told(
    station: Station,
) -> None:
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.intake.take([walk.event("e-yard", "yard", 0)])
    case = await walk.tapped("e-yard", 1)
    await walk.passes("e-lift", "lift", 20)
    assert len(await walk.waiting()) == 1
    await walk.intake.take([walk.event("e-yard", "yard", 20.2, Phase.END)])
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("e-yard", "e-lift")}, [])


async def test_an_alarm_whose_end_is_told_late_joins_the_case_of_where_it_went(station: Station) -> None:
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.intake.take([walk.event("e-yard", "yard", 0)])
    await walk.passes("e-lift", "lift", 20)
    case = await walk.tapped("e-lift", 21)
    assert len(await walk.waiting()) == 1
    await walk.intake.take([walk.event("e-yard", "yard", 20.2, Phase.END)])
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("e-yard", "e-lift")}, [])


async def test_a_link_that_is_told_late_brings_what_came_after_it(station: Station) -> None:
    """The gateway of the yard and the lift was away for a while."""
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.passes("e-gate", "gate", 0)
    case = await walk.tapped("e-gate", 1)
    await walk.passes("e-corridor", "corridor", 6)
    assert len(await walk.waiting()) == 1
    await walk.intake.take([walk.event("e-yard", "yard", 2), walk.event("e-yard", "yard", 2.5, Phase.END)])
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("e-gate", "e-yard", "e-corridor")}, [])


@pytest.mark.parametrize("tapped", ["e-lift", "e-corridor"])
async def test_what_stood_for_hours_before_it_was_told_is_what_came_by_the_lift(station: Station, tapped: str) -> None:
    """Suspected charging is told after hours; the case, or the alarm that waits, was last told of before that."""
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.passes("e-lift", "lift", 0)
    case = await walk.tapped("e-lift", 1) if tapped == "e-lift" else None
    await walk.intake.take([walk.event("e-corridor", "corridor", 181, dwell_s=180 * 60)])
    case = case or await walk.tapped("e-corridor", 182)
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("e-lift", "e-corridor")}, [])


async def test_no_dwell_reaches_back_for_more_than_a_day(station: Station) -> None:
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.passes("e-lift", "lift", 0)
    await walk.tapped("e-lift", 1)
    minute = 26 * 60
    await walk.intake.take([walk.event("e-corridor", "corridor", minute, dwell_s=60 * (minute - 1))])
    assert [alarm.id for alarm in await walk.waiting()] == [walk.id_of("e-corridor")]


async def test_what_was_dismissed_joins_nothing_when_its_plate_is_read(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.intake.take([walk.event("v-2", "yard", 2)])
    await walk.dismissed("v-2", 2)
    await walk.intake.take([walk.event("v-2", "yard", 2.2, Phase.UPDATE, "皖A12345")])
    assert await walk.cases() == {case: walk.ids_of("v-1")}


async def test_a_tap_on_what_was_taken_back_from_dismissal_finds_the_live_case(station: Station) -> None:
    walk = Walk(station, Scenario.CORRIDOR_EBIKE)
    await walk.passes("e-gate", "gate", 0)
    await walk.passes("e-yard", "yard", 2)
    take_back = await walk.dismissed("e-yard", 3)
    await walk.passes("e-corridor", "corridor", 6)
    case = await walk.tapped("e-gate", 7)
    await take_back()
    assert len(await walk.waiting()) == 2
    assert await walk.tapped("e-yard", 8) == case
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("e-gate", "e-yard", "e-corridor")}, [])
    async with station.store.read() as uow:
        actors = [entry.actor for entry in await uow.cases.history(case)]
    assert actors == [LI.person.id, LI.person.id, None], "what came with the tap came by itself"


async def test_a_tap_joins_no_case_that_who_tapped_may_not_see(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    await walk.passes("v-2", "corridor", 2, "皖A12345")
    take_back = await walk.dismissed("v-2", 3)
    first = await walk.tapped("v-1", 3)
    await take_back()
    next_door = Access(person=LI.person, places=frozenset({"grid-08"}))
    second = await walk.tapped("v-2", 4, next_door)
    assert await walk.cases() == {first: walk.ids_of("v-1"), second: walk.ids_of("v-2")}


async def test_a_tap_on_what_is_in_a_case_of_another_place_says_so_and_no_more(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.passes("v-2", "corridor", 2, "皖A12345")
    next_door = Access(person=LI.person, places=frozenset({"grid-08"}))
    with pytest.raises(CaseElsewhereError) as refused:
        await walk.tapped("v-2", 3, next_door)
    assert not {case, "grid-07", "第七网格"} & set(re.findall(r"[\w-]+", str(refused.value)))
    assert await walk.tapped("v-2", 3) == case


async def test_who_is_told_late_joins_the_case_that_was_nearest_in_time(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    for minute, stop in ((0, "gate"), (6, "lift"), (8, "corridor")):
        await walk.passes(f"v-{stop}", stop, minute, "皖A12345")
    first = await walk.tapped("v-gate", 9)
    second = await walk.moved(first, Action.SPLIT, Details(alarms=(walk.id_of("v-lift"), walk.id_of("v-corridor"))))
    await walk.passes("v-late", "gate", 1, "皖A12345")
    assert await walk.cases() == {
        first: walk.ids_of("v-gate", "v-late"),
        second: walk.ids_of("v-lift", "v-corridor"),
    }


async def test_a_case_that_is_taken_out_of_another_takes_what_joined_since_about_its_thing(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    mine, other = "皖A12345", "皖B77777"
    await walk.passes("m-1", "gate", 0, mine)
    await walk.passes("o-1", "gate", 0, other)
    first, second = await walk.tapped("m-1", 1), await walk.tapped("o-1", 1)
    await walk.moved(second, Action.MERGE, Details(into=first))
    await walk.passes("o-2", "yard", 2, other)
    await walk.passes("m-2", "yard", 2, mine)
    assert (await walk.cases())[first] == walk.ids_of("m-1", "o-1", "o-2", "m-2")
    await walk.moved(second, Action.REOPEN, Details(reason="mistake"))
    await walk.passes("o-3", "lift", 4, other)
    await walk.passes("m-3", "lift", 4, mine)
    assert await walk.cases() == {
        first: walk.ids_of("m-1", "m-2", "m-3"),
        second: walk.ids_of("o-1", "o-2", "o-3"),
    }


async def test_a_plate_that_is_read_later_brings_the_alarm_home(station: Station) -> None:
    walk = Walk(station, Scenario.UNFAMILIAR_VEHICLE)
    await walk.passes("v-1", "gate", 0, "皖A12345")
    case = await walk.tapped("v-1", 1)
    await walk.intake.take([walk.event("v-2", "yard", 2)])
    assert len(await walk.waiting()) == 1
    await walk.intake.take([walk.event("v-2", "yard", 2.2, Phase.UPDATE, "皖A12345")])
    assert (await walk.cases(), await walk.waiting()) == ({case: walk.ids_of("v-1", "v-2")}, [])


async def test_alarms_of_one_batch_join_each_other(station: Station) -> None:
    walk = Walk(station, Scenario.FIRE_SMOKE)
    other = SmallGateway(scenario=Scenario.FIRE_SMOKE, camera="gate")
    batch = [
        other.sends("f-1", stage="pre_alarm"),
        other.sends("f-2", stage="confirmed"),
        other.sends("f-3", stage="confirmed"),
    ]
    await walk.intake.take(batch)
    ((_, alarms),) = (await walk.cases()).items()
    assert alarms == walk.ids_of("f-1", "f-2", "f-3")
    assert await walk.waiting() == []


async def test_a_misspelt_camera_on_a_way_is_named(station: Station) -> None:
    before = await unknown_stops(station.store, HOUSE.policy.graph)
    await Walk(station, Scenario.GARBAGE).passes("g-1", "lift", 0)
    assert set(before) - set(await unknown_stops(station.store, HOUSE.policy.graph)) == {"gw-1/lift"}
    assert await unknown_stops(station.store, SITE.policy.graph) == []
