"""Places, cameras, people and the roster as files: what would change, doing it, and taking them out."""

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Sha256
from lookout_server.api.models.estate_tables import MOST, EstateReport, refused_rows
from lookout_server.api.problems import errors
from lookout_server.api.security import Administrator
from lookout_server.domain.access import Access
from lookout_server.errors import RowsRefusedError
from lookout_server.exchange.estate import csv_text, json_text
from lookout_server.exchange.estate_files import EstateFile, read_files
from lookout_server.services.estate import Estate, export_estate
from lookout_server.services.estate_import import Wanted, import_tables

router = APIRouter(prefix="/api/v1/estate", tags=["estate"])

#: The tables, and one file too many.
_MOST_FILES = 8
_CSV = {"text/csv": {"schema": {"type": "string"}}}


class TableName(StrEnum):
    """Tables that can be had as CSV."""

    TERRITORIES = "territories"
    CAMERAS = "cameras"
    PEOPLE = "people"
    SHIFTS = "shifts"


@router.post(
    "/import",
    operation_id="importEstate",
    responses=errors("forbidden", "csrf", "conflict", "rows_refused", "too_large"),
)
async def import_estate(
    deps: Given,
    access: Administrator,
    files: Annotated[
        list[UploadFile], File(max_length=_MOST_FILES, description="`.csv` (UTF-8 or GB 18030) and `.json` files.")
    ],
    fingerprint: Annotated[
        Sha256 | None, Query(description="Of the changes that were looked at, to have them done; left out: only look.")
    ] = None,
    complete: Annotated[
        bool, Query(description="The files name everything: accounts and coming shifts that are not in them go.")
    ] = False,
) -> EstateReport:
    """What files would change, row by row, or with the `fingerprint` of that answer: do it, wholly or not at all.

    What is new is added and what differs changed; places and cameras are never removed. Doing it again changes nothing.
    """
    given = [EstateFile(name=file.filename or "", content=await file.read()) for file in files]
    sheets = await asyncio.to_thread(read_files, given)
    wanted = Wanted(
        estate=sheets.estate,
        # Who is in a row that cannot be read is not missing.
        tables=frozenset() if sheets.refused else sheets.tables,
        by=access,
        at=deps.clock.now(),
        complete=complete,
        seen=None if sheets.refused else fingerprint,
    )
    report = await import_tables(deps.store, deps.site, wanted)
    if fingerprint is not None and not report.done:
        rows = refused_rows(report, sheets)
        raise RowsRefusedError(
            f"{len(rows)} rows cannot be taken, so nothing was done: mend them and send the files again",
            errors=[row.model_dump() for row in rows[:MOST]],
        )
    return EstateReport.of(report, sheets)


@router.get(
    "/export.json",
    operation_id="exportEstate",
    response_class=Response,
    responses={
        200: {
            "description": "All tables.",
            "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
        },
        **errors("forbidden"),
    },
)
async def export_all(deps: Given, access: Administrator) -> Response:
    """All tables in one file, without passwords and addresses; it can be read in again."""
    return _file(json_text(await _estate(deps, access)), "estate.json", "application/json")


@router.get(
    "/{table}.csv",
    operation_id="exportEstateTable",
    response_class=Response,
    responses={200: {"description": "The table.", "content": _CSV}, **errors("forbidden")},
)
async def export_table(deps: Given, access: Administrator, table: TableName) -> Response:
    """One table, for spreadsheets (UTF-8 with byte order mark)."""
    return _file(csv_text(await _estate(deps, access), table), f"{table}.csv", "text/csv; charset=utf-8")


async def _estate(deps: Deps, access: Access) -> Estate:
    return await export_estate(deps.store, at=deps.clock.now(), by=access.person.id)


def _file(text: str, name: str, mime: str) -> Response:
    return Response(text, media_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})
