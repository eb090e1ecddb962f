"""Requests are traced where somebody asks for it, without what is nobody else's business; else nothing is loaded."""

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lookout_server.adapters.tracing import Tracing, trace
from lookout_server.app import Deps, create_app
from lookout_server.testing import PASSWORD

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

TRACING = Tracing(endpoint="http://127.0.0.1:9/v1/traces", share=1.0, service="lookout-kangle", version="0.1.0")


async def test_spans_are_named_by_route_and_hold_no_query(deps: Deps) -> None:
    app, spans = create_app(deps), InMemorySpanExporter()
    end = trace(app, TRACING, exporter=spans)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
        answer = await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
        web.cookies.clear()
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert (await web.get("/api/v1/cases?q=searched-for", headers=headers)).status_code == 200
        assert (await web.get("/api/v1/cases/c-20261122-0099", headers=headers)).status_code == 404
        for path in ("/healthz", "/api/v1/public/reports/abcdefgh"):
            await web.get(path)
    end()
    found = spans.get_finished_spans()
    assert [span.name for span in found] == ["GET /api/v1/cases", "GET /api/v1/cases/{case_id}"]
    assert [span.resource.attributes["service.name"] for span in found] == ["lookout-kangle"] * 2
    told = " ".join(str(dict(span.attributes or {})) for span in found)
    assert "searched-for" not in told
    assert answer.json()["token"] not in told
