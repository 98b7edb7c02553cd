"""Metrics for Prometheus: requests here, everything else where it happens; several workers are summed.

Workers of one service share a folder of memory-mapped values (PROMETHEUS_MULTIPROC_DIR, made by `Server`).
"""

import os
from pathlib import Path

from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from prometheus_client.multiprocess import mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

requests = PrometheusConfig(
    app_name="learntrack",
    prefix="learntrack",
    group_path=True,
    exclude=["^/schema-assets", "^/metrics", "^/health"],
    buckets=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
)


class MetricsController(PrometheusController):
    """The numbers, in Prometheus' text format; needs no token and names nobody."""

    include_in_schema = False


def forget_dead_workers() -> None:
    """Take workers that are no more out of what is summed over living ones."""
    if folder := os.environ.get(FOLDER):
        pids = {int(file.stem.rsplit("_", 1)[-1]) for file in Path(folder).glob("gauge_live*_*.db")}
        for pid in pids:
            if not (Path("/proc") / str(pid)).exists():
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
