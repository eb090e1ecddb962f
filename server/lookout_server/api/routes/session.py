"""Signing in and out, where somebody is signed in, and the second factor."""

from contextlib import AbstractContextManager
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.accounts import (
    CodeBody,
    FactorModel,
    FactorState,
    OpenSession,
    PasswordBody,
    RecoveryCodes,
    SessionList,
    SessionModel,
    SignedInModel,
    SignInBody,
    UserModel,
)
from lookout_server.api.problems import errors
from lookout_server.api.rate import whence
from lookout_server.api.routes.parameters import PersonId
from lookout_server.api.security import COOKIE, Newcomer, SignedIn, Token
from lookout_server.services import accounts, factors

router = APIRouter(prefix="/api/v1", tags=["session"])

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", examples=["3f6d0c1be2a94d7781c0"])]
Whose = Annotated[PersonId | None, Query(description="Left out: the asking person.")]


@router.post(
    "/session", operation_id="signIn", responses=errors("code_needed", "account_disabled", "throttled", "too_large")
)
async def sign_in(deps: Given, request: Request, response: Response, body: SignInBody) -> SignedInModel:
    """Sign in. Sets the cookie for browsers; other clients send the token as a bearer.

    401 `code_needed`: the password is right; send it again with a `code` of the authenticator, or a recovery code.
    """
    now, place = deps.clock.now(), place_of(request)
    given = accounts.Credentials(username=body.username, password=body.password, code=body.code)
    takes = deps.refusals.take
    with deps.throttle.attempt(body.username, whence(place.address), now):
        person, token = await accounts.sign_in(deps.store, deps.hasher, given, at=now, place=place, takes=takes)
    set_cookie(deps, response, token)
    response.headers["Cache-Control"] = "no-store"
    return SignedInModel(user=UserModel.of(person), token=token)


@router.get("/session", operation_id="getSession", responses=errors())
async def get_session(signed_in: Newcomer) -> SessionModel:
    """Who is signed in."""
    return SessionModel(user=UserModel.of(signed_in.person))


@router.delete("/session", operation_id="signOut", status_code=204, responses=errors("csrf"))
async def sign_out(deps: Given, signed_in: Newcomer, token: Token, response: Response) -> None:
    """Sign out: the session is revoked, not only forgotten by the browser."""
    await accounts.sign_out(deps.store, token, at=deps.clock.now())
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=deps.secure_cookies)


@router.get("/sessions", operation_id="listSessions", responses=errors("forbidden", "not_found"))
async def list_sessions(deps: Given, signed_in: Newcomer, token: Token, person: Whose = None) -> SessionList:
    """Where somebody is signed in, newest first; one's own, or for supervisors and admins those of their people."""
    whose = person or signed_in.person.id
    found = await accounts.sessions_of(deps.store, whose, signed_in.access, at=deps.clock.now())
    this = accounts.hash_token(token)
    return SessionList(items=tuple(OpenSession.of(each, current=each.token_hash == this) for each in found))


@router.delete(
    "/sessions", operation_id="revokeSessions", status_code=204, responses=errors("forbidden", "csrf", "not_found")
)
async def revoke_sessions(deps: Given, signed_in: Newcomer, person: Whose = None) -> None:
    """Sign somebody out everywhere."""
    whose = person or signed_in.person.id
    await accounts.revoke(deps.store, whose, None, signed_in.access, at=deps.clock.now())


@router.delete(
    "/sessions/{session_id}",
    operation_id="revokeSession",
    status_code=204,
    responses=errors("forbidden", "csrf", "not_found"),
)
async def revoke_session(deps: Given, signed_in: Newcomer, session_id: SessionId, person: Whose = None) -> None:
    """End one session."""
    whose = person or signed_in.person.id
    await accounts.revoke(deps.store, whose, session_id, signed_in.access, at=deps.clock.now())


@router.post(
    "/session/password",
    operation_id="changePassword",
    status_code=204,
    responses=errors("csrf", "conflict", "wrong_password", "throttled", "too_large"),
)
async def change_password(deps: Given, request: Request, signed_in: Newcomer, token: Token, body: PasswordBody) -> None:
    """Change one's own password. One's other sessions end; this one goes on."""
    given = accounts.NewPassword(present=body.password, wanted=body.new_password, token=token)
    with _counted(deps, request, signed_in.person.username):
        await accounts.change_password(deps.store, deps.hasher, given, signed_in.access, at=deps.clock.now())


@router.post(
    "/session/second_factor", operation_id="startSecondFactor", status_code=201, responses=errors("csrf", "conflict")
)
async def start_second_factor(deps: Given, signed_in: Newcomer) -> FactorModel:
    """A secret for an authenticator. Codes are asked for once one of them was confirmed."""
    made = await factors.start(deps.store, deps.site.name, signed_in.access)
    return FactorModel.of(made)


@router.get("/session/second_factor", operation_id="getSecondFactor", responses=errors())
async def get_second_factor(deps: Given, signed_in: Newcomer) -> FactorState:
    """Whether the asking person needs a code to sign in."""
    async with deps.store.read() as uow:
        held = await uow.factors.get(signed_in.person.id)
    return FactorState(since=held.since if held else None)


@router.post(
    "/session/second_factor/confirm",
    operation_id="confirmSecondFactor",
    responses=errors("csrf", "conflict", "throttled", "too_large"),
)
async def confirm_second_factor(deps: Given, request: Request, signed_in: Newcomer, body: CodeBody) -> RecoveryCodes:
    """From now on a code is asked for at every sign-in. The recovery codes are shown this once."""
    with _counted(deps, request, signed_in.person.username):
        codes = await factors.confirm(deps.store, signed_in.access, body.code, at=deps.clock.now())
    return RecoveryCodes(recovery_codes=codes)


@router.post(
    "/session/second_factor/off",
    operation_id="stopSecondFactor",
    status_code=204,
    responses=errors("csrf", "conflict", "code_needed", "throttled", "too_large"),
)
async def stop_second_factor(deps: Given, request: Request, signed_in: SignedIn, body: CodeBody) -> None:
    """The password alone is enough again."""
    with _counted(deps, request, signed_in.person.username):
        await factors.turn_off(deps.store, signed_in.access, body.code, at=deps.clock.now())


def place_of(request: Request) -> accounts.Place:
    """From where a request comes."""
    address = request.client.host if request.client else ""
    return accounts.Place(address=address, agent=request.headers.get("user-agent", ""))


def set_cookie(deps: Deps, response: Response, token: str) -> None:
    """The session, for browsers."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(accounts.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=deps.secure_cookies,
        path="/",
    )


def _counted(deps: Deps, request: Request, username: str) -> AbstractContextManager[None]:
    """Wrong codes and passwords count as at the door: six digits must not be tried at leisure."""
    return deps.throttle.attempt(username, whence(place_of(request).address), deps.clock.now())
