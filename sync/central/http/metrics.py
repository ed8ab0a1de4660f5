"""Metrics for Prometheus: requests, and the state of the network when scraped. No label is a name."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sync.central.server import Central
from sync.central.storage import network

TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The metrics of one server."""

    def __init__(self, central: Central) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "central_requests", "Requests answered", ["method", "path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "central_request_seconds", "Time to answer", ["path"], buckets=SECONDS, registry=self.registry
        )
        self.registry.register(NetworkGauges(central))

    def observe(self, *, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request. `path` is a route's template, so that the number of labels is bounded."""
        self.requests.labels(method, path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in the format of Prometheus. Raises LedgerError when the database cannot be read."""
        return generate_latest(self.registry)


class NetworkGauges(Collector):
    """Gauges of the network, read from the database at each scrape."""

    def __init__(self, central: Central) -> None:
        self._central = central

    def describe(self) -> list[Metric]:
        """Describe nothing: registering must not query the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        central = self._central
        paired = [kiosk for kiosk in central.kiosks.listed() if kiosk.revoked_at is None]
        yield _gauge("central_feed_position", "Last position of the feed", central.feed.last_position())
        yield _gauge(
            "central_roster_position",
            "Position up to which the roster is folded",
            network.load(central.storage).projected,
        )
        yield _gauge("central_kiosks", "Kiosks that are paired", len(paired))
        yield _gauge(
            "central_kiosks_silent", "Kiosks not heard of for long", sum(map(central.kiosks.is_silent, paired))
        )
        yield _gauge("central_kiosks_waiting", "Entries kiosks have yet to send", sum(k.beacon.waiting for k in paired))
        yield _gauge("central_quarantine", "Things set aside", central.quarantine.count())
        alarms = GaugeMetricFamily("central_alarms", "Alarms going on", labels=["kind"])
        for kind, count in sorted(central.alarms.tally().items()):
            alarms.add_metric([kind], count)
        yield alarms


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value=value)
