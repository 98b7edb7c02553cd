"""Numbers that are looked up when the metrics are asked for: of the processes, the disk, the engine, the rollups."""

import platform
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from litestar.datastructures import State
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from learntrack import __version__
from learntrack.documents import Touched
from learntrack.domain import moments
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.engine.embedded import restarts_of

_PER_PROCESS: dict[str, Callable[[Iterable[float]], float]] = {
    "process_start_time_seconds": min,
    "process_max_fds": max,
}
"""What is not summed over workers: when the first of them began, and how many files each may open."""


class _Found:
    """Metrics that have been looked up."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


async def looked_up(state: State, workers: Sequence[int]) -> bytes:
    """These numbers in Prometheus' text format.

    Args:
        state: The application's.
        workers: The processes whose use of memory and processors is summed; none where this one is counted already.

    """
    found = [*_build(), *_disk(state.settings), *_engine(state.settings), *await _rollups(state.db)]
    registry = CollectorRegistry()
    registry.register(_Found([*found, *_processes(workers)]))
    return generate_latest(registry)


def _build() -> Iterable[Metric]:
    info = GaugeMetricFamily("learntrack_build_info", "Which release this is.", labels=["version", "python"])
    info.add_metric([__version__, platform.python_version()], 1)
    yield info


def _disk(settings: Settings) -> Iterable[Metric]:
    """The room on the watched disk, which with the embedded engine is that of its data."""
    if settings.watched_disk is None:
        return
    try:
        disk = shutil.disk_usage(settings.watched_disk)
    except OSError:
        return
    yield GaugeMetricFamily("learntrack_disk_free_bytes", "Room on the disk that is watched.", disk.free)
    yield GaugeMetricFamily("learntrack_disk_size_bytes", "How large that disk is.", disk.total)


def _engine(settings: Settings) -> Iterable[Metric]:
    restarts = restarts_of(settings.data_dir, settings.mongodb_uri or "")
    if restarts is not None:
        yield CounterMetricFamily(
            "learntrack_engine_restarts", "How often the embedded engine died or hung and was started again.", restarts
        )


async def _rollups(db: Database) -> list[Metric]:
    """Since when the oldest change waits to be in the rollups."""
    try:
        oldest = await db.rows(Touched, [{"$sort": {"at": 1}}, {"$limit": 1}])
    except DatabaseUnavailable:
        return []  # other numbers say that
    age = (moments.now() - oldest[0]["at"]).total_seconds() if oldest else 0.0
    return [GaugeMetricFamily("learntrack_rollup_age_seconds", "How old what is kept ready of reports is.", age)]


def _processes(workers: Sequence[int]) -> list[Metric]:
    """What prometheus_client says of one process, of several."""
    values: dict[str, list[float]] = {}
    kinds: dict[str, Metric] = {}
    for pid in workers:
        collector: Any = ProcessCollector(pid=partial(int, pid), registry=None)
        for metric in collector.collect():
            kinds[metric.name] = metric
            values.setdefault(metric.name, []).append(metric.samples[0].value)
    found = []
    for name, kind in kinds.items():
        total = Metric(name, kind.documentation, kind.type)
        total.add_sample(kind.samples[0].name, {}, _PER_PROCESS.get(kind.samples[0].name, sum)(values[name]))
        found.append(total)
    return found
