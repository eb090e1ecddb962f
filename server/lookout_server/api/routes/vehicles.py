"""Registered vehicles 登记车辆: the list, tables of it, who holds it, and letting in what an alarm is about."""

import asyncio
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from lookout_server.api.cursor import encode, page_of
from lookout_server.api.deps import Given
from lookout_server.api.models.vehicles import (
    MOST,
    AlarmVehicleModel,
    HolderList,
    LetInBody,
    RefusedVehicle,
    VehicleBody,
    VehicleImport,
    VehicleModel,
    VehiclePage,
)
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import AlarmId, Cursor, Limit
from lookout_server.api.security import ControlRoom, SiteLead
from lookout_server.errors import RowsRefusedError
from lookout_server.exchange.vehicles import read_sheet, sheet_text
from lookout_server.services import registering
from lookout_server.services.list_holders import holders, send_to_the_rest

router = APIRouter(prefix="/api/v1/vehicles", tags=["vehicles"])
alarm_router = APIRouter(prefix="/api/v1/alarms", tags=["vehicles"])

VehicleId = Annotated[str, Path(pattern=r"^v-[0-9a-f]{20}$", examples=["v-3f6d0c1be2a94d7781c0"])]
_TABLE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}
_CSV = {"text/csv": {"schema": {"type": "string"}}}


@router.get("", operation_id="listVehicles", responses=errors("forbidden"))
async def list_vehicles(
    deps: Given,
    _access: SiteLead,
    q: Annotated[str | None, Query(max_length=100, description="Part of the plate or the note.")] = None,
    over: Annotated[bool, Query(description="Only those that have run out.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> VehiclePage:
    """The site's list, the newest first; those that have run out are on it for a month more."""
    over_at = deps.clock.now() if over else None
    found = await registering.find(deps.store, (q or "").strip(), page_of(limit, cursor), over_at=over_at)
    last = found.vehicles[-1] if len(found.vehicles) == limit else None
    return VehiclePage(
        items=tuple(VehicleModel.of(each) for each in found.vehicles),
        total=found.total,
        next_cursor=encode(last.registered_at, last.id) if last else None,
    )


@router.get("/gateways", operation_id="listVehicleListHolders", responses=errors("forbidden"))
async def list_holders(deps: Given, _access: SiteLead) -> HolderList:
    """Which gateways hold the list, and which wait for it and why."""
    return HolderList.of(*await holders(deps.store, at=deps.clock.now()))


@router.post(
    "/gateways", operation_id="sendVehicleList", status_code=202, responses=errors("forbidden", "csrf", "too_large")
)
async def send_list(deps: Given, _access: SiteLead) -> HolderList:
    """Send the list again to gateways that could not take it, did not answer, or have lists of their own."""
    await send_to_the_rest(deps.store, at=deps.clock.now())
    return HolderList.of(*await holders(deps.store, at=deps.clock.now()))


@router.get(
    "/export.csv",
    operation_id="exportVehicles",
    response_class=Response,
    responses={200: {"description": "The list.", "content": _CSV}, **errors("forbidden")},
)
async def export_vehicles(deps: Given, access: SiteLead) -> Response:
    """The list for spreadsheets (UTF-8 with byte order mark), which can be read in again; the audit log notes it."""
    found = await registering.everything(deps.store, by=access.person.id, at=deps.clock.now())
    headers = {"Content-Disposition": 'attachment; filename="vehicles.csv"'}
    text = await asyncio.to_thread(sheet_text, found, ZoneInfo(deps.site.timezone))
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post(
    "/import",
    operation_id="importVehicles",
    openapi_extra=_TABLE,
    responses=errors("forbidden", "csrf", "conflict", "rows_refused", "too_large"),
)
async def import_vehicles(
    deps: Given,
    access: SiteLead,
    request: Request,
    dry_run: Annotated[bool, Query(description="Only say what would become of it.")] = False,
    complete: Annotated[bool, Query(description="The table is the whole list: what it does not name goes.")] = False,
    seen: Annotated[
        int | None, Query(ge=0, description="`version` of the dry run: if the list changed since, nothing is done.")
    ] = None,
) -> VehicleImport:
    """Take a CSV table wholly or not at all: plate or 车牌号, and valid_from 有效期起, valid_until 有效期止, cameras
    摄像头, uses 次数, note 备注 (UTF-8 or GB 18030). Times without a zone are the site's; a day until which a pass is
    good is within it. Without notes in it those that are there stay.
    """
    # A list of 28,000 holds up whoever waits for a second otherwise.
    sheet, refused = await asyncio.to_thread(read_sheet, await request.body(), ZoneInfo(deps.site.timezone))
    if refused and not dry_run:
        raise RowsRefusedError(
            f"{len(refused)} lines cannot be taken, so nothing was done: mend them and send the table again",
            errors=[RefusedVehicle.of(each).model_dump() for each in refused[:MOST]],
        )
    table = registering.Table(
        sheet=sheet, complete=complete, by=access, at=deps.clock.now(), seen=seen, dry_run=dry_run
    )
    return VehicleImport.of(await registering.bring_in(deps.store, table), refused)


@router.put(
    "/{vehicle_id}",
    operation_id="putVehicle",
    responses={
        201: {"model": VehicleModel, "description": "It is new."},
        **errors("forbidden", "csrf", "too_large"),
    },
)
async def put_vehicle(
    deps: Given, access: SiteLead, response: Response, vehicle_id: VehicleId, body: VehicleBody
) -> VehicleModel:
    """Register a vehicle under a random id of the client's own, or change the one that has it. Gateways are sent the
    list ten seconds after its last change."""
    found, is_new = await registering.put(deps.store, vehicle_id, body.listed(), access, at=deps.clock.now())
    response.status_code = 201 if is_new else 200
    return VehicleModel.of(found)


@router.delete(
    "/{vehicle_id}",
    operation_id="removeVehicle",
    status_code=204,
    responses=errors("forbidden", "csrf", "not_found"),
)
async def remove_vehicle(deps: Given, access: ControlRoom, vehicle_id: VehicleId) -> None:
    """Take a vehicle off the list; for whoever registered it, and supervisors and admins of the whole site. Putting it
    again undoes it."""
    await registering.remove(deps.store, vehicle_id, access, at=deps.clock.now())


@alarm_router.get(
    "/{alarm_id}/vehicle", operation_id="getAlarmVehicle", responses=errors("forbidden", "not_found", "conflict")
)
async def get_alarm_vehicle(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> AlarmVehicleModel:
    """What stands on the list of the vehicle that an alarm is about. `conflict`: its plate was not read."""
    plate, found = await registering.passes(deps.store, alarm_id, access)
    return AlarmVehicleModel(plate=plate, registered=tuple(VehicleModel.of(each) for each in found))


@alarm_router.put(
    "/{alarm_id}/vehicle",
    operation_id="letVehicleIn",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def let_vehicle_in(deps: Given, access: ControlRoom, alarm_id: AlarmId, body: LetInBody) -> VehicleModel:
    """Register the vehicle that an alarm is about, for a while or for good; again: for how long is changed. `DELETE
    /vehicles/ID` takes it back."""
    now = deps.clock.now()
    return VehicleModel.of(
        await registering.let_in(deps.store, deps.site, alarm_id, body.period, body.note, access, at=now)
    )
