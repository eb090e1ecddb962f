"""Signing in and out."""

from fastapi import APIRouter, Request, Response

from lookout_server.api.deps import Given
from lookout_server.api.models.accounts import SessionModel, SignedInModel, SignInBody, UserModel
from lookout_server.api.problems import errors
from lookout_server.api.security import COOKIE, SignedIn, Token
from lookout_server.errors import UnauthenticatedError
from lookout_server.services import accounts

router = APIRouter(prefix="/api/v1/session", tags=["session"])


@router.post("", operation_id="signIn", responses=errors("throttled", "too_large"))
async def sign_in(deps: Given, request: Request, response: Response, body: SignInBody) -> SignedInModel:
    """Sign in. Sets the cookie for browsers; other clients send the token as a bearer."""
    now = deps.clock.now()
    address = request.client.host if request.client else ""
    deps.throttle.check(body.username, address, now)
    try:
        person, token = await accounts.sign_in(deps.store, deps.hasher, body.username, body.password, at=now)
    except UnauthenticatedError:
        deps.throttle.failed(body.username, address, now)
        raise
    deps.throttle.succeeded(body.username, address)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(accounts.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=deps.secure_cookies,
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return SignedInModel(user=UserModel.of(person), token=token)


@router.get("", operation_id="getSession", responses=errors())
async def get_session(signed_in: SignedIn) -> SessionModel:
    """Who is signed in."""
    return SessionModel(user=UserModel.of(signed_in.person))


@router.delete("", operation_id="signOut", status_code=204, responses=errors("csrf"))
async def sign_out(deps: Given, signed_in: SignedIn, token: Token, response: Response) -> None:
    """Sign out: the session is revoked, not only forgotten by the browser."""
    await accounts.sign_out(deps.store, token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=deps.secure_cookies)
