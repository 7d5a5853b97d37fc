"""The metrics by name, made from the server's plain numbers at every scrape.

Names, units and types follow https://prometheus.io/docs/practices/naming/. Importing this room costs a start 9 ms and
the process 1.2 MB, so that is left until somebody may read the metrics.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from chatd import __version__
from chatd.delivery.connection import STALLED, TOO_MUCH_UNREAD
from chatd.delivery.dialect import CLASSIC, V2
from chatd.delivery.registry import Registry
from chatd.metrics.watching import Watch
from chatd.models import LogExtent
from chatd.services import Sync
from chatd.stats import Cluster, Histogram, Stats
from chatd.storage.database import Database

#: Every dialect.
DIALECTS = (CLASSIC, V2)


@dataclass(slots=True)
class Sources:
    """Where the numbers are.

    ``backup_proven_at`` returns when a backup was last proven, in UTC milliseconds since 1970, or None; ``cursors`` how
    far each durable consumer has come in the change log, by its name; ``cluster`` how it is with other processes, None
    where there can be none.
    """

    stats: Stats
    watch: Watch
    registry: Registry
    database: Database
    path: Path | None
    sync: Sync
    log_seconds: float
    backup_proven_at: Callable[[], int | None] = lambda: None
    cursors: Callable[[], Mapping[str, int]] = dict
    cluster: Callable[[], Cluster | None] = lambda: None


class ServerCollector(Collector):
    """The metrics of one server."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        #: What the change log says of itself; None where it could not be read.
        self.log_extent: LogExtent | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        yield InfoMetricFamily("chatd_build", "The version of chatd.", value={"version": __version__})
        yield from self._people()
        yield from self._messages()
        yield from self._commits()
        yield from self._storage()
        yield from self._cluster()
        yield _histogram(
            "chatd_event_loop_lag_seconds",
            "How much later than asked for the event loop called back, four times a second.",
            self._sources.watch.loop_lag,
        )

    def _people(self) -> Iterator[Metric]:
        stats, registry = self._sources.stats, self._sources.registry
        now = {name: stats.connections[name] for name in DIALECTS}
        yield _gauges("chatd_connections", "Open sockets.", "dialect", now)
        opened = {name: stats.connections_opened[name] for name in DIALECTS}
        yield _counters("chatd_connections_opened", "Sockets that were opened.", "dialect", opened)
        aborted = {reason: stats.drops[reason] for reason in (TOO_MUCH_UNREAD, STALLED)} | stats.drops
        yield _counters("chatd_connections_aborted", "Sockets that were dropped, most for slowness.", "reason", aborted)
        yield CounterMetricFamily(
            "chatd_outbox_dropped_frames",
            "Frames that may be missed (typing, presence) and were, as much was waiting for their socket.",
            stats.skipped_frames,
        )
        yield GaugeMetricFamily("chatd_users_online", "Users with an open socket.", registry.online)
        responses = {str(status): count for status, count in sorted(self._sources.watch.responses.items())}
        yield _counters("chatd_http_responses", "Answers to requests, by their status.", "status", responses)

    def _messages(self) -> Iterator[Metric]:
        watch, stats = self._sources.watch, self._sources.stats
        yield _counters("chatd_messages", "Messages that were stored.", "kind", watch.messages)
        yield _counters("chatd_changes", "Changes other than new messages that were stored.", "kind", watch.changes)
        yield _histogram(
            "chatd_delivery_latency_seconds",
            "From a change's arrival until the sockets of all who are told of it had it.",
            stats.delivery_latency,
        )
        yield CounterMetricFamily(
            "chatd_resyncs",
            "Clients that were told to load everything again, as the change log does not have what they missed.",
            self._sources.sync.resyncs,
        )

    def _commits(self) -> Iterator[Metric]:
        stats = self._sources.stats
        yield _histogram(
            "chatd_ack_latency_seconds", "From a write's arrival until it was on disk and answered.", stats.ack_latency
        )
        yield _histogram("chatd_commit_duration_seconds", "What a commit took, with its work.", stats.commit_duration)
        yield _histogram("chatd_commit_batch_writes", "How many writes shared a commit.", stats.batch_size)
        yield CounterMetricFamily("chatd_commits_failed", "Commits of which nothing was stored.", stats.failed_commits)
        yield GaugeMetricFamily(
            "chatd_write_queue_length", "Writes that wait for a commit to begin.", self._sources.database.queue_length
        )

    def _storage(self) -> Iterator[Metric]:
        path, extent = self._sources.path, self.log_extent
        if path is not None:
            wal = path.with_name(f"{path.name}-wal")
            yield GaugeMetricFamily("chatd_database_size_bytes", "Size of the database file.", _size(path))
            yield GaugeMetricFamily("chatd_database_wal_size_bytes", "Size of its write-ahead log.", _size(wal))
        yield GaugeMetricFamily(
            "chatd_change_log_retention_seconds", "How far back the change log has to reach.", self._sources.log_seconds
        )
        if extent is not None:
            yield GaugeMetricFamily("chatd_change_log_head_seq", "The newest change.", extent.head)
            yield GaugeMetricFamily("chatd_change_log_pruned_seq", "The last change pruned.", extent.pruned_up_to)
            if extent.oldest_at is not None:
                yield GaugeMetricFamily(
                    "chatd_change_log_oldest_timestamp_seconds",
                    "When the oldest change that is still in the log was made.",
                    extent.oldest_at / 1000,
                )
        yield _gauges(
            "chatd_consumer_cursor_seq",
            "The last change that a consumer of the change log which keeps a cursor has handled.",
            "consumer",
            self._sources.cursors(),
        )
        proven_at = self._sources.backup_proven_at()
        if proven_at is not None:
            yield GaugeMetricFamily(
                "chatd_backup_last_proven_timestamp_seconds",
                "When a backup was last made and proven to be whole.",
                proven_at / 1000,
            )

    def _cluster(self) -> Iterator[Metric]:
        cluster = self._sources.cluster()
        if cluster is None:
            return
        yield GaugeMetricFamily(
            "chatd_cluster_processes", "Processes on the same database, this one included.", cluster.processes
        )
        yield GaugeMetricFamily(
            "chatd_commits_lag", "Commits that are known to be there and were not told here yet.", cluster.lag
        )
        yield CounterMetricFamily(
            "chatd_commits_foreign", "Commits of other processes that were told here.", cluster.foreign
        )
        yield CounterMetricFamily(
            "chatd_commits_gaps", "Reads of the table of commits for one that was missing.", cluster.gaps
        )


class SandboxedProcessCollector(ProcessCollector):
    """The process's own numbers, also where systemd hides ``/proc/stat`` (``ProcSubset=pid``)."""

    def _boot_time(self) -> float:
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def registry_of(collector: ServerCollector) -> CollectorRegistry:
    """Return a registry of its own with a server's metrics and those of its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    SandboxedProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _counters(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _gauges(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    bounds: Iterable[object] = (*map(float, histogram.bounds), "+Inf")
    counts = accumulate(histogram.counts)
    buckets = [(str(bound), count) for bound, count in zip(bounds, counts, strict=True)]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=histogram.total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
