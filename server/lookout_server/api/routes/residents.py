"""码上就办: reporting by a QR code without an account, and the places where the codes hang."""

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Header, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier, Text
from lookout_server.api.models.residents import (
    FollowedModel,
    PublicPlaceModel,
    RatingBody,
    ReportedModel,
    ReportPlaceBody,
    ReportPlaceList,
    ReportPlaceModel,
    SeenBody,
    SeenModel,
)
from lookout_server.api.problems import errors
from lookout_server.api.rate import whence
from lookout_server.api.security import ControlRoom, Lead
from lookout_server.api.throttle import Allowance
from lookout_server.domain.resident import ReportKind
from lookout_server.errors import NotFoundError, TooLargeError, WrongTypeError
from lookout_server.services import residents
from lookout_server.services.place_sheet import sheet

router = APIRouter(prefix="/api/v1/public", tags=["residents"])
places_router = APIRouter(prefix="/api/v1/places", tags=["residents"])

MAX_PHOTOS = 3
MAX_PHOTO_BYTES = 12 * 1024 * 1024
#: What one code takes in an hour, and one address; fire is let through by the code's limit.
PER_PLACE = Allowance(times=30, within_s=3600)
PER_ADDRESS = Allowance(times=10, within_s=600)
#: How often it is said, or taken back, that one sees it, too. Apart from the reports': or taps at a wall, or those of
#: a whole house behind one address, would keep somebody from reporting.
SEEN_PER_PLACE = Allowance(times=60, within_s=3600)
SEEN_PER_ADDRESS = Allowance(times=20, within_s=600)
#: How many unknown codes one address may try.
GUESSES = Allowance(times=30, within_s=600)

Code = Annotated[str, Path(pattern=r"^[0-9a-zA-Z]{4,32}$", examples=["h7kq2m9x"])]
Tracking = Annotated[str, Path(pattern=r"^[A-Za-z2-7 -]{16,40}$", examples=["ABCD-EFGH-IJKL-MNOP"])]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=16,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="A random text of the client's own; sending the same again is the same report.",
    ),
]
_NO_STYLE_BUT_ITS_OWN = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


@router.get("/places/{code}", operation_id="getPublicPlace", responses=errors("not_found", "throttled"))
async def get_public_place(deps: Given, request: Request, code: Code) -> PublicPlaceModel:
    """The place behind a QR code, what can be reported there, and what is open of that already. For anybody."""
    deps.allowances.check(GUESSES, _address(request), deps.clock.now())
    async with deps.store.read() as uow:
        try:
            place, grid = await residents.open_place(uow, code)
        except NotFoundError:
            deps.allowances.count(GUESSES, _address(request), deps.clock.now())
            raise
        seen = await residents.open_here(uow, deps.site, place, at=deps.clock.now())
    return PublicPlaceModel.of(place, grid, deps.site, seen, max_photos=MAX_PHOTOS, max_photo_bytes=MAX_PHOTO_BYTES)


@router.post(
    "/places/{code}/reports",
    operation_id="reportAsResident",
    status_code=201,
    responses=errors("not_found", "throttled", "too_large", "wrong_type"),
)
async def report_as_resident(
    deps: Given,
    request: Request,
    code: Code,
    kind: Annotated[ReportKind, Form()],
    words: Annotated[Text, Form(description="What is the matter; may be left out when there is a photo.")] = "",
    photos: Annotated[list[UploadFile] | None, File(description=f"Up to {MAX_PHOTOS} JPEG, PNG or WebP.")] = None,
    key: Key = None,
) -> ReportedModel:
    """Report what is the matter at this place. For anybody; of the photos nothing but the picture is kept."""
    now = deps.clock.now()
    deps.allowances.take(PER_ADDRESS, _address(request), now)
    if kind is not ReportKind.FIRE:
        deps.allowances.take(PER_PLACE, code.lower(), now)
    heard = residents.Heard(
        place=code,
        kind=kind,
        words=words,
        key=f"{code.lower()} {key or secrets.token_urlsafe(24)}",
        photos=await _photos(deps, photos or []),
    )
    return ReportedModel(tracking=await residents.report(deps.store, deps.evidence, deps.site, heard, at=now))


@router.post(
    "/places/{code}/seen",
    operation_id="seeTooAsResident",
    responses=errors("not_found", "conflict", "throttled", "too_large"),
)
async def see_too(deps: Given, request: Request, code: Code, body: SeenBody) -> SeenModel:
    """Say that one sees, too, what is open at this place, instead of reporting it again. For anybody; a browser counts
    once. It is a hint to those who deal with it and changes no severity. Conflict: it has been dealt with."""
    now = _take_seen(deps, request, code)
    return SeenModel.of(await residents.see_too(deps.store, code, body.handle, body.device, at=now))


