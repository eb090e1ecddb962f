"""Signing in by the organisation's own provider (OpenID Connect)."""

import json
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.accounts import SignInWays
from lookout_server.api.problems import errors
from lookout_server.api.rate import whence
from lookout_server.api.routes.session import place_of, set_cookie
from lookout_server.api.throttle import Allowance
from lookout_server.errors import NotFoundError, ServerError, UnauthenticatedError
from lookout_server.services import single_sign_on
from lookout_server.services.single_sign_on import Attempt, Provider

router = APIRouter(prefix="/api/v1/session/oidc", tags=["session"])

_COOKIE = "lookout_oidc"
_PATH = "/api/v1/session/oidc"
_LASTS_S = 600
#: Sign-ins that come back from the provider to one address.
ASKED = Allowance(times=60, within_s=60)
_SENT_ON = {302: {"description": "Sent on."}}


@router.get("/about", operation_id="getSignInWays", responses=errors())
async def about(deps: Given) -> SignInWays:
    """How one can sign in beside a password; for the sign-in page, open to anybody."""
    return SignInWays(oidc=deps.provider.label if deps.provider else None)


@router.get(
    "",
    operation_id="beginOidc",
    status_code=302,
    response_class=RedirectResponse,
    responses={**_SENT_ON, **errors("not_found")},
)
async def begin(deps: Given, request: Request) -> RedirectResponse:
    """Send the browser to the provider."""
    provider = _provider(deps)
    base = (deps.public_url or str(request.base_url)).rstrip("/")
    attempt = single_sign_on.begin(f"{base}{_PATH}/callback")
    answer = RedirectResponse(await provider.address(attempt), 302)
    kept = json.dumps([attempt.state, attempt.nonce, attempt.verifier, attempt.redirect_uri])
    # Lax: the browser comes back from another site.
    answer.set_cookie(
        _COOKIE, kept, max_age=_LASTS_S, httponly=True, samesite="lax", secure=deps.secure_cookies, path=_PATH
    )
    return answer


@router.get(
    "/callback",
    operation_id="finishOidc",
    status_code=302,
    response_class=RedirectResponse,
    responses={**_SENT_ON, **errors("not_found")},
)
async def finish(
    deps: Given,
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> RedirectResponse:
    """Where the provider sends the browser back; then on to the console, or to the sign-in page with what is wrong."""
    provider, now = _provider(deps), deps.clock.now()
    try:
        attempt = _attempt(request, state)
        if not code:
            raise UnauthenticatedError("the provider let nobody in")
        place, takes = place_of(request), deps.refusals.take
        # Each is a question to the provider, which anybody can have us ask.
        deps.allowances.take(ASKED, whence(place.address), now)
        _, token = await single_sign_on.finish(deps.store, provider, attempt, code, place, at=now, takes=takes)
        answer = RedirectResponse("/", 302)
        set_cookie(deps, answer, token)
    except ServerError as error:
        answer = RedirectResponse(f"/login?{urlencode({'problem': str(error)})}", 302)
    answer.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax", secure=deps.secure_cookies)
    return answer


def _provider(deps: Deps) -> Provider:
    if deps.provider is None:
        raise NotFoundError("this site has no provider of sign-ins: use user name and password")
    return deps.provider


def _attempt(request: Request, state: str) -> Attempt:
    try:
        kept: list[str] = json.loads(request.cookies.get(_COOKIE, ""))
        attempt = Attempt(state=kept[0], nonce=kept[1], verifier=kept[2], redirect_uri=kept[3])
    except (ValueError, LookupError, TypeError) as error:
        raise UnauthenticatedError("the sign-in took too long, or was begun in another browser: try again") from error
    if not state or attempt.state != state:
        raise UnauthenticatedError("the sign-in was begun elsewhere: try again")
    return attempt
