"""Every error is an ``application/problem+json`` document (RFC 9457) with a stable ``code``."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from lookout_server.errors import ServerError, ThrottledError

_log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

#: Error code → HTTP status.
STATUS: Mapping[str, int] = {
    "unauthenticated": 401,
    "code_needed": 401,
    "account_disabled": 401,
    "forbidden": 403,
    "csrf": 403,
    "second_factor_needed": 403,
    "four_eyes": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "stale_version": 409,
    "illegal_move": 409,
    "no_candidate": 409,
    "no_picture": 409,
    "case_elsewhere": 409,
    "changed": 412,
    "too_large": 413,
    "wrong_type": 415,
    "range": 416,
    "invalid": 422,
    "wrong_password": 422,
    "rows_refused": 422,
    "wrong_hash": 422,
    "evidence_missing": 422,
    "throttled": 429,
    "failed": 500,
    "unavailable": 503,
    "feed_ended": 503,
}

_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "wrong_type"}

_DETAILS: Mapping[str, str] = {
    "unauthenticated": "you are not signed in, or not any more: sign in again",
    "code_needed": "a code of your authenticator is needed too, or one of your recovery codes",
    "account_disabled": "this account is disabled: ask an administrator",
    "forbidden": "this step is for operator, supervisor, admin",
    "csrf": "requests that change something need the header X-Lookout: 1 beside the cookie",
    "second_factor_needed": "your role needs a one-time code beside the password: set it up on your own page",
    "four_eyes": "you handled this case yourself: somebody else has to check it",
    "illegal_move": "'close' is not possible while the case is dispatched: you may now do dispatch, void",
    "no_candidate": "nobody fits for grid grid-07: name a worker by hand, or put one into the grid",
    "no_picture": "the gateway does not answer: see whether it is online",
    "case_elsewhere": "this alarm has joined a case of another grid: they act on it there, nothing is left to report",
    "evidence_missing": "upload the photo first, then name it",
    "wrong_hash": "the content does not have this SHA-256: compute it over the bytes that you send",
    "not_found": "there is no case 'c-20261122-0099' that you can see",
    "conflict": "this alarm was dismissed: take the dismissal back before you report it",
    "stale_version": "the case has moved on to version 4 since you read version 3: load it again and decide anew",
    "changed": "the case has moved on to version 4 since you read version 3: load it again and decide anew",
    "too_large": "the file is larger than 67108864 bytes: send a shorter clip or a smaller picture",
    "wrong_type": "evidence is image/jpeg, image/png, image/webp or video/mp4",
    "range": "the file has 5120 bytes: ask for a range within them",
    "invalid": "body.reason: Field required",
    "wrong_password": "this is not your present password: nothing was changed",
    "rows_refused": "3 rows cannot be taken, so nothing was done: mend them and send the files again",
    "throttled": "that was a lot at once: try again in 4 s",
    "unavailable": "the database does not answer: check that it runs",
}
_EXTRAS: Mapping[str, dict[str, Any]] = {
    "stale_version": {"current_version": 4},
    "illegal_move": {"state": "dispatched", "allowed": ["dispatch", "void"]},
    "evidence_missing": {"missing": ["60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"]},
    "throttled": {"retry_after_s": 4},
}


class Problem(BaseModel):
    """What went wrong and what to do about it. Some codes carry further fields."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:lookout:problem:stale_version",
                    "title": "Conflict",
                    "status": 409,
                    "detail": _DETAILS["stale_version"],
                    "code": "stale_version",
                    "current_version": 4,
                }
            ]
        },
    )

    type: str = Field(description="`urn:lookout:problem:` and the code.")
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence that says what to do.")
    code: str = Field(description="Stable word for programs.")


def document(code: str, detail: str, extras: Mapping[str, object] | None = None) -> dict[str, object]:
    """The problem as JSON."""
    status = STATUS.get(code, 500)
    return {
        "type": f"urn:lookout:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **(extras or {}),
    }


def errors(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that can fail in these ways; 401, 422, 429 and 503 are always among them."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in dict.fromkeys((*codes, "unauthenticated", "invalid", "throttled", "unavailable")):
        status = STATUS[code]
        example = document(code, _DETAILS[code], _EXTRAS.get(code))
        schema = {"$ref": "#/components/schemas/Problem"}
        held = found.setdefault(
            status,
            {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}},
        )
        held["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
        if code == "throttled":
            held["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return found


def response(code: str, detail: str, extras: Mapping[str, object] | None = None) -> JSONResponse:
    """The problem as a response."""
    headers: dict[str, str] = {"Cache-Control": "no-store"}
    if code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(document(code, detail, extras), STATUS.get(code, 500), headers, media_type=MEDIA_TYPE)


async def _on_server_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ServerError):
        raise error
    if STATUS.get(error.code, 500) >= 500:
        _log.error("request failed", path=request.url.path, error=str(error))
    answer = response(error.code, str(error), error.extras)
    if isinstance(error, ThrottledError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found: list[dict[str, str]] = [
        {"where": ".".join(str(part) for part in one["loc"]), "what": str(one["msg"])} for one in error.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in found[:5])
    return response("invalid", detail, {"errors": found})


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODE_OF_STATUS.get(error.status_code, "invalid" if error.status_code < 500 else "failed")
    details = {
        "not_found": f"there is nothing at {request.url.path}: see /api/v1/openapi.json for what there is",
        "method_not_allowed": f"{request.method} is not possible here: see /api/v1/openapi.json for what is",
    }
    answer = response(code, details.get(code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


async def _on_anything(request: Request, error: Exception) -> JSONResponse:
    # What happened is for the log; a stranger gets no stack trace.
    _log.error("request failed", path=request.url.path, exc_info=error)
    return response("failed", "the dispatcher made a mistake; nothing was changed, and its log says more")


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(ServerError, _on_server_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_anything)