@router.post(
    "/places/{code}/seen/take-back",
    operation_id="takeBackSeenAsResident",
    responses=errors("not_found", "conflict", "throttled", "too_large"),
)
async def see_no_more(deps: Given, request: Request, code: Code, body: SeenBody) -> SeenModel:
    """Take back within ten minutes that one sees it, too. Conflict: it was said longer ago."""
    now = _take_seen(deps, request, code)
    return SeenModel.of(await residents.see_no_more(deps.store, code, body.handle, body.device, at=now))


@router.get("/reports/{tracking}", operation_id="getResidentReport", responses=errors("not_found", "throttled"))
async def get_resident_report(deps: Given, request: Request, tracking: Tracking) -> FollowedModel:
    """Where a report stands. For whoever has its tracking code."""
    deps.allowances.check(GUESSES, _address(request), deps.clock.now())
    try:
        return FollowedModel.of(await residents.follow(deps.store, tracking), deps.site.timezone)
    except NotFoundError:
        deps.allowances.count(GUESSES, _address(request), deps.clock.now())
        raise


@router.post(
    "/reports/{tracking}/rating",
    operation_id="rateResidentReport",
    responses=errors("not_found", "conflict", "throttled", "too_large"),
)
async def rate_resident_report(deps: Given, request: Request, tracking: Tracking, body: RatingBody) -> FollowedModel:
    """Say how content one is, once it is done. Low marks ask the control room to follow up."""
    now = deps.clock.now()
    deps.allowances.take(PER_ADDRESS, _address(request), now)
    followed = await residents.rate(deps.store, deps.site, tracking, body.score, body.words, at=now)
    return FollowedModel.of(followed, deps.site.timezone)


@places_router.get("", operation_id="listPlaces", responses=errors("forbidden"))
async def list_places(deps: Given, by: ControlRoom, request: Request) -> ReportPlaceList:
    """Places with a QR code, retired ones too."""
    async with deps.store.read() as uow:
        found = await residents.places(uow, by)
    base = _base(deps, request)
    return ReportPlaceList(items=tuple(ReportPlaceModel.of(place, grid, base) for place, grid in found))


@places_router.post("", operation_id="addPlace", status_code=201, responses=errors("forbidden", "csrf", "too_large"))
async def add_place(deps: Given, by: Lead, request: Request, body: ReportPlaceBody) -> ReportPlaceModel:
    """Give a place a QR code; for supervisors and admins. The same name in the same grid again is the same place."""
    made = await residents.add_place(deps.store, body.grid, body.name, by, at=deps.clock.now())
    async with deps.store.read() as uow:
        place, grid = await residents.open_place(uow, made.code)
    return ReportPlaceModel.of(place, grid, _base(deps, request))


@places_router.post("/{code}/retire", operation_id="retirePlace", responses=errors("forbidden", "csrf", "not_found"))
async def retire_place(deps: Given, by: Lead, request: Request, code: Code) -> ReportPlaceModel:
    """Its code works no longer; what was reported by it stays. For supervisors and admins."""
    gone = await residents.retire_place(deps.store, code, by, at=deps.clock.now())
    return ReportPlaceModel.of(gone, None, _base(deps, request))


@places_router.get("/sheet", operation_id="printPlaces", response_class=HTMLResponse, responses=errors("forbidden"))
async def print_places(
    deps: Given,
    by: ControlRoom,
    request: Request,
    grid: Annotated[Identifier | None, Query(description="Only those of this grid.")] = None,
) -> HTMLResponse:
    """A page of QR codes to print, two in a row on A4."""
    async with deps.store.read() as uow:
        found = [each for each in await residents.places(uow, by) if each[0].retired_at is None]
    chosen = [each for each in found if grid is None or each[0].grid == grid]
    page = sheet(chosen, _base(deps, request), deps.site.name)
    return HTMLResponse(page, headers={"Content-Security-Policy": _NO_STYLE_BUT_ITS_OWN})


def _take_seen(deps: Deps, request: Request, code: str) -> datetime:
    """Count one more; ThrottledError when there have been enough. The time at which it was asked."""
    now = deps.clock.now()
    deps.allowances.take(SEEN_PER_ADDRESS, _address(request), now)
    deps.allowances.take(SEEN_PER_PLACE, code.lower(), now)
    return now


def _address(request: Request) -> str:
    return whence(request.client.host) if request.client else ""


def _base(deps: Deps, request: Request) -> str:
    """The address that goes into QR codes: as configured, else the one at which the asking browser found us."""
    return deps.public_url or str(request.base_url)


async def _photos(deps: Deps, files: list[UploadFile]) -> tuple[bytes, ...]:
    if len(files) > MAX_PHOTOS:
        raise TooLargeError(f"send at most {MAX_PHOTOS} photos")
    if files and deps.photos is None:
        raise WrongTypeError("photos are not taken here: say it in words")
    cleaned: list[bytes] = []
    for file in files:
        content = await file.read(MAX_PHOTO_BYTES + 1)
        if len(content) > MAX_PHOTO_BYTES:
            raise TooLargeError(f"a photo is larger than {MAX_PHOTO_BYTES} bytes: send a smaller one")
        if deps.photos is not None:
            cleaned.append(await deps.photos.clean(content))
    return tuple(cleaned)
