"""Builds the web application from ports. Names no adapter and starts nothing."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lookout_server.api import problems
from lookout_server.api.console import console_router
from lookout_server.api.deps import Deps
from lookout_server.api.idempotency import HEADER, Idempotency, takes_key
from lookout_server.api.middleware import BodyLimit, Counting, RequestCounts, SecurityHeaders, Turns
from lookout_server.api.rate import AddressLimit
from lookout_server.api.routes import (
    account_keeping,
    alarms,
    button,
    care,
    cases,
    commands,
    enrolment,
    estate,
    estate_tables,
    evidence,
    feed,
    hand_overs,
    hotline,
    live,
    moves,
    open311,
    operations,
    people,
    plans,
    policies,
    quarantine,
    residents,
    rounds,
    saved_views,
    session,
    silences,
    single_sign_on,
    statistics,
    stills,
    three_lists,
    tours,
    vehicles,
    volunteers,
    warnings,
    web_push,
    webhooks,
    whereabouts,
)

__all__ = ["Deps", "create_app", "openapi_document"]

_TITLE = "Lookout 守望哨"
_DESCRIPTION = """The dispatcher's API: alarms become cases, cases are carried to their end.

Times are RFC 3339 in UTC. Errors are `application/problem+json` with a stable `code`. Browsers are recognised by the
session cookie and send `X-Lookout: 1` with every request that changes something; other clients send the token of
`POST /api/v1/session` as a bearer. A move of a case carries the `version` that the person saw; when somebody was
faster the answer is 409 `stale_version` and nothing has changed. Who asks too much at once hears 429 `throttled` with
`Retry-After`."""
_TAGS = [
    {"name": "session", "description": "Signing in and out."},
    {"name": "alarms", "description": "What the machines say."},
    {"name": "cases", "description": "What people do about it."},
    {"name": "evidence", "description": "Pictures and clips, by the hash of their content."},
    {"name": "estate", "description": "Cameras, gateways, people, and how things stand."},
    {"name": "people", "description": "The roster, and what people are told."},
    {"name": "residents", "description": "码上就办: reports by QR code, without an account."},
    {"name": "vehicles", "description": "登记车辆: which vehicles gateways know, and passes for a while."},
    {"name": "rounds", "description": "The patrol diary 民情日记, and recurring inspections."},
    {"name": "statistics", "description": "How fast, how often false, how much for whom."},
    {"name": "feed", "description": "What changes, numbered and resumable."},
    {"name": "operations", "description": "Health and metrics."},
]
_KEY_PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A random text of the client's own. The same request again under it gets the answer of the first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_ROUTERS = (
    session.router,
    single_sign_on.router,
    alarms.router,
    silences.router,
    cases.router,
    care.router,
    open311.router,
    warnings.router,
    saved_views.router,
    moves.router,
    evidence.router,
    estate.router,
    estate_tables.router,
    quarantine.router,
    enrolment.router,
    people.router,
    whereabouts.router,
    web_push.router,
    account_keeping.router,
    hand_overs.router,
    commands.router,
    feed.router,
    operations.router,
    webhooks.router,
    residents.router,
    residents.places_router,
    statistics.router,
    stills.router,
    tours.router,
    vehicles.router,
    vehicles.alarm_router,
    live.router,
    plans.router,
    policies.router,
    button.router,
    three_lists.router,
    volunteers.router,
    hotline.router,
    rounds.router,
)


def create_app(deps: Deps) -> FastAPI:
    """The application over these ports; whoever calls starts and stops what is behind them."""
    app = _application(deps.version)
    app.state.deps = deps
    app.include_router(console_router(deps.static_dir))
    app.add_middleware(Turns)
    app.add_middleware(Idempotency, store=deps.store, now=deps.clock.now)
    app.add_middleware(BodyLimit)
    if deps.addresses is not None:
        app.add_middleware(AddressLimit, buckets=deps.addresses)
    app.add_middleware(SecurityHeaders, secure=deps.secure_cookies)
    app.add_middleware(Counting, counts=RequestCounts(deps.metrics))
    return app


def openapi_document(version: str) -> dict[str, Any]:
    """The OpenAPI document, the same bytes for the same version."""
    return _application(version).openapi()


def _application(version: str) -> FastAPI:
    # The interactive pages load scripts from elsewhere, which a control room without internet cannot: not offered.
    app = FastAPI(
        title=_TITLE,
        version=version,
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=_TAGS,
        license_info={"name": "Apache-2.0"},
        # Not `include_router`: it makes every route a second time for each application, at its first request.
        routes=[route for router in _ROUTERS for route in router.routes],
    )
    problems.install(app)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=_TAGS,
        license_info={"name": "Apache-2.0"},
    )
    # Routes refer to it by name, since an error body is no answer model of theirs.
    made["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
    for path, item in made["paths"].items():
        if "post" in item and takes_key("POST", path):
            item["post"].setdefault("parameters", []).append(_KEY_PARAMETER)
    return made
