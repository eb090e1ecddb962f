"""Statistics: how fast, how often false, how much for whom; as JSON, and each table as CSV."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from lookout_server.api.deps import Given
from lookout_server.api.models.base import Identifier
from lookout_server.api.models.statistics import StatisticsModel
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom
from lookout_server.services import statistics
from lookout_server.services.statistics import Reported, Table

router = APIRouter(prefix="/api/v1/statistics", tags=["statistics"])


async def reported(
    deps: Given,
    by: ControlRoom,
    first: Annotated[date | None, Query(description="First day, by the site's clock; left out: 30 days ago.")] = None,
    last: Annotated[date | None, Query(description="Last day, included; left out: today.")] = None,
    place: Annotated[
        Identifier | None, Query(description="Only of this place (grid, community …) and what is below it.")
    ] = None,
) -> Reported:
    """The figures that are asked for."""
    span = statistics.span_of(deps.site, first, last, now=deps.clock.now())
    return await statistics.statistics(deps.store, deps.site, by, span, place)


Figures = Annotated[Reported, Depends(reported)]


@router.get("", operation_id="getStatistics", responses=errors("forbidden", "not_found"))
async def get_statistics(deps: Given, figures: Figures) -> StatisticsModel:
    """Times to confirm, dispatch, be on scene and close (p50, p90), false alarms by camera and rule, work by grid and
    person, what was handled in time, and all of it by day. Of the asking person's places; care for the cleared alone.
    """
    return StatisticsModel.of(figures, deps.site.timezone)


@router.get(
    "/{table}.csv",
    operation_id="getStatisticsTable",
    response_class=Response,
    responses={
        200: {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}},
        **errors("forbidden", "not_found"),
    },
)
async def get_statistics_table(
    figures: Figures,
    table: Annotated[Table, Path(description="Which table.")],
    words: Annotated[
        Literal["zh-CN", "en"] | None,
        Query(description="Columns and steps in words of this language, for people; left out: their codes."),
    ] = None,
) -> Response:
    """One table of the same figures for a spreadsheet (UTF-8 with a byte order mark, as Excel wants it)."""
    name = f"lookout-{table.value}-{figures.span.first}-{figures.span.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(statistics.table(figures, table, words), headers=headers, media_type="text/csv; charset=utf-8")
