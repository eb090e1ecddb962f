"""Who is asking: sessions by bearer token or cookie, upload tokens of gateways, and the guard against forged forms."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from lookout_server.api.deps import Given
from lookout_server.api.rate import unlimited
from lookout_server.domain.access import Access
from lookout_server.domain.territory import Person, Role
from lookout_server.errors import ForbiddenError, SecondFactorNeededError, UnauthenticatedError
from lookout_server.services import accounts, factors

COOKIE = "lookout_session"
CSRF_HEADER = "X-Lookout"
_SAFE = {"GET", "HEAD", "OPTIONS"}

_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="The `token` of `POST /api/v1/session`.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="cookie",
    description="Set by `POST /api/v1/session`. Requests that change something also need the header `X-Lookout: 1`.",
)


class CsrfError(ForbiddenError):
    """A request with the cookie that some other site may have made the browser send."""

    code = "csrf"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What somebody may see, and the token of their session."""

    access: Access
    token: str

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.access.person


def token_of(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> str:
    """The token, from the header or the cookie. A cookie alone does not change anything without our header."""
    if bearer is not None:
        return bearer.credentials
    if cookie is None:
        raise UnauthenticatedError("you are not signed in: sign in first")
    if request.method not in _SAFE and request.headers.get(CSRF_HEADER) != "1":
        raise CsrfError(f"requests that change something need the header {CSRF_HEADER}: 1 beside the cookie")
    return cookie


Token = Annotated[str, Depends(token_of)]


async def newcomer(deps: Given, request: Request, token: Token) -> Caller:
    """Whoever is signed in, also when a second factor that they have to have is not set up yet."""
    seen = await accounts.whose_access(deps.store, token, at=deps.clock.now())
    if deps.asking is not None and not unlimited(request.method, request.url.path):
        deps.asking.take(seen.person.id)
    return Caller(access=seen, token=token)


#: For what somebody needs who has yet to set up the second factor: themselves, their sessions, and that.
Newcomer = Annotated[Caller, Depends(newcomer)]


async def caller(deps: Given, found: Newcomer) -> Caller:
    """Whoever is signed in, with the second factor where their roles ask for it."""
    if found.person.roles & deps.second_factor_for and await factors.lacks(deps.store, found.person):
        raise SecondFactorNeededError("your role needs a one-time code beside the password: set it up on your own page")
    return found


SignedIn = Annotated[Caller, Depends(caller)]


async def control_room(signed_in: SignedIn) -> Access:
    """Operators, supervisors and admins. What of the site is theirs is for the access to say."""
    if not signed_in.person.in_control_room:
        raise ForbiddenError("this is for the control room: operator, supervisor or admin")
    return signed_in.access


ControlRoom = Annotated[Access, Depends(control_room)]


async def lead(signed_in: SignedIn) -> Access:
    """Supervisors and admins."""
    if not signed_in.person.roles & {Role.SUPERVISOR, Role.ADMIN}:
        raise ForbiddenError("this is for supervisors and admins")
    return signed_in.access


Lead = Annotated[Access, Depends(lead)]


async def whole_site(access: ControlRoom) -> Access:
    """The control room, of the whole site."""
    if access.places is not None:
        raise ForbiddenError("this is for those in the control room who look after the whole site")
    return access


WholeSite = Annotated[Access, Depends(whole_site)]


async def administrator(signed_in: SignedIn) -> Access:
    """Admins of the whole site."""
    if Role.ADMIN not in signed_in.person.roles or signed_in.access.places is not None:
        raise ForbiddenError("this is for admins of the whole site")
    return signed_in.access


Administrator = Annotated[Access, Depends(administrator)]


async def site_lead(access: Lead) -> Access:
    """Supervisors and admins, of the whole site."""
    if access.places is not None:
        raise ForbiddenError("this is for supervisors and admins who look after the whole site")
    return access


SiteLead = Annotated[Access, Depends(site_lead)]


async def auditor(signed_in: SignedIn) -> Access:
    """Admins of the whole site, and auditors."""
    person = signed_in.person
    if Role.AUDITOR not in person.roles and (Role.ADMIN not in person.roles or signed_in.access.places is not None):
        raise ForbiddenError("this is for auditors, and admins of the whole site")
    return signed_in.access


Auditor = Annotated[Access, Depends(auditor)]


async def uploader(deps: Given, request: Request, token: Token) -> str:
    """``gateway:ID``, or ``person:ID`` of whoever is signed in with all that their roles ask for."""
    gateway = await accounts.whose_upload_token(deps.store, token)
    if gateway is not None:
        return f"gateway:{gateway}"
    return f"person:{(await caller(deps, await newcomer(deps, request, token))).person.id}"


Uploader = Annotated[str, Depends(uploader)]
