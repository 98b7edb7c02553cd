"""Metrics for Prometheus: requests here, everything else where it happens; several workers are summed.

Workers of one service share a folder of memory-mapped values (PROMETHEUS_MULTIPROC_DIR, made by `Server`).
"""

import os
from functools import cache
from hmac import compare_digest
from pathlib import Path
from typing import Any

from litestar import Controller, Response, get
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import HTTPScope
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from learntrack.web.limits import is_endless
from learntrack.web.measured import looked_up

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_LABELS = ["method", "path", "status_code"]
_REQUESTS = Counter("learntrack_requests", "Requests answered, by the route's template.", _LABELS)
_DURATION = Histogram(
    "learntrack_request_duration_seconds",
    "How long requests took until the last byte of the answer; without what lasts as long as a page is open.",
    _LABELS,
    buckets=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
)
_requests_of, _duration_of = cache(_REQUESTS.labels), cache(_DURATION.labels)
IN_PROGRESS = Gauge("learntrack_requests_in_progress", "Requests under way.", multiprocess_mode="livesum")
OPEN_PAGES = Gauge("learntrack_open_pages", "Pages that are told of changes just now.", multiprocess_mode="livesum")
_METHODS = frozenset(HttpMethod)
UNCOUNTED = {"uncounted": True}
"""The `opt` of routes that are about the service itself: their requests are not counted."""


async def may_read_metrics(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Whoever has the token of the settings; everybody where there is none.

    Raises:
        NotAuthorizedException: the caller does not have it.

    """
    token = connection.app.state.settings.metrics_token
    if token is None:
        return
    scheme, _space, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), token.get_secret_value().encode()):
        raise NotAuthorizedException("/metrics asks for its own token.", headers={"WWW-Authenticate": "Bearer"})


class MetricsController(Controller):
    """The numbers, in Prometheus' text format; they name nobody."""

    path = "/metrics"
    include_in_schema = False
    opt = UNCOUNTED
    guards = [may_read_metrics]

    @get()
    async def numbers(self, state: State) -> Response[bytes]:
        """All of them."""
        registry, workers = REGISTRY, []
        if folder := os.environ.get(FOLDER):
            registry, workers = CollectorRegistry(), _workers(folder)
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        text = generate_latest(registry) + await looked_up(state, workers)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def observe_request(scope: HTTPScope, status: int, seconds: float) -> None:
    """Count a request, unless it was about the service itself. Status 0: the caller went away before the answer."""
    # The route's template, because paths name people; and nothing that anybody can make up, of which there is no end.
    handler = scope.get("route_handler")
    if handler is None or "uncounted" not in handler.opt:
        path = scope.get("path_template", "")
        labels = (scope["method"] if scope["method"] in _METHODS else "other", path, str(status))
        _requests_of(*labels).inc()
        if not is_endless(scope):
            _duration_of(*labels).observe(seconds)


def forget_dead_workers() -> None:
    """Take workers that are no more out of what is summed over living ones."""
    if folder := os.environ.get(FOLDER):
        for pid in set(_noted(folder)) - set(_workers(folder)):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _workers(folder: str) -> list[int]:
    """The workers that there are."""
    return sorted(pid for pid in _noted(folder) if (Path("/proc") / str(pid)).exists())


def _noted(folder: str) -> set[int]:
    return {int(file.stem.rsplit("_", 1)[-1]) for file in Path(folder).glob("gauge_live*_*.db")}
