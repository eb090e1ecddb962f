"""Places: nothing of one is told in another. Every route that names something is tried from inside and outside."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from lookout_server.api.models.people import ShiftBody
from lookout_server.api.models.rounds import InspectionBody
from lookout_server.api.models.silences import SilenceBody
from lookout_server.app import openapi_document
from lookout_server.domain.lists import Item, ListKind
from lookout_server.domain.moves import MOVES
from lookout_server.domain.rounds import DiaryKind
from lookout_server.domain.territory import Camera, CameraKey, Gateway, Role
from lookout_server.domain.volunteers import Volunteer
from lookout_server.ports import StoredFile
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.commands import Wanted, ask
from lookout_server.services.diary import Note, write
from lookout_server.services.inspecting import save as save_inspection
from lookout_server.services.lists import add as add_item
from lookout_server.services.residents import add_place
from lookout_server.services.roster import save_shift
from lookout_server.services.silencing import add_silence
from lookout_server.services.volunteers import save as save_volunteer
from lookout_server.testing import (
    JPEG,
    NOON,
    PASSWORD,
    SITE,
    PlainHasher,
    SmallGateway,
    Station,
    anywhere,
    person,
    picture,
)

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

SHA = picture().sha256
#: Everything is in grid-07.
PEOPLE = [
    person("supervisor-in", Role.SUPERVISOR, grids=frozenset({"grid-07"})),
    person("operator-out", Role.OPERATOR, grids=frozenset({"grid-08"})),
    person("supervisor-out", Role.SUPERVISOR, grids=frozenset({"grid-08"})),
    person("admin-out", Role.ADMIN, grids=frozenset({"grid-08"})),
    person("chen", Role.WORKER, grids=frozenset({"grid-08"})),
]
QUIET = {"reason": "只在七网格", "ends_at": "2026-11-22T05:00:00Z", "grid": "grid-07"}
ITEM = Item(
    id="l-" + "7" * 24,
    kind=ListKind.NEED,
    title="轮椅七",
    words="",
    grid="grid-07",
    tags=frozenset({"轮椅"}),
    by="u-zhao",
    at=NOON,
)
OFFER = replace(ITEM, id="l-" + "8" * 24, kind=ListKind.RESOURCE)
ENTRY = "d-" + "7" * 24
INSPECTION = {
    "id": "i-seven",
    "kind": "lift",
    "title": "电梯",
    "grid": "grid-07",
    "every_days": 30,
    "due_at": "2026-12-01T00:00:00Z",
}
ROTATION = {
    "name": "watches",
    "first": "2026-12-01",
    "days": 8,
    "pattern": ["day", "rest"],
    "posts": {"day": {"begins": "08:00", "ends": "16:00"}},
    "people": [{"person": "u-wang"}],
}
SHIFT = {
    "id": "s-1",
    "person": "u-wang",
    "kind": "duty",
    "starts_at": "2026-11-22T00:00:00Z",
    "ends_at": "2026-11-22T08:00:00Z",
}


async def _stock(station: Station) -> dict[str, str]:
    """One of everything, all of it in grid-07: name → what must not be told elsewhere."""
    case_id = await station.reported(SmallGateway(evidence=(picture(),)), "o-1")
    async with station.store.write() as uow:
        await uow.evidence.add(
            StoredFile(sha256=SHA, mime="image/jpeg", bytes=len(JPEG)), uploader="gateway:gw-1", at=NOON
        )
        await uow.commit()
    station.files.files[SHA] = JPEG
    cameras = [Camera(key=CameraKey(gateway="gw-7", id="only-here"), name="七网格专用", grid="grid-07")]
    boss = anywhere(person("zhao", Role.SUPERVISOR))
    async with station.store.write() as uow:
        await uow.territory.save_cameras(cameras)
        await uow.gateways.save([Gateway(id="gw-7")])
        await uow.commit()
    await save_shift(station.store, ShiftBody.model_validate(SHIFT).shift(), boss)
    quiet = SilenceBody.model_validate(QUIET).silence(f"q-{'7' * 20}", "u-zhao", NOON)
    await add_silence(station.store, quiet, boss)
    await ask(station.store, SITE, Wanted(gateway="gw-7", name="reload", by=boss, key="seven"), at=NOON)
    helper = Volunteer(id="v-seven", name="周", grid="grid-07", skills=frozenset({"急救"}))
    await save_volunteer(station.store, helper, boss)
    for item in (ITEM, OFFER):
        await add_item(station.store, item, boss)
    note = Note(id=ENTRY, kind=DiaryKind.PATROL, words="七网格的事", grid="grid-07")
    await write(station.store, note, boss, at=NOON)
    await save_inspection(station.store, InspectionBody.model_validate(INSPECTION).inspection(), boss)
    place = await add_place(station.store, "grid-07", "3号楼", None, at=NOON)
    async with station.store.read() as uow:
        alarm = (await uow.cases.get([case_id]))[case_id].alarms[0]
    return {
        "case": case_id,
        "alarm": alarm,
        "camera": "only-here",
        "gateway": "gw-7",
        "quiet": quiet.id,
        "shift": "s-1",
        "place": place.code,
        "entry": ENTRY,
    }


#: Every route that names something, or lists it: operation → path, or (method, path, body). What is not here is about
#: the asking person alone, or about the site as a whole.
ABOUT_SEVEN: dict[str, tuple[str, str, Any]] = {
    "listAlarms": ("GET", "/api/v1/alarms", None),
    "getAlarm": ("GET", "/api/v1/alarms/{alarm}", None),
    "reportAlarm": ("POST", "/api/v1/alarms/{alarm}/report", {}),
    "dismissAlarm": ("POST", "/api/v1/alarms/{alarm}/dismiss", {"reason": "test"}),
    "getAlarmVehicle": ("GET", "/api/v1/alarms/{alarm}/vehicle", None),
    "letVehicleIn": ("PUT", "/api/v1/alarms/{alarm}/vehicle", {"period": "tonight"}),
    "undismissAlarm": ("POST", "/api/v1/alarms/{alarm}/undismiss", None),
    "acknowledgeAlarm": ("POST", "/api/v1/alarms/{alarm}/acknowledge", None),
    "unacknowledgeAlarm": ("POST", "/api/v1/alarms/{alarm}/unacknowledge", None),
    "listCases": ("GET", "/api/v1/cases", None),
    "getCase": ("GET", "/api/v1/cases/{case}", None),
    "takeBackJudgement": ("POST", "/api/v1/cases/{case}/take_back", {"version": 1}),
    "listCandidates": ("GET", "/api/v1/cases/{case}/candidates", None),
    "listCaseNotices": ("GET", "/api/v1/cases/{case}/notices", None),
    "listCameras": ("GET", "/api/v1/cameras", None),
    "listGateways": ("GET", "/api/v1/gateways", None),
    "listTerritories": ("GET", "/api/v1/territories", None),
    "listCommands": ("GET", "/api/v1/commands", None),
    "askGateway": ("POST", "/api/v1/gateways/{gateway}/commands", {"name": "reload"}),
    "listSilences": ("GET", "/api/v1/silences", None),
    "endSilence": ("DELETE", "/api/v1/silences/{quiet}", None),
    "listShifts": ("GET", "/api/v1/shifts?first=2026-11-21T00:00:00Z", None),
    "saveShift": ("POST", "/api/v1/shifts", SHIFT),
    "makeRotation": ("POST", "/api/v1/rotations", ROTATION),
    "removeShift": ("DELETE", "/api/v1/shifts/{shift}", None),
    "listPeople": ("GET", "/api/v1/people", None),
    "listContacts": ("GET", "/api/v1/people/u-wang/contacts", None),
    "saveContact": ("POST", "/api/v1/people/u-wang/contacts", {"address": "sms://1"}),
    "removeContact": ("DELETE", "/api/v1/people/u-wang/contacts/sms", None),
    "getEvidence": ("GET", f"/api/v1/evidence/{SHA}", None),
    "headEvidence": ("HEAD", f"/api/v1/evidence/{SHA}", None),
    "listDiary": ("GET", "/api/v1/diary", None),
    "rollUpDiary": ("GET", "/api/v1/diary/rollup", None),
    "writeDiary": ("POST", "/api/v1/diary", {"kind": "visit", "words": "x", "grid": "grid-07"}),
    "makeCaseOfDiary": ("POST", "/api/v1/diary/{entry}/case", {"kind": "other"}),
    "listGrids": ("GET", "/api/v1/grids", None),
    "listInspections": ("GET", "/api/v1/inspections", None),
    "saveInspection": ("POST", "/api/v1/inspections", {**INSPECTION, "title": "七网格的电梯"}),
    "reportInspection": ("POST", "/api/v1/inspections/i-seven/reports", {"ok": True}),
    "listInspectionReports": ("GET", "/api/v1/inspections/i-seven/reports", None),
    "endInspection": ("POST", "/api/v1/inspections/i-seven/end", None),
    "listVolunteers": ("GET", "/api/v1/volunteers", None),
    "listVolunteerTeams": ("GET", "/api/v1/volunteers/teams", None),
    "saveVolunteer": ("POST", "/api/v1/volunteers", {"id": "v-seven", "name": "周", "grid": "grid-07"}),
    "getPoints": ("GET", "/api/v1/volunteers/v-seven/points", None),
    "givePoints": ("POST", "/api/v1/volunteers/v-seven/points", {"points": 1, "reason": "x"}),
    "listItems": ("GET", "/api/v1/three-lists", None),
    "addItem": ("POST", "/api/v1/three-lists", {"kind": "need", "title": "x", "grid": "grid-07", "tags": ["x"]}),
    "listOffers": ("GET", f"/api/v1/three-lists/{ITEM.id}/offers", None),
    "meetNeed": ("POST", f"/api/v1/three-lists/{ITEM.id}/meet", {"offer": OFFER.id}),
    "endItem": ("POST", f"/api/v1/three-lists/{ITEM.id}/end", None),
    "getStatistics": ("GET", "/api/v1/statistics", None),
    "getStatisticsTable": ("GET", "/api/v1/statistics/cameras.csv", None),
    "listPlaces": ("GET", "/api/v1/places", None),
    "printPlaces": ("GET", "/api/v1/places/sheet", None),
    "addPlace": ("POST", "/api/v1/places", {"grid": "grid-07", "name": "七网格的墙"}),
    "retirePlace": ("POST", "/api/v1/places/{place}/retire", None),
    "listSessions": ("GET", "/api/v1/sessions?person=u-wang", None),
    "revokeSession": ("DELETE", f"/api/v1/sessions/{'0' * 20}?person=u-wang", None),
    "revokeSessions": ("DELETE", "/api/v1/sessions?person=u-wang", None),
    "askToViewCase": ("POST", "/api/v1/cases/{case}/views", {"reason": "x"}),
    "getOverview": ("GET", "/api/v1/overview", None),
}
#: Let in, and then there is none, or nothing to ask.
NOT_THERE = {"removeContact", "revokeSession", "askToViewCase"}
#: What a list tells of grid-07.
MARKS = {
    "listAlarms": "{alarm}",
    "listCases": "{case}",
    "listCameras": "{camera}",
    "listGateways": '"{gateway}"',
    "listTerritories": '"grid-07"',
    "listCommands": '"{gateway}"',
    "listSilences": "{quiet}",
    "listShifts": '"{shift}"',
    "listPeople": "u-wang",
    "listDiary": "{entry}",
    "rollUpDiary": '"u-zhao"',
    "listGrids": '"grid-07"',
    "listInspections": "i-seven",
    "listVolunteers": "v-seven",
    "listVolunteerTeams": "v-seven",
    "listItems": "轮椅七",
    "getStatistics": '"confirm"',
    "getStatisticsTable": ",gate,",
    "listPlaces": "{place}",
    "printPlaces": "/r/{place}",
    "getOverview": '"confirmed":1',
}


@pytest.mark.parametrize("username", [who.username for who in PEOPLE])
async def test_of_another_place_nothing_is_told_and_nothing_done(
    station: Station, web: httpx.AsyncClient, username: str
) -> None:
    named = await _stock(station)
    for who in PEOPLE:
        account = Account(username=who.username, name=who.name, roles=who.roles, grids=who.grids, password=PASSWORD)
        await add_person(station.store, PlainHasher(), account)
    signed_in = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    web.cookies.clear()
    headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
    for operation, (method, path, body) in ABOUT_SEVEN.items():
        answer = await web.request(method, path.format(**named), json=body, headers=headers)
        where = (operation, answer.status_code, answer.text)
        if username == "supervisor-in":
            assert answer.status_code < 300 or answer.status_code == 409 or operation in NOT_THERE, where
            assert MARKS.get(operation, "").format(**named) in answer.text, where
        elif operation in MARKS:
            assert answer.status_code in {200, 403}, where
            assert MARKS[operation].format(**named) not in answer.text, where
        else:
            assert answer.status_code in {403, 404}, where


#: About the asking person alone, or tried by tests of their own (the moves in test_api_access).
OWN = {
    "sharePosition",
    "forgetPosition",
    "getSession",
    "signIn",
    "signOut",
    "changePassword",
    "listNotices",
    "seeNotice",
    "acknowledgeNotice",
    "putEvidence",
    "getUpload",
    "getPushKey",
    "savePushSubscription",
}
#: test_other_systems tries these.
SYSTEMS = {"getCap", "listCap", "listServices", "listServiceRequests", "getServiceRequest", "openServiceRequest"}
TOURS = {"listTours", "noteTour"}
#: test_hand_over tries these.
HAND_OVERS = {"listHandOvers", "listColleagues", "handOver", "signHandOver", "declineHandOver"}
#: test_wall tries these.
WALL = {"putStill", "listStills", "getStill", "watchCamera", "sendStream"}
#: test_plans tries these.
PLANS = {"listPlans", "addPlan", "getPlanPicture", "removePlan", "placeCamera", "takeCameraOff"}
LISTS = {"listSavedViews", "saveView", "removeView"}
FACTOR = {"getSecondFactor", "startSecondFactor", "confirmSecondFactor", "stopSecondFactor"}
#: test_care tries these.
CARE = {"listViews", "grantView", "endView"}
OF_THE_SITE = {
    "importEstate",
    "exportEstate",
    "exportEstateTable",
    "listModels",
    "getModel",
    "listWebhooks",
    "resendWebhook",
    "getTimers",
    "listQuarantine",
    "getQuarantined",
    "replayQuarantined",
    "discardQuarantined",
    "enrolGateway",
    "offerEnrolment",
    "listAccounts",
    "addAccount",
    "changeAccount",
    "barAccount",
    "letInAccount",
    "resetCodes",
    "shutOutGateway",
    "listAudit",
}
#: The policy is the whole site's, and everybody's in the control room to read.
POLICY = {"getPolicy", "listPolicies", "checkPolicy", "tryPolicy", "activatePolicy"}
OPEN = {"getHealth", "getReadiness", "getMetrics", "getSignInWays", "beginOidc", "finishOidc"}
#: The list of the whole site; test_api_vehicles tries these.
VEHICLES = {
    "listVehicles",
    "listVehicleListHolders",
    "sendVehicleList",
    "exportVehicles",
    "importVehicles",
    "putVehicle",
    "removeVehicle",
}
#: By a code on a wall, or a report's own.
BY_CODE = {
    *("getPublicPlace", "reportAsResident", "getResidentReport", "rateResidentReport"),
    *("seeTooAsResident", "takeBackSeenAsResident"),
}
ELSEWHERE = {"followFeed", "addSilence", "pressAlarmButton", "takeHotlineCall", "importHotlineCalls"}


def test_what_names_something_of_a_place_is_tried_from_outside(database_url: str) -> None:
    paths: dict[str, dict[str, dict[str, Any]]] = openapi_document("0")["paths"]
    moves = {f"/api/v1/cases/{{case_id}}/{verb}" for verb in MOVES}
    documented = {
        operation["operationId"]
        for path, operations in paths.items()
        for operation in operations.values()
        if path not in moves
    }
    of_their_own = OWN | TOURS | OPEN | BY_CODE | CARE | FACTOR | LISTS | SYSTEMS | HAND_OVERS | WALL | PLANS | POLICY
    of_their_own |= VEHICLES
    assert set(ABOUT_SEVEN) | OF_THE_SITE | ELSEWHERE | of_their_own == documented
