"""Metrics in the OpenMetrics text format, read from the ledger at each scrape: any process can be asked, and none keeps counters of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from igwire.ledger import gauges, runs
from igwire.pipeline import space
from igwire.pipeline.parts import Parts

CONTENT_TYPE = CONTENT_TYPE_LATEST
_HELP = {
    "documents": "Documents in the ledger.",
    "dead_letters_open": "Items that this code cannot work on and nobody answered.",
    "hosts_cooling": "Hosts that are left alone for a while.",
    "erasures_unfinished": "Erasures that are intended and not done.",
}


def text(parts: Parts, state: Path) -> bytes:
    """The metrics of this moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ledger(parts, state))
    written: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]  # prometheus_client has no types
    return written


class _Ledger(Collector):
    """What the ledger and the disk say."""

    def __init__(self, parts: Parts, state: Path) -> None:
        self._parts, self._state = parts, state

    def collect(self) -> Iterator[Metric]:
        """All families, anew."""
        now = self._parts.clock.now()
        with self._parts.ledger.reading() as conn:
            begun, waiting, counts = gauges.runs_by(conn), gauges.waiting(conn), gauges.counts(conn, now)
            good = runs.last_good(conn)
        family = CounterMetricFamily("igwire_runs", "Runs by mode and status.", labels=["mode", "status"])
        for labels, count in begun.items():
            family.add_metric(labels, count)
        yield family
        yield _gauge("igwire_items_waiting", "Items that are not finished, by state; new ones include what was deferred.", "state", waiting)
        for name, count in counts.items():
            yield GaugeMetricFamily(f"igwire_{name}", _HELP[name], value=count)
        if good and good.finished_at:
            yield GaugeMetricFamily("igwire_last_good_run_age_seconds", "Since the last good daily run ended.", value=(now - good.finished_at).total_seconds())
        totals = (good.totals if good else None) or {}
        yield _gauge("igwire_last_good_run_items", "Items of the last good daily run by outcome.", "outcome", totals.get("outcomes", {}))
        yield _gauge("igwire_last_good_run_reasons", "Items of the last good daily run by outcome and reason.", "reason", totals.get("reasons", {}))
        yield from self._disk()

    def _disk(self) -> Iterator[Metric]:
        found = space.measure(self._parts, self._state)
        yield _gauge("igwire_disk_used_bytes", "Bytes of the state folder by kind.", "kind", dict(found.kinds))
        yield GaugeMetricFamily("igwire_disk_free_bytes", "Free bytes on its disk.", value=found.free)
        if found.days_left is not None:
            yield GaugeMetricFamily(
                "igwire_disk_days_left", "Days until the free-space floor is reached, at the pace of the last month.", value=found.days_left
            )


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
