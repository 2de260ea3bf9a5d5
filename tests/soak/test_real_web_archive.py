"""A site that is gone: its past out of a real web archive (pywb) alone, against what the site's own database held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from elasticsearch import Elasticsearch
from posts import dated, held
from real_servers import installed_by
from web_archive import Archive, Seen
from wordpress_site import Site

from igwire.feeds.archives import cdx
from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.ledger import archives
from igwire.ledger.tables import items
from igwire.model import Source, Window
from igwire.pipeline.coverage import days
from igwire.pipeline.run import run_all
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
_FIRST, _LAST = 2016, 2019
# The pages were captured a day after they appeared.
YEARS = Window(start=datetime(_FIRST, 1, 1, tzinfo=UTC), end=datetime(_LAST + 1, 1, 3, tzinfo=UTC), mode="past")


def crawl(site: Site, url: str) -> Iterator[Seen]:
    """What a crawler would have kept of the site: every article, some again later, and pages that are none."""
    for number, (address, day, _) in enumerate(sorted(site.listed())):
        body = requests.get(address, timeout=60).content
        first = datetime.fromisoformat(day).replace(hour=10, tzinfo=UTC) + timedelta(days=1)
        for at in (first, first + timedelta(days=40))[: 1 + number % 2]:
            yield Seen(url=address, at=f"{at:%Y-%m-%dT%H:%M:%SZ}", body=body)
        yield Seen(url=f"{url}/", at=f"{first:%Y-%m-%dT%H:%M:%SZ}", body=requests.get(url, timeout=60).content)
    others = {"/2016/05/": "text/html", "/category/uncategorized/": "text/html", "/feed/": "application/rss+xml", "/logo.png": "image/png"}
    for path, kind in others.items():
        yield Seen(url=url + path, at="2017-05-05T10:00:00Z", body=b"<html><body>no article</body></html>", kind=kind)
    yield Seen(url=f"{url}/2017/05/lost/", at="2017-05-06T10:00:00Z", body=b"<html><body>not found</body></html>", status="404 Not Found")


@pytest.fixture(scope="module")
def gone() -> Iterator[tuple[Archive, str, list[tuple[str, str, str]]]]:
    """The archive, the address of the site that is no more, and the rows of its database."""
    try:
        installed_by("wordpress"), installed_by("pywb")
    except LookupError as why:
        pytest.skip(str(why))
    site = Site(dated())
    with site.served() as url:
        archive = Archive(crawl(site, url))
        rows = site.listed()
    site.stop()
    yield archive, url, rows
    archive.stop()


# Once in one answer a month, once so that every month has to be halved.
@pytest.mark.parametrize("limit", [5000, 3])
def test_a_backfill_of_a_site_that_is_gone_equals_its_database(limit, gone, newsroom_bench, elasticsearch_url, index_prefix, monkeypatch):
    archive, url, rows = gone
    monkeypatch.setattr(cdx, "_LIMIT", limit)
    client = Elasticsearch(elasticsearch_url)
    migrate.apply(client, index_prefix)
    newsroom_bench.index = BulkWriter(client, index_prefix, SystemClock())
    newsroom_bench.web_archives = (archive.place(),)
    source = Source(id="blog", title="Blog", site=f"{url}/", feed_url=f"{url}/feed/", archive="wordpress", timezone="Asia/Tokyo", gap_s=0.0)
    newsroom_bench.sources[:] = [source]
    parts = newsroom_bench.parts()
    done = run_all(parts, "backfill", YEARS)
    assert done.ok, done.faults

    years = [str(year) for year in range(_FIRST, _LAST + 1)]
    expected = [row for row in rows if row[1][:4] in years]
    assert len(expected) > 10
    assert Counter(row for row in held(client, index_prefix) if row[1][:4] in years) == Counter(expected)
    with newsroom_bench.ledger.reading() as conn:
        listings = archives.listings_of(conn, ["blog"], window=YEARS)
        found = list(days(parts, conn, [source], YEARS))
        fetched = {row.url: row.fetched_at for row in conn.execute(items.select())}
    assert {(row.method, row.state) for row in listings if row.state == "complete"} == {("web_archive", "complete")}
    # What others captured is never called everything.
    assert {day.state for day in found} == {"partial"}
    # When it was captured, not when igwire asked for it.
    assert all(at.year < _LAST + 2 for at in fetched.values())

    asked = newsroom_bench.ledger
    again = run_all(parts, "again", YEARS)
    assert again.ok
    with asked.reading() as conn:
        assert {row.url: row.fetched_at for row in conn.execute(items.select())} == fetched
    client.close()
