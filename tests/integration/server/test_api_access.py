"""Who may do what: every route, as every role. The table is checked against the OpenAPI document for completeness."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.cases import CaseState
from lookout_server.app import openapi_document
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.case import SYSTEM, Asked, Whistle
from lookout_server.domain.moves import Action
from lookout_server.domain.moving import opened, rechecked
from lookout_server.domain.territory import Role
from lookout_server.ports import StoredFile
from lookout_server.services.accounts import Account, add_person, issue_gateway_token
from lookout_server.testing import (
    JPEG,
    NOON,
    PASSWORD,
    PlainHasher,
    SmallGateway,
    Station,
    a_case,
    person,
    picture,
)

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

#: Everything happens in grid-07. ``-in`` looks after it, ``-out`` after grid-08, the first three after the whole site.
#: wang handles the cases; chen works elsewhere; fire was called to nothing.
PEOPLE = [
    *("li", "zhao", "root", "operator-in", "supervisor-in", "admin-in"),
    *("operator-out", "supervisor-out", "admin-out", "wang", "head-in", "chen", "head-out", "fire"),
]
#: fire is called to a case by the one test that says so.
OUTSIDE = {"operator-out", "supervisor-out", "admin-out", "chen", "head-out", "fire"}
WHOLE_SITE = {"li", "zhao", "root"}
LEADS = {"zhao", "root", "supervisor-in", "admin-in", "supervisor-out", "admin-out"}
SITE_LEADS = LEADS & WHOLE_SITE
CONTROL_ROOM = LEADS | {"li", "operator-in", "operator-out"}
NEAR = CONTROL_ROOM - OUTSIDE
EVERYBODY = set(PEOPLE)
MORE_PEOPLE = [
    person("head-in", Role.HOUSEHOLD_HEAD, grids=frozenset({"grid-07"})),
    person("head-out", Role.HOUSEHOLD_HEAD, grids=frozenset({"grid-08"})),
    *(
        person(f"{role}-{where}", role, grids=frozenset({grid}))
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN)
        for where, grid in (("in", "grid-07"), ("out", "grid-08"))
    ),
]
ACCOUNT = {"name": "新人", "roles": ["worker"]}
NOBODYS_ALARM = "a-" + "0" * 20
NOBODYS_VEHICLE = f"/api/v1/vehicles/v-{'0' * 20}"
SHA = picture().sha256
#: Of the case that is split.
ALARMS = [alarm_id("/site/kangle/gateway/gw-1", name) for name in ("o-1", "o-2")]


@dataclass(frozen=True)
class Route:
    """A request and who gets past the door; what is behind it may still not exist."""

    operation: str
    method: str
    path: str
    allowed: set[str]
    body: Any = None


QUIET = {"reason": "x", "ends_at": "2026-11-22T05:00:00Z", "grid": "grid-07"}
SHIFT = {
    "id": "s-1",
    "person": "u-wang",
    "kind": "duty",
    "starts_at": "2026-11-22T00:00:00Z",
    "ends_at": "2026-11-22T08:00:00Z",
}
ROTATION = {
    "name": "watches",
    "first": "2026-12-01",
    "days": 8,
    "pattern": ["day", "rest"],
    "posts": {"day": {"begins": "08:00", "ends": "16:00"}},
    "people": [{"person": "u-wang"}],
}
INSPECTION = {
    "id": "i-1",
    "kind": "lift",
    "title": "3号楼电梯",
    "grid": "grid-07",
    "every_days": 30,
    "due_at": "2026-12-01T00:00:00Z",
}
CALL = {"number": "HF-1", "received_at": "2026-11-22T03:40:00Z", "kind": "other", "grid": "grid-07", "words": "x"}
ITEM = {"kind": "need", "title": "轮椅", "grid": "grid-07", "tags": ["轮椅"]}
PHONE = {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "p" * 87, "auth": "a" * 22}}
MORE_TIME = {"until": "2026-11-24T00:00:00Z", "reason": "等待配件"}

ROUTES = [
    Route("getSession", "GET", "/api/v1/session", EVERYBODY),
    Route("listAlarms", "GET", "/api/v1/alarms", CONTROL_ROOM),
    Route("getAlarm", "GET", f"/api/v1/alarms/{NOBODYS_ALARM}", CONTROL_ROOM),
    Route("reportAlarm", "POST", f"/api/v1/alarms/{NOBODYS_ALARM}/report", CONTROL_ROOM, {}),
    Route("dismissAlarm", "POST", f"/api/v1/alarms/{NOBODYS_ALARM}/dismiss", CONTROL_ROOM, {"reason": "test"}),
    Route("undismissAlarm", "POST", f"/api/v1/alarms/{NOBODYS_ALARM}/undismiss", CONTROL_ROOM),
    Route("listCases", "GET", "/api/v1/cases", EVERYBODY),
    Route("listCandidates", "GET", "/api/v1/cases/c-20261122-0099/candidates", CONTROL_ROOM),
    Route("putEvidence", "PUT", f"/api/v1/evidence/{'0' * 64}", EVERYBODY),
    Route("listCameras", "GET", "/api/v1/cameras", CONTROL_ROOM),
    Route("listStills", "GET", "/api/v1/stills", CONTROL_ROOM),
    Route("getStill", "GET", "/api/v1/stills/gw-1/gate", CONTROL_ROOM),
    Route("putStill", "PUT", "/api/v1/stills/gate?at=2026-11-22T04:00:00Z", set()),
    Route("watchCamera", "GET", "/api/v1/cameras/gw-1/attic/live", CONTROL_ROOM),
    Route("sendStream", "POST", f"/api/v1/live/{'0' * 32}", set()),
    Route("listPlans", "GET", "/api/v1/plans", CONTROL_ROOM),
    Route("addPlan", "POST", "/api/v1/plans?place=attic&name=x", LEADS),
    Route("getPlanPicture", "GET", f"/api/v1/plans/p-{'0' * 20}/picture", CONTROL_ROOM),
    Route("removePlan", "DELETE", f"/api/v1/plans/p-{'0' * 20}", LEADS),
    Route("placeCamera", "PUT", f"/api/v1/plans/p-{'0' * 20}/cameras/gw-1/gate", LEADS, {"x": 0.5, "y": 0.5}),
    Route("takeCameraOff", "DELETE", "/api/v1/plans/cameras/gw-1/attic", LEADS),
    Route("importEstate", "POST", "/api/v1/estate/import", {"root"}),
    Route("exportEstate", "GET", "/api/v1/estate/export.json", {"root"}),
    Route("exportEstateTable", "GET", "/api/v1/estate/people.csv", {"root"}),
    Route("listGateways", "GET", "/api/v1/gateways", CONTROL_ROOM),
    Route("offerEnrolment", "POST", "/api/v1/enrolments", {"root"}, {"gateway": "gw-9"}),
    Route("shutOutGateway", "DELETE", "/api/v1/enrolments/gw-9", {"root"}),
    Route("listTerritories", "GET", "/api/v1/territories", CONTROL_ROOM),
    Route("getUpload", "GET", f"/api/v1/evidence/{'0' * 64}/upload", EVERYBODY),
    Route("listCommands", "GET", "/api/v1/commands", CONTROL_ROOM),
    Route("askGateway", "POST", "/api/v1/gateways/gw-9/commands", LEADS, {"name": "reload"}),
    Route("listModels", "GET", "/api/v1/models", CONTROL_ROOM),
    Route("getModel", "GET", f"/api/v1/models/{'0' * 64}", EVERYBODY),
    Route("acknowledgeAlarm", "POST", f"/api/v1/alarms/{NOBODYS_ALARM}/acknowledge", CONTROL_ROOM),
    Route("unacknowledgeAlarm", "POST", f"/api/v1/alarms/{NOBODYS_ALARM}/unacknowledge", CONTROL_ROOM),
    Route("listVehicles", "GET", "/api/v1/vehicles", SITE_LEADS),
    Route("listVehicleListHolders", "GET", "/api/v1/vehicles/gateways", SITE_LEADS),
    Route("sendVehicleList", "POST", "/api/v1/vehicles/gateways", SITE_LEADS),
    Route("exportVehicles", "GET", "/api/v1/vehicles/export.csv", SITE_LEADS),
    Route("importVehicles", "POST", "/api/v1/vehicles/import?dry_run=true", SITE_LEADS),
    Route("putVehicle", "PUT", NOBODYS_VEHICLE, SITE_LEADS, {"plate": "皖A12345"}),
    Route("removeVehicle", "DELETE", NOBODYS_VEHICLE, CONTROL_ROOM),
    Route("getAlarmVehicle", "GET", f"/api/v1/alarms/{NOBODYS_ALARM}/vehicle", CONTROL_ROOM),
    Route("letVehicleIn", "PUT", f"/api/v1/alarms/{NOBODYS_ALARM}/vehicle", CONTROL_ROOM, {"period": "tonight"}),
    Route("listSilences", "GET", "/api/v1/silences", CONTROL_ROOM),
    Route("addSilence", "POST", "/api/v1/silences", NEAR, QUIET),
    Route("endSilence", "DELETE", f"/api/v1/silences/q-{'0' * 20}", CONTROL_ROOM),
    Route("getPolicy", "GET", "/api/v1/policy", CONTROL_ROOM),
    Route("listPolicies", "GET", "/api/v1/policy/versions", CONTROL_ROOM),
    Route("checkPolicy", "POST", "/api/v1/policy/check", WHOLE_SITE & LEADS, {"content": {}}),
    Route("tryPolicy", "POST", "/api/v1/policy/trial", WHOLE_SITE & LEADS, {"content": {}}),
    # A version that nobody saw: what is tried here must not stay in force.
    Route(
        "activatePolicy",
        "POST",
        "/api/v1/policy",
        WHOLE_SITE & LEADS,
        {"content": {}, "reason": "x", "version": 9},
    ),
    Route("listWebhooks", "GET", "/api/v1/webhooks", WHOLE_SITE),
    Route("resendWebhook", "POST", "/api/v1/webhooks/nobody/resend", WHOLE_SITE),
    Route("pressAlarmButton", "POST", "/api/v1/alarm-button", EVERYBODY, {}),
    Route(
        "writeDiary", "POST", "/api/v1/diary", EVERYBODY - OUTSIDE, {"kind": "visit", "words": "x", "grid": "grid-07"}
    ),
    Route("listDiary", "GET", "/api/v1/diary", EVERYBODY),
    Route("rollUpDiary", "GET", "/api/v1/diary/rollup", CONTROL_ROOM),
    Route("makeCaseOfDiary", "POST", f"/api/v1/diary/d-{'0' * 24}/case", EVERYBODY, {"kind": "other"}),
    Route("listGrids", "GET", "/api/v1/grids", EVERYBODY),
    Route("listInspections", "GET", "/api/v1/inspections", EVERYBODY),
    Route("saveInspection", "POST", "/api/v1/inspections", LEADS & NEAR, INSPECTION),
    Route("endInspection", "POST", "/api/v1/inspections/i-9/end", LEADS),
    Route("reportInspection", "POST", "/api/v1/inspections/i-9/reports", EVERYBODY, {"ok": True}),
    Route("listInspectionReports", "GET", "/api/v1/inspections/i-9/reports", EVERYBODY),
    Route("takeHotlineCall", "POST", "/api/v1/hotline", NEAR, CALL),
    Route("importHotlineCalls", "POST", "/api/v1/hotline/import", CONTROL_ROOM),
    Route("listVolunteers", "GET", "/api/v1/volunteers", EVERYBODY),
    Route("listVolunteerTeams", "GET", "/api/v1/volunteers/teams", EVERYBODY),
    Route("saveVolunteer", "POST", "/api/v1/volunteers", EVERYBODY - OUTSIDE, {"name": "周阿姨", "grid": "grid-07"}),
    Route("getPoints", "GET", "/api/v1/volunteers/v-9/points", EVERYBODY),
    Route("givePoints", "POST", "/api/v1/volunteers/v-9/points", CONTROL_ROOM, {"points": 1, "reason": "x"}),
    Route("listItems", "GET", "/api/v1/three-lists", EVERYBODY),
    Route("addItem", "POST", "/api/v1/three-lists", EVERYBODY - OUTSIDE, ITEM),
    Route("listOffers", "GET", f"/api/v1/three-lists/l-{'0' * 24}/offers", EVERYBODY),
    Route("meetNeed", "POST", f"/api/v1/three-lists/l-{'0' * 24}/meet", CONTROL_ROOM, {"offer": f"l-{'1' * 24}"}),
    Route("endItem", "POST", f"/api/v1/three-lists/l-{'0' * 24}/end", CONTROL_ROOM),
    Route("getStatistics", "GET", "/api/v1/statistics", CONTROL_ROOM),
    Route("getStatisticsTable", "GET", "/api/v1/statistics/days.csv", CONTROL_ROOM),
    Route("listPlaces", "GET", "/api/v1/places", CONTROL_ROOM),
    Route("addPlace", "POST", "/api/v1/places", LEADS & NEAR, {"grid": "grid-07", "name": "3号楼北侧"}),
    Route("retirePlace", "POST", "/api/v1/places/none9999/retire", LEADS),
    Route("printPlaces", "GET", "/api/v1/places/sheet", CONTROL_ROOM),
    Route("listCaseNotices", "GET", "/api/v1/cases/c-20261122-0099/notices", CONTROL_ROOM),
    Route("getTimers", "GET", "/api/v1/timers", CONTROL_ROOM),
    Route("listNotices", "GET", "/api/v1/notices", EVERYBODY),
    Route("seeNotice", "POST", f"/api/v1/notices/n-{'0' * 24}/seen", EVERYBODY),
    Route("acknowledgeNotice", "POST", f"/api/v1/notices/n-{'0' * 24}/acknowledge", EVERYBODY),
    Route("sharePosition", "PUT", "/api/v1/position", {"wang", "chen", "head-in", "head-out"}, {"lat": 1, "lon": 1}),
    Route("forgetPosition", "DELETE", "/api/v1/position", EVERYBODY),
    Route("getPushKey", "GET", "/api/v1/web-push", EVERYBODY),
    Route("savePushSubscription", "POST", "/api/v1/web-push/subscriptions", EVERYBODY, PHONE),
    Route("listShifts", "GET", "/api/v1/shifts", CONTROL_ROOM),
    Route("saveShift", "POST", "/api/v1/shifts", LEADS, SHIFT),
    Route("makeRotation", "POST", "/api/v1/rotations", LEADS, ROTATION),
    Route("removeShift", "DELETE", "/api/v1/shifts/s-9", LEADS),
    Route("listContacts", "GET", "/api/v1/people/u-li/contacts", {"li"} | LEADS),
    Route("saveContact", "POST", "/api/v1/people/u-li/contacts", {"li"} | LEADS, {"address": "sms://1"}),
    Route("removeContact", "DELETE", "/api/v1/people/u-li/contacts/none", {"li"} | LEADS),
    Route("listPeople", "GET", "/api/v1/people", CONTROL_ROOM),
    Route("listQuarantine", "GET", "/api/v1/quarantine", WHOLE_SITE),
    Route("getQuarantined", "GET", "/api/v1/quarantine/999", WHOLE_SITE),
    Route("replayQuarantined", "POST", "/api/v1/quarantine/999/replay", WHOLE_SITE & LEADS),
    Route("discardQuarantined", "POST", "/api/v1/quarantine/999/discard", WHOLE_SITE & LEADS, {"reason": "x"}),
    Route("getOverview", "GET", "/api/v1/overview", EVERYBODY),
    # An impossible number is refused after the session has been accepted, so that no endless stream opens.
    Route("followFeed", "GET", "/api/v1/feed?after=-1", EVERYBODY),
    Route("listSessions", "GET", "/api/v1/sessions?person=u-li", {"li"} | LEADS),
    Route("revokeSession", "DELETE", f"/api/v1/sessions/{'0' * 20}?person=u-li", {"li"} | LEADS),
    Route("getSecondFactor", "GET", "/api/v1/session/second_factor", EVERYBODY),
    Route(
        "changePassword",
        "POST",
        "/api/v1/session/password",
        EVERYBODY,
        {"password": "not the right one", "new_password": "a password of twelve"},
    ),
    Route("startSecondFactor", "POST", "/api/v1/session/second_factor", EVERYBODY),
    Route("confirmSecondFactor", "POST", "/api/v1/session/second_factor/confirm", set(), {"code": "000000"}),
    Route("stopSecondFactor", "POST", "/api/v1/session/second_factor/off", EVERYBODY, {"code": "000000"}),
    Route("askToViewCase", "POST", "/api/v1/cases/c-20261122-0099/views", EVERYBODY, {"reason": "x"}),
    Route("listViews", "GET", "/api/v1/views", set()),
    Route("grantView", "POST", f"/api/v1/views/v-{'0' * 20}/grant", EVERYBODY),
    Route("endView", "POST", f"/api/v1/views/v-{'0' * 20}/end", EVERYBODY),
    Route("listAccounts", "GET", "/api/v1/accounts", {"root"}),
    Route("addAccount", "POST", "/api/v1/accounts", {"root"}, ACCOUNT | {"username": "new"}),
    Route("changeAccount", "PUT", "/api/v1/accounts/u-nobody", {"root"}, ACCOUNT),
    Route("barAccount", "POST", "/api/v1/accounts/u-nobody/bar", {"root"}),
    Route("letInAccount", "POST", "/api/v1/accounts/u-nobody/let_in", {"root"}),
    Route("resetCodes", "POST", "/api/v1/accounts/u-nobody/reset_codes", {"root"}),
    Route("listAudit", "GET", "/api/v1/audit", {"root"}),
    Route("revokeSessions", "DELETE", "/api/v1/sessions?person=u-police", LEADS),
    Route("listSavedViews", "GET", "/api/v1/lists", EVERYBODY),
    Route("saveView", "POST", "/api/v1/lists", CONTROL_ROOM, {"name": "x", "query": {}, "shared": True}),
    Route("removeView", "DELETE", f"/api/v1/lists/l-{'0' * 20}", EVERYBODY),
    Route("getCap", "GET", f"/api/v1/alarms/{NOBODYS_ALARM}/cap", CONTROL_ROOM),
    Route("listCap", "GET", "/api/v1/cap", CONTROL_ROOM),
    Route("listServices", "GET", "/api/v1/open311/services.json", CONTROL_ROOM),
    Route("listServiceRequests", "GET", "/api/v1/open311/requests.json", CONTROL_ROOM),
    Route("getServiceRequest", "GET", "/api/v1/open311/requests/c-20261122-0099.json", CONTROL_ROOM),
    Route("openServiceRequest", "POST", "/api/v1/open311/requests.json", CONTROL_ROOM, {}),
    Route("listHandOvers", "GET", "/api/v1/hand_overs", EVERYBODY),
    Route("listColleagues", "GET", "/api/v1/hand_overs/colleagues", EVERYBODY),
    Route("handOver", "POST", "/api/v1/hand_overs", EVERYBODY - {"fire"}, {"to": "u-nobody"}),
    Route("signHandOver", "POST", f"/api/v1/hand_overs/h-{'0' * 20}/sign", EVERYBODY),
    Route("declineHandOver", "POST", f"/api/v1/hand_overs/h-{'0' * 20}/decline", EVERYBODY, {"reason": "x"}),
    Route("listTours", "GET", "/api/v1/session/tours", EVERYBODY),
    Route("noteTour", "PUT", "/api/v1/session/tours/worker", EVERYBODY),
    Route("signOut", "DELETE", "/api/v1/session", EVERYBODY),
]

#: operation → (path, state it starts from, body beside the version, who may)
MOVES: dict[str, tuple[str, CaseState, dict[str, Any], set[str]]] = {
    "confirmCase": ("confirm", CaseState.NEW, {}, NEAR),
    "dispatchCase": ("dispatch", CaseState.CONFIRMED, {"worker": "u-wang"}, NEAR),
    "acceptCase": ("accept", CaseState.DISPATCHED, {}, {"wang"}),
    "returnCase": ("return", CaseState.DISPATCHED, {"reason": "外出"}, {"wang"}),
    "arriveAtCase": ("arrive", CaseState.ACCEPTED, {}, {"wang"}),
    "giveFeedback": ("feedback", CaseState.ON_SCENE, {"photos": [SHA]}, {"wang"}),
    "closeCase": ("close", CaseState.VERIFYING, {}, NEAR),
    "reworkCase": ("rework", CaseState.VERIFYING, {"reason": "未清理"}, NEAR),
    "voidCase": ("void", CaseState.CONFIRMED, {"reason": "访客"}, NEAR),
    "reopenCase": ("reopen", CaseState.CLOSED, {"reason": "又来了"}, NEAR & LEADS),
    "askToSuspendCase": ("ask_suspend", CaseState.ON_SCENE, MORE_TIME, NEAR | {"wang"}),
    "askToExtendCase": ("ask_extend", CaseState.ON_SCENE, MORE_TIME, NEAR | {"wang"}),
    "whistleCase": ("whistle", CaseState.ON_SCENE, {"departments": ["u-fire"]}, NEAR | {"wang"}),
    "callForHelp": ("help", CaseState.ON_SCENE, {"note": "请来两个人"}, {"wang"}),
    "resumeCase": ("resume", CaseState.SUSPENDED, {}, NEAR),
    "superviseCase": ("supervise", CaseState.ON_SCENE, {"reason": "投诉"}, NEAR & LEADS),
    "followUpCase": ("follow_up", CaseState.CLOSED, {}, NEAR),
    "evaluateCase": ("evaluate", CaseState.CLOSED, {"score": 5}, NEAR),
    "mergeCase": ("merge", CaseState.CONFIRMED, {"into": "c-20261122-0900"}, NEAR),
    "splitCase": ("split", CaseState.CONFIRMED, {"alarms": [ALARMS[0]]}, NEAR),
    "approveCase": ("approve", CaseState.ON_SCENE, {}, NEAR & LEADS),
    "refuseCase": ("refuse", CaseState.ON_SCENE, {"reason": "不同意"}, NEAR & LEADS),
    "reportInToCase": ("report_in", CaseState.ON_SCENE, {}, {"fire"}),
}

#: Open to anybody, or tried by tests of their own, below.
ELSEWHERE = {
    "takeBackJudgement",
    "signIn",
    "getSignInWays",
    "beginOidc",
    "finishOidc",
    "enrolGateway",
    "getPublicPlace",
    "reportAsResident",
    "getResidentReport",
    "rateResidentReport",
    "seeTooAsResident",
    "takeBackSeenAsResident",
    "getHealth",
    "getReadiness",
    "getMetrics",
    "getCase",
    "getEvidence",
    "headEvidence",
}


async def _add_people(station: Station) -> None:
    """Those whom the small estate does not have."""
    for who in MORE_PEOPLE:
        account = Account(username=who.username, name=who.name, roles=who.roles, grids=who.grids, password=PASSWORD)
        await add_person(station.store, PlainHasher(), account)


async def _case(
    station: Station, number: int, state: CaseState, operation: str = "", *, asked_by: str = "u-wang"
) -> str:
    """A case of grid-07 in this state, in wang's hands, and ready for the operation."""
    blank = a_case(state, number=number, handler="u-wang")
    if operation in {"approveCase", "refuseCase"}:
        until = NOON + timedelta(days=2)
        blank = replace(blank, asked=Asked(action=Action.ASK_SUSPEND, until=until, by=asked_by, reason="等待配件"))
    if operation == "splitCase":
        gateway = SmallGateway(sequence=0)
        await station.intake.take([gateway.sends(name) for name in ("o-1", "o-2")])
        blank = replace(blank, alarms=tuple(ALARMS))
    async with station.store.write() as uow:
        await uow.cases.add(*opened(blank, actor=SYSTEM, at=NOON, data={}))
        file = StoredFile(sha256=SHA, mime="image/jpeg", bytes=len(JPEG))
        await uow.evidence.add(file, uploader="gateway:gw-1", at=NOON)
        if operation == "reportInToCase":
            held = (await uow.cases.get([blank.id]))[blank.id]
            noted, line = rechecked(held, at=NOON, note=None, data={})
            whistle = Whistle(person="u-fire", due_at=NOON + timedelta(minutes=30))
            called = replace(noted, version=held.version, whistles=(whistle,))
            await uow.cases.update(called, replace(line, action=Action.WHISTLE), seen=held.version)
        await uow.commit()
    return blank.id


