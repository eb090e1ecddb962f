"""热线 12345: entering calls, one by one or as the hotline's table."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from lookout_server.api.deps import Given
from lookout_server.api.models.base import Identifier, Model, RequestModel, Text, UtcTime, shown
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom
from lookout_server.domain.hotline import Call
from lookout_server.domain.resident import ReportKind
from lookout_server.services.hotline import Outcome, Taken, import_calls, take_call

router = APIRouter(prefix="/api/v1/hotline", tags=["cases"])

_CALL: dict[str, Any] = {
    "number": "HF20261122-00417",
    "received_at": "2026-11-22T03:40:00Z",
    "kind": "blocked",
    "grid": "grid-07",
    "words": "2单元门口消防通道长期被占",
}
_TAKEN = {"line": 2, "number": "HF20261122-00417", "outcome": "created", "case": "c-20261122-0007", "wrong": None}
_TABLE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}


class CallBody(RequestModel):
    """A call. The hotline's number makes it the same call again; who called is not asked for."""

    model_config = shown(_CALL, request=True)

    number: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,64}$", strip_whitespace=True)]
    received_at: UtcTime
    kind: ReportKind
    grid: Identifier
    words: Annotated[Text, Field(min_length=1)]


class CallModel(Model):
    """The case of a call."""

    model_config = shown({"case": "c-20261122-0007", "created": True})

    case: str
    created: bool


class TakenModel(Model):
    """A line of the table and what became of it, or would. `case` is null in a dry run."""

    line: int
    number: str
    outcome: Outcome
    case: str | None
    wrong: str | None

    @classmethod
    def of(cls, taken: Taken) -> "TakenModel":
        """From the service's value."""
        return cls(line=taken.line, number=taken.number, outcome=taken.outcome, case=taken.case_id, wrong=taken.wrong)


class ImportModel(Model):
    """What became of a table, or would."""

    model_config = shown({"dry_run": False, "created": 1, "known": 0, "wrong": 0, "lines": [_TAKEN]})

    dry_run: bool
    created: int
    known: int
    wrong: int
    lines: tuple[TakenModel, ...]


@router.post(
    "",
    operation_id="takeHotlineCall",
    status_code=201,
    responses={
        200: {"model": CallModel, "description": "It was taken before."},
        **errors("forbidden", "csrf", "conflict", "too_large"),
    },
)
async def take_hotline_call(deps: Given, by: ControlRoom, response: Response, body: CallBody) -> CallModel:
    """Enter a call: a confirmed case of that grid."""
    case, created = await take_call(deps.store, deps.site, Call(**dict(body)), by, at=deps.clock.now())
    response.status_code = 201 if created else 200
    return CallModel(case=case, created=created)


@router.post(
    "/import",
    operation_id="importHotlineCalls",
    openapi_extra=_TABLE,
    responses=errors("forbidden", "csrf", "conflict", "too_large"),
)
async def import_hotline_calls(
    deps: Given,
    by: ControlRoom,
    request: Request,
    dry_run: Annotated[bool, Query(description="Only say what would become of each line.")] = False,
) -> ImportModel:
    """Take the hotline's CSV table (工单号, 受理时间, 类型, 网格, 内容; UTF-8 or GB 18030, 64 KiB at a time).

    Calls that are cases already are left alone; with a wrong line in it nothing is taken.
    """
    content = await request.body()
    taken = await import_calls(deps.store, deps.site, content, by, at=deps.clock.now(), dry_run=dry_run)
    counts = {outcome: sum(each.outcome is outcome for each in taken) for outcome in Outcome}
    return ImportModel(
        dry_run=dry_run,
        created=counts[Outcome.CREATED],
        known=counts[Outcome.KNOWN],
        wrong=counts[Outcome.WRONG],
        lines=tuple(TakenModel.of(each) for each in taken),
    )
