"""For whoever runs the dispatcher: is it up, can it work, what does it count."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Model, shown
from lookout_server.errors import StoreError
from lookout_server.services.overview import cameras_by_sight
from lookout_server.services.timers import STALLED_AFTER
from lookout_server.services.views import gateway_views

router = APIRouter(tags=["operations"])


class Alive(Model):
    """The process answers."""

    model_config = shown({"status": "ok", "version": "0.1.0"})

    status: str
    version: str


class Ready(Model):
    """What the dispatcher needs: null is fine, a sentence says what to do."""

    model_config = shown({"status": "ok", "checks": {"database": None, "broker": None}})

    status: str
    checks: dict[str, str | None]


@router.get("/healthz", operation_id="getHealth")
async def get_health(deps: Given) -> Alive:
    """The process is up."""
    return Alive(status="ok", version=deps.version)


@router.get(
    "/readyz",
    operation_id="getReadiness",
    responses={503: {"model": Ready, "description": "Something it needs is not there."}},
)
async def get_readiness(deps: Given, response: Response) -> Ready:
    """Database and broker answer."""
    checks: dict[str, str | None] = {"database": await _database(deps)}
    for name, check in deps.checks.items():
        checks[name] = await check()
    ready = not any(checks.values())
    response.status_code = 200 if ready else 503
    return Ready(status="ok" if ready else "unready", checks=checks)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus text format.", "content": {"text/plain": {}}}},
)
async def get_metrics(deps: Given) -> Response:
    """Counters and gauges for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Gauges(await _gauges(deps)))
    text = generate_latest(deps.metrics) + generate_latest(registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _Gauges:
    """Families that were measured just now, as a Prometheus collector."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        """What was measured."""
        return self._families


async def _database(deps: Deps) -> str | None:
    try:
        await deps.store.ping()
    except StoreError as error:
        return str(error)
    return None


async def _gauges(deps: Deps) -> list[GaugeMetricFamily]:
    now = deps.clock.now()
    async with deps.store.read() as uow:
        alarms = await uow.alarms.open_by_severity()
        cases = await uow.cases.count_by_state()
        cameras = await cameras_by_sight(uow)
        gateways = await gateway_views(uow, at=now)
        timers = await uow.deadlines.health(late_since=now - STALLED_AFTER)
        feed = GaugeMetricFamily("lookout_feed_seq", "Highest number of the feed.", value=await uow.feed.head())
    oldest = (now - timers.late[0].due_at).total_seconds() if timers.late else 0.0
    sights = {sight.value if sight else "unknown": count for sight, count in cameras.items()}
    online = {view.gateway.id: int(view.gateway.online) for view in gateways}
    missing = {view.gateway.id: view.account.missing for view in gateways}
    lost = {view.gateway.id: view.account.lost for view in gateways}
    late = {view.gateway.id: view.account.late for view in gateways}
    return [
        feed,
        GaugeMetricFamily("lookout_timers_waiting", "Timers that run.", value=timers.waiting),
        GaugeMetricFamily("lookout_timers_stalled", "Timers that passed and did not act.", value=len(timers.late)),
        GaugeMetricFamily("lookout_timer_delay_seconds", "By how much the oldest of them is late.", value=oldest),
        _family("lookout_alarms_open", "Alarms that nobody has judged.", "severity", alarms),
        _family("lookout_cases", "Cases by state.", "state", cases),
        _family("lookout_cameras", "Cameras by what they see.", "state", sights),
        _family("lookout_gateway_online", "1 while it is.", "gateway", online),
        _family("lookout_events_missing", "Numbers that have not come.", "gateway", missing),
        _family("lookout_events_lost", "Numbers given up within 24 h.", "gateway", lost),
        _family("lookout_events_late", "Events that took more than 10 s, within 24 h.", "gateway", late),
    ]


def _family(name: str, text: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family
