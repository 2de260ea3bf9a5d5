"""Pages out of web archives, through plan, collect and extract over fakes of the web."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from web_archive import Seen, write_warc

from igwire.feeds.archives import date_of
from igwire.ledger import archives
from igwire.ledger.tables import items
from igwire.model import FeedEntry, RawRef, WebArchive, Window
from igwire.pipeline.run import run_all

PAGE = "http://news.example/seed"
MONTH = Window(start=datetime(2015, 12, 1, tzinfo=UTC), end=datetime(2016, 1, 1, tzinfo=UTC), mode="past")
BODY = ("<html><head><title>The seed of it</title></head><body><article><h1>The seed of it</h1><time datetime='2015-12-16T08:00:00+01:00'>16 December</time>"
        + "".join(f"<p>Paragraph {n} of an article on names, numbers and who looks after them, long enough to be one.</p>" for n in range(12))
        + "</article></body></html>").encode()  # fmt: skip
ROW = {"urlkey": "x", "timestamp": "20151218101500", "url": PAGE, "mime": "text/html", "status": "200", "filename": "a.warc.gz", "offset": "0"}


class Listing(dict):
    """Answers of a CDX server for the month in which the page was captured, whatever else is asked; else what is in the table."""

    def __init__(self, server: str, rows: list[dict[str, str]], more: dict) -> None:
        super().__init__(more)
        self.server, self.rows = server, rows

    def get(self, url: str, default=None):
        if not url.startswith(self.server):
            return super().get(url, default)
        return 200, "\n".join(map(json.dumps, self.rows)).encode(), {"Content-Type": "text/x-ndjson"}


def backfill(bench, archive: WebArchive, rows, more):
    bench.web_archives = (archive,)
    bench.fetcher.answers = Listing(archive.cdx, rows, more)
    done = run_all(bench.parts(), "past", MONTH)
    with bench.ledger.reading() as conn:
        return done, conn.execute(items.select()).fetchall()


def test_a_copy_is_the_page_as_it_was_then(bench):
    archive = WebArchive(cdx="http://archive.example/cdx", replay="http://archive.example/web")
    copy = "http://archive.example/web/20151218101500id_/http://news.example/seed"
    headers = {
        "Content-Type": "text/html; charset=utf-8", "Memento-Datetime": "Fri, 18 Dec 2015 10:15:02 GMT", "X-Archive-Orig-Server": "theirs", "Server": "archive",
        "X-Archive-Orig-Content-Encoding": "gzip",
    }  # fmt: skip
    done, (item,) = backfill(bench, archive, [ROW], {copy: (200, BODY, headers)})
    assert done.ok
    (document,) = bench.index.documents.values()
    assert document["url"] == PAGE
    assert document["published_day"] == "2015-12-16"
    assert (item.url, item.host, item.fetched_at) == (PAGE, "archive.example", datetime(2015, 12, 18, 10, 15, 2, tzinfo=UTC))
    # Nothing was asked of the site for the page, and the archive's own robots file was read.
    asked = [url for url, _ in bench.fetcher.asked]
    assert PAGE not in asked
    assert "http://archive.example/robots.txt" in asked
    stored, facts = bench.store.read(RawRef(segment=item.segment, offset=item.raw_offset, length=item.raw_length))
    assert (stored.final_url, stored.body, stored.header("server"), stored.header("content-encoding")) == (PAGE, BODY, "theirs", None)
    assert facts["entry"]["archived"] == copy


def test_an_answer_that_is_no_copy_is_no_page(bench):
    archive = WebArchive(cdx="http://archive.example/cdx", replay="http://archive.example/web")
    copy = "http://archive.example/web/20151218101500id_/http://news.example/seed"
    _, (item,) = backfill(bench, archive, [ROW], {copy: (200, b"<html>Please wait</html>")})
    assert (item.state, item.segment, bench.index.documents) == ("new", None, {})


def test_a_range_of_a_warc_file_is_asked_for_and_unpacked(bench, tmp_path):
    write_warc(tmp_path / "a.warc.gz", [Seen(url=PAGE, at="2015-12-18T10:15:00Z", body=BODY)])
    member = (tmp_path / "a.warc.gz").read_bytes()
    archive = WebArchive(cdx="http://archive.example/cdx", files="http://data.example")
    place = f"http://data.example/a.warc.gz#0+{len(member)}"
    done, (item,) = backfill(bench, archive, [{**ROW, "length": str(len(member))}], {place: (206, member, {"Content-Type": "application/octet-stream"})})
    assert done.ok
    assert dict(bench.fetcher.asked)[place]["Range"] == f"bytes=0-{len(member) - 1}"
    assert item.fetched_at == datetime(2015, 12, 18, 10, 15, tzinfo=UTC)
    assert [document["published_day"] for document in bench.index.documents.values()] == ["2015-12-16"]


def test_what_is_known_is_not_asked_of_an_archive_again(bench):
    archive = WebArchive(cdx="http://archive.example/cdx", replay="http://archive.example/web")
    copy = "http://archive.example/web/20151218101500id_/http://news.example/seed"
    backfill(bench, archive, [ROW], {copy: (200, BODY, {"Memento-Datetime": "Fri, 18 Dec 2015 10:15:02 GMT"})})
    asked = len(bench.fetcher.asked)
    bench.clock.moment += timedelta(minutes=5)
    assert run_all(bench.parts(), "again", MONTH).ok
    assert len(bench.fetcher.asked) == asked


def test_a_page_counts_by_its_first_capture_whatever_is_listed_later(bench):
    first = FeedEntry(source_id="example", guid=None, url=PAGE, archived="http://archive.example/web/1id_/x", archived_at="2015-12-18T10:15:00+00:00")
    later = replace(first, archived="http://archive.example/web/2id_/x", archived_at="2016-01-20T00:00:00+00:00")
    own = replace(first, archived=None, archived_at=None, published="2015-12-16T08:00:00+01:00")
    now = bench.clock.now()
    for entry in (later, first, later, own, first):
        with bench.ledger.transaction() as conn:
            archives.keep(conn, "example", [archives.Entry(entry, date_of(entry))], now=now)
            kept = next(archives.entries_of(conn, ["example"], Window(start=MONTH.start, end=now))).entry
        assert date_of(kept) == min(date_of(entry), date_of(kept))
    assert kept == own
