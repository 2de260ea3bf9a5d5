"""Not only the newsroom's imitation: a real WordPress on MariaDB, backfilled by years, against what its own database holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch
from posts import dated, held
from real_servers import installed_by
from wordpress_site import Site

from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.ledger import archives
from igwire.model import Source, Window
from igwire.pipeline.run import run_all
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
_FIRST, _LAST = 2016, 2019
YEARS = Window(start=datetime(_FIRST, 1, 1, tzinfo=UTC), end=datetime(_LAST + 1, 1, 1, tzinfo=UTC), mode="past")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    try:
        installed_by("wordpress")
    except LookupError as why:
        pytest.skip(str(why))
    made = Site(dated())
    yield made
    made.stop()


# How the archive is reached, by the way that the inventory names.
KINDS = {
    "pretty permalinks": ({"pretty": True}, "/feed/", "wordpress"),
    "plain permalinks": ({"pretty": False}, "/?feed=rss2", "wordpress"),
    "REST closed": ({"pretty": True, "closed": True}, "/feed/", "feed_paging"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_backfill_equals_wordpresss_own_database(kind, site, newsroom_bench, elasticsearch_url, index_prefix):
    how, feed, way = KINDS[kind]
    client = Elasticsearch(elasticsearch_url)
    migrate.apply(client, index_prefix)
    newsroom_bench.index = BulkWriter(client, index_prefix, SystemClock())
    with site.served(**how) as url:
        source = Source(id="blog", title="Blog", site=f"{url}/", feed_url=url + feed, archive="wordpress", timezone="Asia/Tokyo", gap_s=0.0)
        newsroom_bench.sources[:] = [source]
        done = run_all(newsroom_bench.parts(), "backfill", YEARS)
        expected = [row for row in site.listed() if _FIRST <= int(row[1][:4]) <= _LAST]
    assert done.ok, done.faults
    assert len(expected) > 10
    assert Counter(held(client, index_prefix)) == Counter(expected)
    with newsroom_bench.ledger.reading() as conn:
        listings = archives.listings_of(conn, ["blog"], window=YEARS)
    assert {(row.method, row.state) for row in listings if row.state == "complete"} == {(way, "complete")}
    client.close()
