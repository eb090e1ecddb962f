"""What people do to cases: one route a move. Who may do what, and when, is the domain's to say."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.cases import CaseDetailModel
from lookout_server.api.models.moves import (
    ArriveBody,
    AskBody,
    CloseBody,
    DispatchBody,
    EvaluateBody,
    FeedbackBody,
    HelpBody,
    MergeBody,
    MoveBody,
    Place,
    ReasonBody,
    SplitBody,
    WhistleBody,
)
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import CaseId, etag_of
from lookout_server.api.security import Caller, SignedIn
from lookout_server.domain.case import Data, Details
from lookout_server.domain.moves import Action
from lookout_server.errors import ChangedError
from lookout_server.services import handling, merging
from lookout_server.services.access import visible_case
from lookout_server.services.details import case_detail
from lookout_server.services.handling import Order


async def unchanged(
    deps: Given,
    signed_in: SignedIn,
    case_id: CaseId,
    if_match: Annotated[
        str | None, Header(max_length=40, description="The `ETag` of `GET /cases/ID`; 412 when the case has changed.")
    ] = None,
) -> None:
    """RFC 9110's own way to say which version was seen, beside ``version`` in the body, which decides in the end."""
    if if_match is None or if_match.strip() == "*":
        return
    async with deps.store.read() as uow:
        case = await visible_case(uow, case_id, signed_in.access)
    if if_match.strip() != etag_of(case.version):
        seen = if_match.strip().strip('"')
        raise ChangedError(seen=int(seen) if seen.isascii() and seen.isdigit() else 0, current=case.version)


router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["cases"], dependencies=[Depends(unchanged)])

_MOVE = ("forbidden", "csrf", "not_found", "stale_version", "illegal_move", "changed", "too_large")
_MOVE_ERRORS = errors(*_MOVE)
_CHECK_ERRORS = errors(*_MOVE, "four_eyes")
_DISPATCH_ERRORS = errors(*_MOVE, "no_candidate")
_FEEDBACK_ERRORS = errors(*_MOVE, "evidence_missing")


