"""Ten backfills at once and the daily run: every host keeps its gap, every archive is listed once, every page is fetched once.

What counts is the newsroom's own log, not what igwire says of itself.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from igwire.ledger.tables import items
from igwire.model import Window
from igwire.pipeline.run import run_all

_GAP_S = 0.5
# The log takes its time when a request is answered, not when it was sent.
_JITTER_S = 0.15
_YEARS = range(2015, 2025)


def _span(year: int) -> Window:
    return Window(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC), mode="past")


def test_ten_backfills_and_the_daily_run_keep_every_hosts_rules(newsroom_bench, newsroom):
    newsroom.feed_depth = 2
    newsroom_bench.sources[:] = [replace(source, gap_s=_GAP_S) for source in newsroom_bench.sources]
    now, outcomes = datetime.now(UTC), {}
    windows = {f"backfill-{year}": _span(year) for year in _YEARS} | {"daily": Window(start=now - timedelta(days=1), end=now)}

    def work(name: str) -> None:
        outcomes[name] = run_all(newsroom_bench.parts(), name, windows[name])

    threads = [threading.Thread(target=work, args=(name,)) for name in windows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) == set(windows), "a run died"
    assert all(done.ok for done in outcomes.values()), [done.faults for done in outcomes.values()]

    by_host: dict[str, list[float]] = {}
    for entry in newsroom.log:
        by_host.setdefault(entry["host"], []).append(entry["at"])
    gaps = [second - first for times in by_host.values() for first, second in pairwise(sorted(times))]
    assert len(gaps) > 50
    assert min(gaps) > _GAP_S - _JITTER_S

    asked = Counter(entry["host"] + entry["path"] for entry in newsroom.log if not entry["conditional"])
    # Robots files are looked at by whoever comes first to a host, of which there may be several at the same moment.
    assert {path: count for path, count in asked.items() if count > 1 and "/robots.txt" not in path} == {}
    with newsroom_bench.ledger.reading() as conn:
        assert {row.state for row in conn.execute(items.select())} == {"indexed"}
