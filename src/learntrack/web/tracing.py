"""OpenTelemetry traces, where they are asked for (`learntrack[tracing]`)."""

from litestar.plugins import InitPluginProtocol

from learntrack.settings import Settings
from learntrack.storage import StartError


def plugins(settings: Settings) -> list[InitPluginProtocol]:
    """Litestar's tracing plugin, or nothing.

    Raises:
        StartError: tracing is asked for, but not installed.

    """
    if not settings.tracing:
        return []
    try:
        from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise StartError(f"LEARNTRACK_TRACING needs `pip install 'learntrack[tracing]'`: {error}.") from error
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(resource=Resource.create({"service.name": "learntrack"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
        PymongoInstrumentor().instrument()  # command names only; their values are people's answers
    return [OpenTelemetryPlugin(OpenTelemetryConfig(tracer_provider=provider))]