def test_the_table_names_every_operation(database_url: str) -> None:
    paths: dict[str, dict[str, dict[str, Any]]] = openapi_document("0")["paths"]
    documented = {operation["operationId"] for path in paths.values() for operation in path.values()}
    assert {route.operation for route in ROUTES} | set(MOVES) | ELSEWHERE == documented


@pytest.mark.parametrize("username", PEOPLE)
async def test_routes(station: Station, web: httpx.AsyncClient, username: str) -> None:
    await _add_people(station)
    headers = await headers_of(web, username)
    got: dict[str, bool] = {}
    for route in ROUTES:
        answer = await web.request(route.method, route.path, json=route.body, headers=headers)
        assert answer.status_code < 500, (route, answer.text)
        got[route.operation] = answer.status_code not in {401, 403}
    assert got == {route.operation: username in route.allowed for route in ROUTES}


@pytest.mark.parametrize("username", PEOPLE)
async def test_moves(station: Station, web: httpx.AsyncClient, username: str) -> None:
    await _add_people(station)
    await _case(station, 900, CaseState.CONFIRMED)
    headers = await headers_of(web, username)
    # Behind the numbers that a split gives.
    for number, (operation, (path, state, body, allowed)) in enumerate(MOVES.items(), start=100):
        case_id = await _case(station, number, state, operation)
        answer = await web.post(f"/api/v1/cases/{case_id}/{path}", json={"version": 1, **body}, headers=headers)
        # Nobody else was called, so to them there is no such move.
        refused = 409 if operation == "reportInToCase" else 403
        expected = 200 if username in allowed else 404 if username in OUTSIDE else refused
        assert answer.status_code == expected, (operation, answer.text)


