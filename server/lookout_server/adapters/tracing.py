"""Traces of requests by OpenTelemetry. Nothing of it is imported unless it is switched on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from lookout_server.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

#: Not traced: what is asked all the time, what never ends, and addresses that are secrets themselves.
_LEFT_OUT = "healthz,readyz,metrics,api/v1/feed,api/v1/live,api/v1/public,api/v1/session"
#: Where the instrumentation writes whole addresses, by its older and its newer conventions.
_ADDRESSES = ("http.url", "url.full", "url.query", "http.target")


@dataclass(frozen=True, kw_only=True)
class Tracing:
    """Where traces go, and of which share of the requests that nobody traces already."""

    endpoint: str
    share: float
    #: Names the site beside others in one collector.
    service: str
    version: str


def trace(app: FastAPI, tracing: Tracing, *, exporter: "SpanExporter | None" = None) -> Callable[[], None]:
    """Trace the requests of an application; what flushes the rest and ends it. ConfigError where it is not installed.

    ``exporter`` None: OTLP over HTTP to the endpoint.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError as error:
        raise ConfigError("tracing needs OpenTelemetry: pip install 'lookout[otel]', or take tracing out") from error
    provider = TracerProvider(
        resource=Resource.create({"service.name": tracing.service, "service.version": tracing.version}),
        sampler=ParentBasedTraceIdRatio(tracing.share),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=tracing.endpoint)))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=_LEFT_OUT,
        exclude_spans=["receive", "send"],
        server_request_hook=_without_query,
    )

    def end() -> None:
        FastAPIInstrumentor.uninstrument_app(app)
        provider.shutdown()

    return end


def _without_query(span: "Span", scope: dict[str, Any]) -> None:
    """What people search for stays here."""
    for name in _ADDRESSES:
        span.set_attribute(name, "" if name == "url.query" else str(scope["path"]))
