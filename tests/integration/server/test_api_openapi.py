"""The OpenAPI document is complete, and the API keeps it."""

import asyncio
import json
import queue
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import checks as general
from schemathesis.specs.openapi import checks as specific

from lookout_contract.events import Scenario
from lookout_server.adapters.database import Database
from lookout_server.adapters.feed import FeedHub
from lookout_server.app import Deps, create_app, openapi_document
from lookout_server.domain.policy import PolicyInForce
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, Credentials, add_person, sign_in
from lookout_server.services.estate import import_estate
from lookout_server.services.intake import Intake
from lookout_server.testing import (
    NOON,
    PASSWORD,
    SITE,
    ManualClock,
    MemoryFiles,
    NotedChannel,
    PlainHasher,
    SmallGateway,
    small_estate,
)

_general: Any = general
_specific: Any = specific
_CHECKS: list[Any] = [
    _general.not_a_server_error,
    _specific.status_code_conformance,
    _specific.content_type_conformance,
    _specific.response_schema_conformance,
]
_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_METHODS = {"get", "put", "post", "delete", "head"}


#: Making it takes most of a second, and every operation is a test.
_DOCUMENT = openapi_document("0.1.0")


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths: dict[str, dict[str, Any]] = _DOCUMENT["paths"]
    return [(path, method, paths[path][method]) for path in paths for method in paths[path] if method in _METHODS]


def test_the_document_is_the_same_every_time() -> None:
    assert json.dumps(openapi_document("0.1.0")) == json.dumps(openapi_document("0.1.0"))


def test_operation_ids_are_unique_and_readable() -> None:
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(names) == len(set(names))
    assert all(name.isalpha() and name[0].islower() for name in names)


@pytest.mark.parametrize(("path", "method", "operation"), _operations(), ids=lambda value: str(value)[:60])
def test_every_operation_is_described_with_examples(path: str, method: str, operation: dict[str, Any]) -> None:
    schemas = _DOCUMENT["components"]["schemas"]
    assert operation["description"]
    assert operation["tags"]
    if path.startswith("/api/"):
        assert {"401", "422", "503"} <= set(operation["responses"])
    contents = [content for answer in operation["responses"].values() for content in _contents(answer)]
    contents += _contents(operation.get("requestBody", {}))
    for media, content in contents:
        if "json" not in media:
            continue
        if {"example", "examples"} & set(content):
            continue
        name = str(content["schema"].get("$ref") or content["schema"]["anyOf"][0]["$ref"]).rsplit("/", 1)[-1]
        assert "examples" in schemas[name], (path, method, name)


def _contents(part: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(cast(dict[str, dict[str, Any]], part.get("content", {})).items())


@dataclass(frozen=True)
class Server:
    """A dispatcher's web server in a thread of its own."""

    url: str
    token: str


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With an alarm and a case to find."""
    path = tmp_path_factory.mktemp("made-up") / "lookout.db"
    shutil.copy(sqlite_template, path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # Whoever is faster than the server waits in line instead of being turned away.
        listening.listen()
        ready: queue.Queue[tuple[uvicorn.Server, str] | None] = queue.Queue()
        thread = threading.Thread(target=_run, args=(f"sqlite:///{path}", listening, ready))
        thread.start()
        started = ready.get()
        assert started is not None, "the server did not start"
        running, token = started
        yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", token)
        running.should_exit = True
        thread.join()


def _run(url: str, listening: socket.socket, ready: "queue.Queue[tuple[uvicorn.Server, str] | None]") -> None:
    try:
        asyncio.run(_serve(url, listening, ready))
    finally:
        ready.put(None)


async def _serve(url: str, listening: socket.socket, ready: "queue.Queue[tuple[uvicorn.Server, str] | None]") -> None:
    database, hasher = Database(url), PlainHasher()
    await import_estate(database, small_estate(), at=NOON)
    account = Account(username="root", name="root", roles=frozenset({Role.ADMIN}), password=PASSWORD)
    await add_person(database, hasher, account)
    fire = SmallGateway(scenario=Scenario.FIRE_SMOKE)
    await Intake(database, site=SITE).take([fire.is_online(), fire.sends("o-1"), fire.says(b"rubbish")])
    _, token = await sign_in(database, hasher, Credentials(username="root", password=PASSWORD), at=NOON)
    deps = Deps(
        site=replace(SITE, in_force=PolicyInForce()),
        store=database,
        evidence=MemoryFiles(),
        feed=FeedHub(database),
        hasher=hasher,
        clock=ManualClock(),
        channel=NotedChannel(),
        version="0.1.0",
    )
    web = uvicorn.Server(uvicorn.Config(create_app(deps), log_config=None, lifespan="off"))
    ready.put((web, token))
    await web.serve(sockets=[listening])
    await database.close()


class _Case(Protocol):
    """A request that schemathesis made up."""

    def call(self, *, base_url: str, headers: dict[str, str]) -> object: ...
    def validate_response(self, response: object, checks: list[Any]) -> None: ...


class _Operation(Protocol):
    """An operation of the document, as schemathesis sees it."""

    label: str

    def as_strategy(self) -> SearchStrategy[_Case]: ...


#: The feed does not end, a live picture is a video that nobody makes up, and signing out would end the test's session.
_LEFT_OUT = {
    "GET /api/v1/feed",
    "POST /api/v1/live/{session}",
    "DELETE /api/v1/session",
    "DELETE /api/v1/sessions",
}


def _made_up() -> list[_Operation]:
    library: Any = schemathesis.openapi
    document = library.from_dict(openapi_document("0.1.0"))
    operations: list[_Operation] = [found.ok() for found in document.get_all_operations()]
    return [operation for operation in operations if operation.label not in _LEFT_OUT]


@pytest.mark.parametrize("operation", _made_up(), ids=lambda operation: str(operation.label))
def test_made_up_requests_get_documented_answers(server: Server, operation: _Operation) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
    @given(case=operation.as_strategy())
    def try_it(case: _Case) -> None:
        answer = case.call(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})
        case.validate_response(answer, checks=_CHECKS)

    try_it()
