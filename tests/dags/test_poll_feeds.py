"""poll_feeds through Airflow itself: entries are noted, no page is fetched, a source on probation is followed by what works."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from igwire.ledger import sources
from igwire.ledger.database import Ledger
from igwire.ledger.tables import items

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]


def test_polling_through_airflow(tmp_path, newsroom, airflow_database):
    catalogue = tmp_path / "newsroom.yaml"
    chosen = [*newsroom.catalogue()[:2], *newsroom.probation_catalogue()[:1]]
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": chosen}, allow_unicode=True), encoding="utf-8")
    variables = {"IGWIRE_STATE": str(tmp_path), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24"}
    command = [sys.executable, "-m", "airflow", "dags", "test", "poll_feeds"]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    with ledger.reading() as conn:
        found = {row.source_id: row.state for row in conn.execute(items.select())}
        probe = sources.probes_of(conn)["moved-feed"]
    ledger.close()
    assert found == {source["id"]: "new" for source in chosen[:2]}
    assert (probe.verdict, probe.way) == ("enabled", "feed")
    # The two feeds in the order in which their hosts were free, and once a week what each site reserves; no page.
    once_a_week = ["/.well-known/tdmrep.json", "/robots.txt"]
    assert sorted(entry["path"] for entry in newsroom.log if entry["host"] != "127.0.0.31") == sorted([*once_a_week * 2, "/atom.xml", "/feed/"])