async def test_who_asked_for_more_time_does_not_approve_it(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await _case(station, 1, CaseState.ON_SCENE, "approveCase", asked_by="u-zhao")
    for username, status in (("zhao", 403), ("root", 200)):
        url = f"/api/v1/cases/{case_id}/approve"
        answer = await web.post(url, json={"version": 1}, headers=await headers_of(web, username))
        assert answer.status_code == status, answer.text


async def test_without_a_session_nothing_is_told(station: Station, web: httpx.AsyncClient) -> None:
    await _case(station, 1, CaseState.NEW)
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Cookie": "lookout_session=made-up"}):
        for route in [*ROUTES, Route("getCase", "GET", "/api/v1/cases/c-20261122-0001", set())]:
            answer = await web.request(route.method, route.path, json=route.body, headers=headers)
            assert answer.status_code in {401, 403}, route
            assert answer.json()["code"] in {"unauthenticated", "csrf"}


async def test_workers_see_their_cases_and_their_files_alone(station: Station, web: httpx.AsyncClient) -> None:
    wang, chen, li = [await headers_of(web, name) for name in ("wang", "chen", "li")]
    gateway = SmallGateway(evidence=(picture(),))
    await station.intake.take([gateway.sends("o-1")])
    url = f"/api/v1/evidence/{SHA}"
    await web.put(url, content=JPEG, headers={**li, "Content-Type": "image/jpeg"})
    assert (await web.get(url, headers=wang)).status_code == 404
    alarms = (await web.get("/api/v1/alarms", headers=li)).json()["items"]
    case = (await web.post(f"/api/v1/alarms/{alarms[0]['id']}/report", json={}, headers=li)).json()
    for headers, status in ((wang, 200), (chen, 404), (li, 200)):
        assert (await web.get(f"/api/v1/cases/{case['id']}", headers=headers)).status_code == status
        assert (await web.get(url, headers=headers)).status_code == status
        assert (await web.head(url, headers=headers)).status_code == status
        listed = (await web.get("/api/v1/cases", headers=headers)).json()["items"]
        assert len(listed) == (1 if status == 200 else 0)


async def test_a_gateways_token_uploads_and_does_nothing_else(station: Station, web: httpx.AsyncClient) -> None:
    token = await issue_gateway_token(station.store, "gw-1")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"/api/v1/evidence/{SHA}"
    answer = await web.put(url, content=JPEG, headers={**headers, "Content-Type": "image/jpeg"})
    assert answer.status_code == 201
    for path in (url, "/api/v1/alarms", "/api/v1/session", "/api/v1/overview"):
        assert (await web.get(path, headers=headers)).status_code == 401
    await issue_gateway_token(station.store, "gw-1")
    answer = await web.put(url, content=JPEG, headers={**headers, "Content-Type": "image/jpeg"})
    assert answer.status_code == 401
