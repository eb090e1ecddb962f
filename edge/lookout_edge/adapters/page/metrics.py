"""The gateway's figures in the form that Prometheus collects; read when asked for, never counted twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from lookout_contract.status import GatewayStatus, Sight
from lookout_edge.adapters.page.shown import Shown
from lookout_edge.domain.view import CameraView

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Name → what it is, and its value for a camera; None where there is none yet.
_Rows = Mapping[str, tuple[str, Callable[[CameraView], float | None]]]
_COUNTERS: _Rows = {
    "lookout_camera_frames": ("Pictures decoded.", lambda view: view.counts.frames),
    "lookout_looks": ("Looks taken.", lambda view: view.counts.looks),
    "lookout_looks_failed": ("Looks that gave no answer.", lambda view: view.counts.failed),
    "lookout_camera_frames_dropped": ("Pictures that newer ones overtook.", lambda view: view.counts.dropped),
    "lookout_camera_reconnects": ("Openings of the stream but the first.", lambda view: view.report.reconnects),
}
_GAUGES: _Rows = {
    "lookout_camera_open_occurrences": ("Occurrences that have not ended.", lambda view: view.open_occurrences),
    "lookout_camera_fps": ("Pictures a second lately.", lambda view: view.report.fps),
    "lookout_camera_skew_seconds": ("Stream time minus the gateway's clock.", lambda view: view.report.skew_s),
    "lookout_camera_memory_bytes": ("Packets and pictures held.", lambda view: view.report.memory_bytes),
}


class GatewayMetrics(Collector):
    """All figures of one gateway; ``text`` renders them."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """In the text format 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: names are known when collected."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """See ``Collector``."""
        status, cameras = self._shown.status(), self._shown.cameras()
        yield from _of_gateway(status, connected=self._shown.is_connected())
        yield from _of_cameras(cameras)
        bounds, total_s = self._shown.looks_took()
        took = HistogramMetricFamily("lookout_inference_seconds", "Time that one look or plate took to compute.")
        buckets = [("+Inf" if bound == float("inf") else f"{bound:g}", float(count)) for bound, count in bounds]
        took.add_metric([], buckets=buckets, sum_value=total_s)
        yield took


def _of_gateway(status: GatewayStatus, *, connected: bool) -> Iterable[Metric]:
    info = InfoMetricFamily("lookout_gateway", "What runs.")
    info.add_metric([], {"gateway": status.gateway, "version": status.version})
    yield info
    yield _gauge("lookout_broker_connected", "1 while the broker is reached.", float(connected))
    yield CounterMetricFamily("lookout_last_sequence", "Number of the newest event.", value=status.last_sequence)
    yield _coverage(status)
    spool = status.spool
    if spool is None:
        return
    yield _gauge("lookout_spool_events", "Events that wait for the dispatcher's receipt.", spool.events)
    yield _gauge("lookout_spool_oldest_seconds", "Age of the oldest of them.", spool.oldest_s)
    yield _gauge("lookout_spool_evidence_files", "Pictures and clips that wait for their upload.", spool.evidence)
    yield _gauge("lookout_spool_evidence_bytes", "Disk space they take.", spool.evidence_bytes)
    dropped = CounterMetricFamily(
        "lookout_spool_dropped", "Events given up for want of room or their age.", labels=["scenario"]
    )
    for scenario, number in spool.dropped.items():
        dropped.add_metric([scenario], number)
    yield dropped
    yield CounterMetricFamily(
        "lookout_evidence_dropped", "Evidence given up for want of room.", value=spool.evidence_dropped
    )


def _coverage(status: GatewayStatus) -> Metric:
    family = GaugeMetricFamily(
        "lookout_camera_coverage_minutes",
        "Minutes of the site's day so far that the camera was watching, blind or off.",
        labels=["camera", "state", "reason"],
    )
    for camera, report in status.cameras.items():
        for today in report.coverage[:1]:
            family.add_metric([camera, Sight.WATCHING.value, ""], today.watching_min)
            for state, spent in ((Sight.BLIND, today.blind_min), (Sight.OFF, today.off_min)):
                for reason, minutes in spent.items():
                    family.add_metric([camera, state.value, reason], minutes)
    return family


def _of_cameras(cameras: Sequence[CameraView]) -> Iterable[Metric]:
    state = GaugeMetricFamily(
        "lookout_camera_state", "1 for what the camera is now.", labels=["camera", "state", "reason"]
    )
    events = CounterMetricFamily("lookout_events", "Events since the start.", labels=["camera", "scenario", "phase"])
    shed = CounterMetricFamily(
        "lookout_looks_shed",
        "Looks that did not begin because the box was too busy; each counts for every scenario of its camera.",
        labels=["camera", "scenario"],
    )
    for view in cameras:
        now, reason = (
            (view.state.state.value, view.state.reason or "") if view.state else (Sight.BLIND.value, "starting")
        )
        state.add_metric([view.camera, now, reason], 1)
        for (scenario, phase), number in view.events.items():
            events.add_metric([view.camera, scenario, phase], number)
        for scenario in view.scenarios:
            shed.add_metric([view.camera, scenario.value], view.counts.shed)
    yield from (state, events, shed)
    for family, rows in ((CounterMetricFamily, _COUNTERS), (GaugeMetricFamily, _GAUGES)):
        for name, (text, value_of) in rows.items():
            metric = family(name, text, labels=["camera"])
            for view in cameras:
                if (value := value_of(view)) is not None:
                    metric.add_metric([view.camera], value)
            yield metric


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
