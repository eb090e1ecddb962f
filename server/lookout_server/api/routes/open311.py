"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2), as a facade: cases are service requests.

For systems of the city that sign in like people do; what they see is what their account sees. JSON and XML.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from xml.etree import ElementTree

from fastapi import APIRouter, Form, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from lookout_contract.base import UtcTime
from lookout_contract.events import Scenario
from lookout_server.api.deps import Given
from lookout_server.api.models.base import Identifier, Text
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import CaseId
from lookout_server.api.security import ControlRoom
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.wording import SCENARIOS, STATES
from lookout_server.domain.xml_text import xml_text
from lookout_server.errors import InvalidError
from lookout_server.services import open311

router = APIRouter(prefix="/api/v1/open311", tags=["cases"])

_Row = Mapping[str, str | bool | None]


class Format(StrEnum):
    """How the answer is written."""

    JSON = "json"
    XML = "xml"


class Status(StrEnum):
    """Open311 knows two."""

    OPEN = "open"
    CLOSED = "closed"


class RequestQuery(BaseModel):
    """Which requests; what is left out does not matter."""

    service_request_id: Annotated[
        str | None, Field(max_length=1_200, description="Separated by commas; then nothing else matters.")
    ] = None
    service_code: Annotated[str | None, Field(max_length=200, description="Separated by commas.")] = None
    status: Status | None = None
    start_date: UtcTime | None = None
    end_date: UtcTime | None = None


class RequestForm(BaseModel):
    """What is asked for, and where."""

    service_code: Annotated[str, Field(max_length=40)]
    description: Text
    address_id: Annotated[Identifier, Field(description="The id of a grid.")]
    address_string: Text = ""


_ROWS: dict[str, Any] = {
    "schema": {"type": "array", "items": {"type": "object"}},
    "examples": {"one": {"value": [{"service_request_id": "c-20261122-0007", "status": "open"}]}},
}
_EITHER: dict[int | str, dict[str, Any]] = {
    200: {"description": "As the specification has it.", "content": {"application/json": _ROWS, "text/xml": {}}}
}


@router.get("/services.{form}", operation_id="listServices", response_class=Response, responses={**_EITHER, **errors()})
async def list_services(_access: ControlRoom, form: Format) -> Response:
    """What can be asked for."""
    rows: list[_Row] = [
        {
            "service_code": each.value,
            "service_name": SCENARIOS[each].zh,
            "description": SCENARIOS[each].en,
            "metadata": False,
            "type": "realtime",
            "keywords": each.value.replace("_", ","),
            "group": "community",
        }
        for each in open311.SERVICES
    ]
    return _answer(form, "services", "service", rows)


@router.get(
    "/requests.{form}",
    operation_id="listServiceRequests",
    response_class=Response,
    responses={**_EITHER, **errors("forbidden")},
)
async def list_requests(
    deps: Given,
    access: ControlRoom,
    form: Format,
    query: Annotated[RequestQuery, Query()],
) -> Response:
    """Requests, newest first, 200 at most; or those that are named."""
    if query.service_request_id is not None:
        named = [each.strip() for each in query.service_request_id.split(",")]
        rows = [_row(asked) for asked in await open311.named_requests(deps.store, access, named)]
        return _answer(form, "service_requests", "request", rows)
    asked = open311.Asked(
        services=_services(query.service_code) if query.service_code else None,
        open=None if query.status is None else query.status is Status.OPEN,
        first=query.start_date,
        last=query.end_date,
    )
    found = await open311.requests(deps.store, access, asked)
    return _answer(form, "service_requests", "request", [_row(each) for each in found])


@router.get(
    "/requests/{case_id}.{form}",
    operation_id="getServiceRequest",
    response_class=Response,
    responses={**_EITHER, **errors("forbidden", "not_found")},
)
async def get_request(deps: Given, access: ControlRoom, case_id: CaseId, form: Format) -> Response:
    """One request."""
    return _answer(form, "service_requests", "request", [_row(await open311.request(deps.store, access, case_id))])


@router.post(
    "/requests.{form}",
    operation_id="openServiceRequest",
    status_code=201,
    response_class=Response,
    responses={201: _EITHER[200], **errors("forbidden", "csrf", "too_large")},
)
async def open_request(
    deps: Given,
    access: ControlRoom,
    form: Format,
    asked: Annotated[RequestForm, Form()],
) -> Response:
    """A request becomes a case that somebody has yet to judge."""
    services = _services(asked.service_code)
    if len(services) != 1:
        raise InvalidError("ask for one service at a time")
    (service,) = services
    wanted = open311.Wanted(
        service=service,
        description=asked.description,
        address_id=asked.address_id,
        address=asked.address_string[:100],
    )
    case = await open311.open_request(deps.store, deps.site, access, wanted, at=deps.clock.now())
    row: _Row = {"service_request_id": case.id, "service_notice": None, "account_id": access.person.id}
    return _answer(form, "service_requests", "request", [row], status=201)


def _services(codes: str) -> frozenset[Scenario]:
    known = {each.value: each for each in open311.SERVICES}
    wrong = [code for code in codes.split(",") if code.strip() not in known]
    if wrong:
        raise InvalidError(f"service_code names no service: known are {', '.join(known)}")
    return frozenset(known[code.strip()] for code in codes.split(","))


def _row(asked: open311.ServiceRequest) -> _Row:
    view, case = asked.view, asked.view.case
    scenario = case.scenario
    return {
        "service_request_id": case.id,
        "status": Status.CLOSED.value if case.state in SETTLED else Status.OPEN.value,
        "status_notes": STATES[case.state].zh,
        "service_name": SCENARIOS[scenario].zh if scenario else None,
        "service_code": scenario.value if scenario else None,
        "description": asked.words or case.title,
        "agency_responsible": view.grid.name if view.grid else None,
        "service_notice": None,
        "requested_datetime": _time(case.opened_at),
        "updated_datetime": _time(case.updated_at),
        "expected_datetime": _time(case.due_at) if case.due_at else None,
        "address": view.camera.name if view.camera else (view.grid.name if view.grid else None),
        "address_id": case.grid,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _answer(form: Format, many: str, one: str, rows: Sequence[_Row], *, status: int = 200) -> Response:
    if form is Format.JSON:
        return JSONResponse(list(rows), status)
    root = ElementTree.Element(many)
    for row in rows:
        element = ElementTree.SubElement(root, one)
        for name, value in row.items():
            text = str(value).lower() if isinstance(value, bool) else value
            ElementTree.SubElement(element, name).text = None if text is None else xml_text(text)
    return Response(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True), status, media_type="text/xml")
