"""OpenTelemetry traces, where they are asked for (`learntrack[tracing]`)."""

from importlib.util import find_spec

from litestar.plugins import InitPluginProtocol

from learntrack.settings import Settings
from learntrack.storage import StartError

_NEEDED = (
    "opentelemetry.sdk.trace",
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.asgi",
    "opentelemetry.instrumentation.pymongo",
)


def require_installed(settings: Settings) -> None:
    """Raise `StartError` if tracing is asked for, but not installed."""
    if settings.tracing and (missing := [name for name in _NEEDED if not _is_there(name)]):
        raise StartError(f"LEARNTRACK_TRACING needs `pip install 'learntrack[tracing]'`: there is no {missing[0]}.")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it is in
        return False


def plugins(settings: Settings) -> list[InitPluginProtocol]:
    """Litestar's tracing plugin, or nothing; what `require_installed` has found to be installed."""
    if not settings.tracing:
        return []
    from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(resource=Resource.create({"service.name": "learntrack"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
        PymongoInstrumentor().instrument()  # command names only; their values are people's answers
    return [OpenTelemetryPlugin(OpenTelemetryConfig(tracer_provider=provider))]
