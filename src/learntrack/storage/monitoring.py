"""What the driver does, counted where it happens: commands by name with their latency, and the connection pool."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram
from pymongo import monitoring

COMMAND_SECONDS = Histogram(
    "learntrack_database_command_seconds",
    "How long the database took to answer a command.",
    ["command"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_seconds_of = cache(COMMAND_SECONDS.labels)
"""Kept, because to find it anew takes as long as to observe a command."""
COMMAND_ERRORS = Counter(
    "learntrack_database_command_errors", "Commands that failed, write conflicts included.", ["command"]
)
GROUP_JOBS = Histogram(
    "learntrack_group_jobs",
    "How many requests shared a transaction.",
    buckets=(1, 2, 4, 8, 16, 32),
)
POOL_CONNECTIONS = Gauge(
    "learntrack_database_pool_connections", "Open connections to the database.", multiprocess_mode="livesum"
)
POOL_IN_USE = Gauge(
    "learntrack_database_pool_in_use", "Connections to the database that are in use.", multiprocess_mode="livesum"
)


class CommandTimes(monitoring.CommandListener):
    """Observes every command that the driver sends."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Nothing is known yet."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Observe an answer."""
        _seconds_of(event.command_name).observe(event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Observe a failure."""
        _seconds_of(event.command_name).observe(event.duration_micros / 1e6)
        COMMAND_ERRORS.labels(event.command_name).inc()


class PoolSize(monitoring.ConnectionPoolListener):
    """Keeps count of the pool's connections."""

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        """One more is open."""
        POOL_CONNECTIONS.inc()

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        """One fewer is open."""
        POOL_CONNECTIONS.dec()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        """One more is in use."""
        POOL_IN_USE.inc()

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        """One fewer is in use."""
        POOL_IN_USE.dec()

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        """Not counted."""

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        """Not counted."""

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        """Not counted."""

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        """Not counted."""

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        """Not counted."""

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None:
        """Not counted."""

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        """Not counted."""
