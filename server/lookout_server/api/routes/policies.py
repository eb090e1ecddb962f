"""The site's policy: reading it, trying another one on the past, activating it."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.policies import (
    ActivateBody,
    CheckedModel,
    DraftBody,
    PolicyModel,
    PolicyPage,
    TrialBody,
    TrialModel,
)
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import Limit
from lookout_server.api.security import ControlRoom, SiteLead
from lookout_server.exchange.policy import PolicyFile
from lookout_server.services import policies
from lookout_server.services.correlating import unknown_stops
from lookout_server.services.rehearsing import try_policy

router = APIRouter(prefix="/api/v1/policy", tags=["estate"])


@router.get("", operation_id="getPolicy", responses=errors("forbidden"))
async def get_policy(deps: Given, _access: ControlRoom) -> PolicyModel:
    """The policy in force."""
    async with deps.store.read() as uow:
        newest = await uow.policies.newest()
        people = await uow.people.get([newest.by] if newest and newest.by else [])
    return PolicyModel.of(newest, people) if newest else PolicyModel.configured(deps.policy.whole())


@router.get("/versions", operation_id="listPolicies", responses=errors("forbidden"))
async def list_policies(
    deps: Given,
    _access: ControlRoom,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="`next_cursor` of the page before.")] = None,
) -> PolicyPage:
    """Policies that are or were in force, newest first. Going back is activating an earlier one's content."""
    async with deps.store.read() as uow:
        found = await uow.policies.page(limit, cursor)
        people = await uow.people.get(sorted({each.by for each in found if each.by}))
    if not found and cursor is None:
        return PolicyPage(items=(PolicyModel.configured(deps.policy.whole()),), next_cursor=None)
    return PolicyPage(
        items=tuple(PolicyModel.of(each, people) for each in found),
        next_cursor=str(found[-1].version) if len(found) == limit else None,
    )


@router.post("/check", operation_id="checkPolicy", responses=errors("forbidden", "csrf", "too_large"))
async def check_policy(deps: Given, _access: SiteLead, body: DraftBody) -> CheckedModel:
    """Whether a draft can be read, and all that it says. Changes nothing."""
    return CheckedModel(content=body.content.whole(), unknown_cameras=await _unknown(deps, body.content))


@router.post("/trial", operation_id="tryPolicy", responses=errors("forbidden", "csrf", "too_large"))
async def try_on_the_past(deps: Given, access: SiteLead, body: TrialBody) -> TrialModel:
    """Replay past cases through the policy in force and a draft: pages saved, cases that would have been late.
    Changes nothing."""
    now = deps.clock.now()
    other = body.content.policy(deps.site.timezone)
    trial = await try_policy(deps.store, deps.site, other, now - timedelta(days=body.days), now=now, by=access)
    return TrialModel.of(trial, body.days)


@router.post(
    "",
    operation_id="activatePolicy",
    status_code=201,
    responses=errors("forbidden", "csrf", "stale_version", "too_large"),
)
async def activate_policy(deps: Given, access: SiteLead, body: ActivateBody) -> PolicyModel:
    """Put a policy in force, with a reason. What runs keeps the limit it has; what begins goes by the new ones."""
    wanted = policies.Activation(
        content=body.content.whole().model_dump(mode="json"),
        policy=body.content.policy(deps.site.timezone),
        reason=body.reason,
        seen=body.version,
        configured=deps.policy.whole().model_dump(mode="json"),
        by=access,
        at=deps.clock.now(),
    )
    made = await policies.activate(deps.store, deps.site, wanted)
    return PolicyModel.of(made, {access.person.id: access.person})


async def _unknown(deps: Deps, content: PolicyFile) -> tuple[str, ...]:
    return tuple(await unknown_stops(deps.store, content.same_thing.graph()))
