"""Accounts, for admins of the whole site."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from lookout_server.api.deps import Given
from lookout_server.api.models.account_keeping import (
    AccountModel,
    AccountPage,
    AccountQuery,
    AddAccountBody,
    BarredAccountModel,
    ChangeAccountBody,
)
from lookout_server.api.problems import errors
from lookout_server.api.security import Administrator
from lookout_server.services import account_keeping

router = APIRouter(prefix="/api/v1/accounts", tags=["people"])

Who = Annotated[str, Path(pattern=r"^u-[a-z0-9._-]{1,62}$", examples=["u-wangfang"])]
_CHANGE = ("forbidden", "csrf", "not_found", "conflict")


@router.get("", operation_id="listAccounts", responses=errors("forbidden"))
async def list_accounts(deps: Given, _access: Administrator, asked: Annotated[AccountQuery, Query()]) -> AccountPage:
    """All accounts, also those that are disabled."""
    found = await account_keeping.page(deps.store, asked.filter(), asked.limit)
    return AccountPage(
        items=tuple(AccountModel.of_kept(kept) for kept in found),
        next_cursor=found[-1].person.username if len(found) == asked.limit else None,
    )


@router.post(
    "", operation_id="addAccount", status_code=201, responses=errors("forbidden", "csrf", "conflict", "too_large")
)
async def add_account(deps: Given, access: Administrator, body: AddAccountBody) -> AccountModel:
    """Let somebody in."""
    made = await account_keeping.add(deps.store, deps.hasher, body.fresh(), access, at=deps.clock.now())
    return AccountModel.of_kept(made)


@router.put("/{person_id}", operation_id="changeAccount", responses=errors(*_CHANGE, "too_large"))
async def change_account(deps: Given, access: Administrator, person_id: Who, body: ChangeAccountBody) -> AccountModel:
    """Change name, roles, places or the password."""
    known = await account_keeping.known(deps.store, person_id)
    account = body.account(known.person)
    return AccountModel.of_kept(
        await account_keeping.change(deps.store, deps.hasher, account, access, at=deps.clock.now())
    )


@router.post("/{person_id}/bar", operation_id="barAccount", responses=errors(*_CHANGE))
async def bar_account(deps: Given, access: Administrator, person_id: Who) -> BarredAccountModel:
    """Disable it: its sessions end, it opens nothing, nobody is sent by it. What was done under it stays."""
    kept, left = await account_keeping.bar(deps.store, deps.site, person_id, access, at=deps.clock.now())
    return BarredAccountModel(**AccountModel.of_kept(kept).model_dump(), cases_left=left)


@router.post("/{person_id}/let_in", operation_id="letInAccount", responses=errors(*_CHANGE))
async def let_in_account(deps: Given, access: Administrator, person_id: Who) -> AccountModel:
    """Enable it again, with the password that it had."""
    return AccountModel.of_kept(await account_keeping.let_in(deps.store, person_id, access, at=deps.clock.now()))


@router.post("/{person_id}/reset_codes", operation_id="resetCodes", responses=errors(*_CHANGE))
async def reset_codes(deps: Given, access: Administrator, person_id: Who) -> AccountModel:
    """Turn one-time codes off for somebody who has lost their telephone; their sessions end."""
    return AccountModel.of_kept(await account_keeping.reset_codes(deps.store, person_id, access, at=deps.clock.now()))
