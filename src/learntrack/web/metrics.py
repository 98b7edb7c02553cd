"""Metrics for Prometheus: requests here, everything else where it happens; several workers are summed.

Workers of one service share a folder of memory-mapped values (PROMETHEUS_MULTIPROC_DIR, made by `Server`).
"""

import os
from pathlib import Path

from litestar.enums import HttpMethod
from litestar.plugins.prometheus import PrometheusController
from litestar.types import HTTPScope
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.multiprocess import mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_LABELS = ["method", "path", "status_code"]
_REQUESTS = Counter("learntrack_requests", "Requests answered, by the route's template.", _LABELS)
_DURATION = Histogram(
    "learntrack_request_duration_seconds",
    "How long requests took until the last byte of the answer.",
    _LABELS,
    buckets=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
)
IN_PROGRESS = Gauge("learntrack_requests_in_progress", "Requests under way.", multiprocess_mode="livesum")
_METHODS = frozenset(HttpMethod)
UNCOUNTED = {"uncounted": True}
"""The `opt` of routes that are about the service itself: their requests are not counted."""


class MetricsController(PrometheusController):
    """The numbers, in Prometheus' text format; needs no token and names nobody."""

    include_in_schema = False
    opt = UNCOUNTED


def observe_request(scope: HTTPScope, status: int, seconds: float) -> None:
    """Count a request, unless it was about the service itself. Status 0: the caller went away before the answer."""
    # The route's template, because paths name people; and nothing that anybody can make up, of which there is no end.
    handler = scope.get("route_handler")
    if handler is None or "uncounted" not in handler.opt:
        path = scope.get("path_template", "")
        labels = (scope["method"] if scope["method"] in _METHODS else "other", path, str(status))
        _REQUESTS.labels(*labels).inc()
        _DURATION.labels(*labels).observe(seconds)


def forget_dead_workers() -> None:
    """Take workers that are no more out of what is summed over living ones."""
    if folder := os.environ.get(FOLDER):
        pids = {int(file.stem.rsplit("_", 1)[-1]) for file in Path(folder).glob("gauge_live*_*.db")}
        for pid in pids:
            if not (Path("/proc") / str(pid)).exists():
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