@router.post("/confirm", operation_id="confirmCase", responses=_MOVE_ERRORS)
async def confirm(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """立案: a new case is one indeed."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.CONFIRM, body))


@router.post("/dispatch", operation_id="dispatchCase", responses=_DISPATCH_ERRORS)
async def dispatch(deps: Given, signed_in: SignedIn, case_id: CaseId, body: DispatchBody) -> CaseDetailModel:
    """派遣: send a worker, the best candidate when none is named."""
    order = _order(deps, signed_in, case_id, Action.DISPATCH, body)
    await handling.dispatch(deps.store, deps.site, order, body.worker)
    return await _after(deps, signed_in, case_id)


@router.post("/accept", operation_id="acceptCase", responses=_MOVE_ERRORS)
async def accept(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """签收: the worker goes."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.ACCEPT, body))


@router.post("/return", operation_id="returnCase", responses=_MOVE_ERRORS)
async def give_back(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """回退: the worker cannot go, and says why."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.RETURN, body))


@router.post("/arrive", operation_id="arriveAtCase", responses=_MOVE_ERRORS)
async def arrive(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ArriveBody) -> CaseDetailModel:
    """到场: the worker is there."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.ARRIVE, body))


@router.post("/feedback", operation_id="giveFeedback", responses=_FEEDBACK_ERRORS)
async def feedback(deps: Given, signed_in: SignedIn, case_id: CaseId, body: FeedbackBody) -> CaseDetailModel:
    """处置反馈: what was done, with photos. The camera is asked to look again and the case waits for somebody else."""
    order = _order(deps, signed_in, case_id, Action.FEEDBACK, body)
    await handling.give_feedback(deps.store, deps.site, order)
    return await _after(deps, signed_in, case_id)


@router.post("/close", operation_id="closeCase", responses=_CHECK_ERRORS)
async def close(deps: Given, signed_in: SignedIn, case_id: CaseId, body: CloseBody) -> CaseDetailModel:
    """结案: checked, by somebody other than the handler."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.CLOSE, body))


@router.post("/rework", operation_id="reworkCase", responses=_CHECK_ERRORS)
async def rework(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """返工: not done yet."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.REWORK, body))


@router.post("/void", operation_id="voidCase", responses=_MOVE_ERRORS)
async def void(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """不予立案: no case after all. The reason `undo` takes a report back: its alarm is open again."""
    await handling.void(deps.store, deps.site, _order(deps, signed_in, case_id, Action.VOID, body))
    return await _after(deps, signed_in, case_id)


@router.post("/take_back", operation_id="takeBackJudgement", responses=errors(*_MOVE, "conflict"))
async def take_back(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """撤回: undo one's own confirming or voiding, within two minutes and before anything else was done."""
    await merging.take_back(deps.store, deps.site, _order(deps, signed_in, case_id, Action.TAKE_BACK, body))
    return await _after(deps, signed_in, case_id)


@router.post("/reopen", operation_id="reopenCase", responses=errors(*_MOVE, "conflict"))
async def reopen(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """重开: closed too early, void by mistake, or merged with what was something else."""
    await merging.reopen(deps.store, deps.site, _order(deps, signed_in, case_id, Action.REOPEN, body))
    return await _after(deps, signed_in, case_id)


@router.post("/merge", operation_id="mergeCase", responses=errors(*_MOVE, "conflict"))
async def merge(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MergeBody) -> CaseDetailModel:
    """并案: this case ends, and another goes on with its alarms."""
    await merging.merge(deps.store, deps.site, _order(deps, signed_in, case_id, Action.MERGE, body))
    return await _after(deps, signed_in, case_id)


@router.post("/split", operation_id="splitCase", responses=errors(*_MOVE, "conflict"))
async def split(deps: Given, signed_in: SignedIn, case_id: CaseId, body: SplitBody) -> CaseDetailModel:
    """拆分: some of the alarms become a case of their own; the answer is the new one."""
    order = _order(deps, signed_in, case_id, Action.SPLIT, body)
    made = await merging.split(deps.store, deps.site, order)
    return await _after(deps, signed_in, made)


@router.post("/ask_suspend", operation_id="askToSuspendCase", responses=_MOVE_ERRORS)
async def ask_suspend(deps: Given, signed_in: SignedIn, case_id: CaseId, body: AskBody) -> CaseDetailModel:
    """申请挂账: the step cannot go on before a certain day. A supervisor approves; until then the clock runs."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.ASK_SUSPEND, body))


@router.post("/ask_extend", operation_id="askToExtendCase", responses=_MOVE_ERRORS)
async def ask_extend(deps: Given, signed_in: SignedIn, case_id: CaseId, body: AskBody) -> CaseDetailModel:
    """申请延期: the step needs longer than its limit. A supervisor approves."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.ASK_EXTEND, body))


@router.post("/approve", operation_id="approveCase", responses=_CHECK_ERRORS)
async def approve(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """批准: the case is suspended (the clock stops) or its limit extended, as was asked by somebody else."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.APPROVE, body))


@router.post("/refuse", operation_id="refuseCase", responses=_MOVE_ERRORS)
async def refuse(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """不批准: the case goes on within its limit."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.REFUSE, body))


@router.post("/resume", operation_id="resumeCase", responses=_MOVE_ERRORS)
async def resume(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """恢复: a suspended case goes on with what was left of its limit; by itself when the time has come."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.RESUME, body))


@router.post("/whistle", operation_id="whistleCase", responses=_MOVE_ERRORS)
async def whistle(deps: Given, signed_in: SignedIn, case_id: CaseId, body: WhistleBody) -> CaseDetailModel:
    """吹哨: departments are called, each with a clock until it reports in."""
    order = _order(deps, signed_in, case_id, Action.WHISTLE, body)
    await handling.call_departments(deps.store, deps.site, order, body.departments)
    return await _after(deps, signed_in, case_id)


@router.post("/help", operation_id="callForHelp", responses=_MOVE_ERRORS)
async def call_for_help(deps: Given, signed_in: SignedIn, case_id: CaseId, body: HelpBody) -> CaseDetailModel:
    """求助: who has the case is in trouble or needs more hands; the control room and colleagues hear of it."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.HELP, body))


@router.post("/report_in", operation_id="reportInToCase", responses=_MOVE_ERRORS)
async def report_in(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """报到: the department that was called is there."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.REPORT_IN, body))


@router.post("/supervise", operation_id="superviseCase", responses=_MOVE_ERRORS)
async def supervise(deps: Given, signed_in: SignedIn, case_id: CaseId, body: ReasonBody) -> CaseDetailModel:
    """督办: from now on supervisors alone close, return or void it. The third rework does so by itself."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.SUPERVISE, body))


@router.post("/follow_up", operation_id="followUpCase", responses=_MOVE_ERRORS)
async def follow_up(deps: Given, signed_in: SignedIn, case_id: CaseId, body: MoveBody) -> CaseDetailModel:
    """回访: somebody asks how things are; by itself when the tier's time has come."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.FOLLOW_UP, body))


@router.post("/evaluate", operation_id="evaluateCase", responses=_CHECK_ERRORS)
async def evaluate(deps: Given, signed_in: SignedIn, case_id: CaseId, body: EvaluateBody) -> CaseDetailModel:
    """评价: how well it was done, by somebody other than the handler."""
    return await _simple(deps, signed_in, _order(deps, signed_in, case_id, Action.EVALUATE, body))


Body = (
    MoveBody
    | ReasonBody
    | DispatchBody
    | ArriveBody
    | FeedbackBody
    | HelpBody
    | CloseBody
    | MergeBody
    | SplitBody
    | AskBody
    | WhistleBody
    | EvaluateBody
)


def _order(deps: Deps, signed_in: Caller, case_id: str, action: Action, body: Body) -> Order:
    return Order(
        case_id=case_id,
        action=action,
        access=signed_in.access,
        version=body.version,
        at=deps.clock.now(),
        details=_details(body),
    )


def _details(body: Body) -> Details:
    match body:
        case ReasonBody():
            return Details(reason=body.reason)
        case FeedbackBody():
            return Details(note=body.note, photos=body.photos, place=_place(body.place))
        case ArriveBody() | HelpBody():
            return Details(note=body.note, place=_place(body.place))
        case CloseBody():
            return Details(note=body.note, tier=body.tier)
        case MergeBody():
            return Details(note=body.note, into=body.into)
        case SplitBody():
            return Details(note=body.note, alarms=tuple(dict.fromkeys(body.alarms)))
        case AskBody():
            return Details(reason=body.reason, until=body.until)
        case EvaluateBody():
            return Details(note=body.note, score=body.score)
        case _:
            return Details(note=body.note)


def _place(place: Place | None) -> Data | None:
    return place.model_dump(mode="json", exclude_none=True) if place else None


async def _simple(deps: Deps, signed_in: Caller, order: Order) -> CaseDetailModel:
    await handling.carry_out(deps.store, deps.site, order)
    return await _after(deps, signed_in, order.case_id)


async def _after(deps: Deps, signed_in: Caller, case_id: str) -> CaseDetailModel:
    detail = await case_detail(deps.store, case_id, signed_in.access, at=deps.clock.now())
    return CaseDetailModel.of_detail(detail, signed_in.person)
