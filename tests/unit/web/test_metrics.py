"""A scrape of /metrics, read by the library's own OpenMetrics parser."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from invented import LIVE, page, serve
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from igwire.pipeline.metrics import CONTENT_TYPE, text
from igwire.pipeline.run import run_all
from igwire.web.metrics import serve_metrics


def test_a_scrape_tells_how_the_ledger_stands(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    bench.clock.moment += timedelta(hours=24)
    serve(bench, one=(200, page("One")), shut=(503, b""))
    run_all(bench.parts(gap_s=0), "r2", LIVE)
    bench.clock.moment += timedelta(seconds=90)
    app = FastAPI()
    serve_metrics(app, lambda: (text(bench.parts(), bench.folder), CONTENT_TYPE))
    answer = TestClient(app).get("/metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    values = {(s.name, *s.labels.values()): s.value for family in text_string_to_metric_families(answer.text) for s in family.samples}
    assert values["igwire_runs_total", "live", "ok"] == 2
    assert values["igwire_last_good_run_age_seconds",] == 90
    assert values["igwire_last_good_run_items", "deferred"] == 1
    assert values["igwire_items_waiting", "new"] == 1
    assert values["igwire_hosts_cooling",] == 1
    assert values["igwire_documents",] == 1
    assert values["igwire_disk_used_bytes", "ledger"] > 0
    assert values["igwire_disk_days_left",] > 0
