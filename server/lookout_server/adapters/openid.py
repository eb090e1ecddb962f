"""OpenID Connect: the authorisation code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

Two requests and one signature. PyJWT checks the ID token; Authlib's client stands on an httpx that its own
authors have left, so the two requests are made here.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import jwt

from lookout_server.errors import ProviderError, UnauthenticatedError
from lookout_server.services.single_sign_on import Attempt

TIMEOUT_S = 10.0
#: Signatures with a secret that both know, and none at all, are not taken: the provider's public keys decide.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_LEEWAY_S = 60


class OpenIdProvider:
    """Implements services.single_sign_on.Provider. What the provider says of itself is fetched once."""

    def __init__(
        self,
        issuer: str,
        client: tuple[str, str],
        *,
        claim: str,
        label: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.label = label
        self._issuer, self._claim = issuer.rstrip("/"), claim
        self._client_id, self._secret = client
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, transport=transport)
        self._about: Mapping[str, Any] | None = None

    async def address(self, attempt: Attempt) -> str:
        """With ``openid profile``, state, nonce and the challenge of PKCE."""
        about = await self._metadata()
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{about['authorization_endpoint']}?{urlencode(asked)}"

    async def username(self, attempt: Attempt, code: str, at: datetime) -> str:
        """The claim of an ID token that is signed by the provider, for us, for this attempt, and still good."""
        about = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        answer = await self._send("POST", str(about["token_endpoint"]), form)
        if answer.is_client_error:
            raise UnauthenticatedError("the sign-in took too long, or was used before: try again")
        token = self._object(answer).get("id_token")
        claims = await self._claims(str(token), str(about["jwks_uri"]), at)
        if claims.get("nonce") != attempt.nonce:
            raise UnauthenticatedError("the sign-in was begun elsewhere: try again")
        name = claims.get(self._claim)
        if not isinstance(name, str) or not name:
            raise UnauthenticatedError(f"the provider does not say your {self._claim!r}: an administrator can set that")
        return name

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def _claims(self, token: str, keys_at: str, at: datetime) -> Mapping[str, Any]:
        keys = self._object(await self._send("GET", keys_at))
        try:
            named = jwt.get_unverified_header(token).get("kid")
            found = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if named in {None, key.key_id}]
            if not found:
                raise UnauthenticatedError("the provider signed with a key that it does not show: try again")
            claims = jwt.decode(
                token,
                found[0],
                algorithms=_ALGORITHMS,
                audience=self._client_id,
                issuer=str((await self._metadata())["issuer"]),
                leeway=_LEEWAY_S,
                # The dispatcher's own clock decides, below: PyJWT would ask the system's.
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(f"what the provider says of you does not hold ({error}): try again") from error
        if float(claims["exp"]) + _LEEWAY_S <= at.timestamp():
            raise UnauthenticatedError("what the provider says of you has run out: try again")
        return claims

    async def _metadata(self) -> Mapping[str, Any]:
        if self._about is None:
            found = self._object(await self._send("GET", f"{self._issuer}/.well-known/openid-configuration"))
            needed = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}
            if not needed <= set(found) or str(found["issuer"]).rstrip("/") != self._issuer:
                raise ProviderError(f"{self._issuer} does not describe itself as that issuer: check oidc.issuer")
            self._about = found
        return self._about

    async def _send(self, method: str, url: str, form: dict[str, str] | None = None) -> httpx.Response:
        auth = (self._client_id, self._secret) if form else None
        try:
            answer = await self._http.request(method, url, data=form, auth=auth)
        except httpx.HTTPError as error:
            raise ProviderError(f"the provider of sign-ins does not answer ({type(error).__name__})") from error
        if answer.is_server_error or answer.is_redirect or (form is None and not answer.is_success):
            raise ProviderError(f"the provider of sign-ins answers {answer.status_code}: try again later")
        return answer

    @staticmethod
    def _object(answer: httpx.Response) -> Mapping[str, Any]:
        try:
            found: object = answer.json()
        except ValueError as error:
            raise ProviderError("the provider of sign-ins does not answer in JSON: check oidc.issuer") from error
        if not isinstance(found, dict):
            raise ProviderError("the provider of sign-ins answers with something else: check oidc.issuer")
        return cast(Mapping[str, Any], found)
