"""What CDX servers list: answers of each kind, driven by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from igwire.feeds.archives import WEB_ARCHIVE, Ask, Body, Found, Got, cdx, ways
from igwire.model import Capture, Source, WebArchive, Window

ARCHIVE = WebArchive(cdx="https://archive.example/cdx", replay="https://archive.example/web")
FILES = WebArchive(cdx="https://crawl.example/cdx", files="https://data.crawl.example/")
SOURCE = Source(id="gone", title="Gone", site="http://news.example/")
MONTH = Window(start=datetime(2015, 12, 1, tzinfo=UTC), end=datetime(2016, 1, 1, tzinfo=UTC), mode="past")


def row(path: str, stamp: str = "20151217101500", mime: str = "text/html", status: str = "200") -> dict[str, str]:
    return {"urlkey": "x", "timestamp": stamp, "url": f"http://news.example{path}", "mime": mime, "status": status,
            "filename": "crawl/a.warc.gz", "offset": "120", "length": "80"}  # fmt: skip


def lines(*rows: dict[str, str]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def wayback(*rows: dict[str, str], resume: str = "") -> bytes:
    names = {"urlkey": "urlkey", "timestamp": "timestamp", "original": "url", "mimetype": "mime", "statuscode": "status"}
    told = [list(names), *([row[theirs] for theirs in names.values()] for row in rows)] if rows else []
    return json.dumps([*told, *([[], [resume]] if resume else [])]).encode()


def read(body: bytes, archive: WebArchive = ARCHIVE, source: Source = SOURCE) -> cdx.Captures | None:
    return cdx.read_captures(archive, Body(source=source, url="https://archive.example/cdx", content_type=None, body=body))


def drive(answers, archives=(ARCHIVE,)):
    """`answers`: a function of the parsed query that gives a body or a status."""
    walk, found, asked, answer = cdx.walk(archives, SOURCE, MONTH), [], [], None
    try:
        while True:
            step = walk.send(answer)
            if isinstance(step, Found):
                found += step.entries
                answer = None
                continue
            assert isinstance(step, Ask)
            query = {name: values[0] for name, values in parse_qs(urlsplit(step.url).query).items()}
            asked.append(query)
            given = answers(query)
            status, body = (given, b"") if isinstance(given, int) else given if isinstance(given, tuple) else (200, given)
            capture = Capture(requested_url=step.url, final_url=step.url, fetched_at=MONTH.end, status=status, headers=(), body=body)
            read_body = step.read(Body(source=SOURCE, url=step.url, content_type=None, body=body)) if status == 200 else None
            answer = Got(capture=capture, value=read_body, problem="" if status == 200 else f"HTTP status {status}")
    except StopIteration as end:
        return found, asked, end.value


@pytest.mark.parametrize("body", [lines(row("/a")), wayback(row("/a"))])
def test_a_capture_is_an_entry_with_the_pages_own_address_and_no_date(body):
    (entry,) = read(body).entries
    assert (entry.url, entry.published, entry.updated) == ("http://news.example/a", None, None)
    assert entry.archived == "https://archive.example/web/20151217101500id_/http://news.example/a"
    assert entry.archived_at == "2015-12-17T10:15:00+00:00"


def test_an_address_with_a_day_in_it_dates_the_page():
    (entry,) = read(lines(row("/2015/12/16/seed", "20180101000000"))).entries
    assert (entry.published, entry.archived_at[:10]) == ("2015-12-16", "2018-01-01")


def test_a_page_counts_by_its_first_capture():
    (entry,) = read(lines(row("/a", "20151219000000"), row("/a", "20151217000000"), row("/a?utm_source=x", "20151218000000"))).entries
    assert entry.archived_at == "2015-12-17T00:00:00+00:00"


def test_a_capture_in_a_warc_file_is_named_by_its_range():
    (entry,) = read(lines(row("/a")), FILES).entries
    assert entry.archived == "https://data.crawl.example/crawl/a.warc.gz#120+80"


@pytest.mark.parametrize(
    "left",
    [
        row("/"), row("/2015/12/"), row("/page/3/"), row("/a/feed/"), row("/category/x/"), row("/tag/y/"), row("/?s=word"), row("/?paged=2"), row("/?feed=rss2"),
        row("/a.png", mime="image/png"), row("/a", status="404"), row("/a", status="-", mime="warc/revisit"), row("/a", stamp="2015"),
        {**row("/a"), "url": "ftp://news.example/a"}, {**row("/a"), "url": "dns:news.example"},
    ],
)  # fmt: skip
def test_what_is_no_article_is_left(left):
    assert read(lines(left)).entries == ()


def test_plain_permalinks_are_articles():
    assert [e.url for e in read(lines(row("/?p=12"))).entries] == ["http://news.example/?p=12"]


def test_the_sources_own_rule_decides_where_there_is_one():
    source = Source(id="r", title="R", site="http://news.example/", listing_rule=r"/n/\d+")
    assert [e.url for e in read(lines(row("/n/12"), row("/a")), source=source).entries] == ["http://news.example/n/12"]


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[[]", b'["x"]', b'{"timestamp": 5', b"[" * 100_000, b'[["a"],["b","c"]]', b"5", b'"x"'])
def test_the_reader_survives_anything(body):
    assert (read(body) or cdx.Captures((), 0, None)).entries == ()


def test_a_resume_key_is_followed():
    bodies = {None: wayback(row("/a"), resume="k1"), "k1": wayback(row("/b"), row("/a"))}
    found, asked, verdict = drive(lambda query: bodies[query.get("resumeKey")])
    assert [e.url[-2:] for e in found] == ["/a", "/b"]
    assert ([q.get("resumeKey") for q in asked], verdict.complete) == ([None, "k1"], True)


def test_a_server_that_only_knows_a_limit_is_asked_in_halves(monkeypatch):
    monkeypatch.setattr(cdx, "_LIMIT", 3)
    rows = [row(f"/{day}", f"201512{day:02}120000") for day in range(1, 32)]

    def answers(query):
        return lines(*[one for one in rows if query["from"] <= one["timestamp"] <= query["to"]][:3])

    found, asked, verdict = drive(answers)
    assert {e.url for e in found} == {one["url"] for one in rows}
    assert len(found) == len(rows)
    assert (verdict.complete, len(asked) < 40) == (True, True)
    assert (asked[0]["from"], asked[0]["to"]) == ("20151201000000", "20151231235959")


def test_a_server_that_always_gives_a_full_page_is_left(monkeypatch):
    monkeypatch.setattr(cdx, "_LIMIT", 2)
    _, asked, verdict = drive(lambda query: lines(row("/a"), row("/b")))
    assert (verdict.complete, len(asked)) == (False, 200)


def test_a_resume_key_that_leads_to_itself_claims_no_coverage():
    _, asked, verdict = drive(lambda query: wayback(row("/a"), resume="k"))
    assert (len(asked), verdict.complete) == (2, False)


@pytest.mark.parametrize(("answer", "complete"), [(b"", True), (b"[]", True), ((404, b'{"message": "No Captures found for: news.example/*"}'), True),
                                                  (404, False), (503, False), (b"<html>", False)])  # fmt: skip
def test_nothing_captured_is_complete_and_an_error_is_not(answer, complete):
    assert drive(lambda query: answer)[2].complete is complete


def test_an_error_half_way_claims_no_coverage():
    found, _, verdict = drive(lambda query: 500 if "resumeKey" in query else wayback(row("/a"), resume="k"))
    assert (len(found), verdict.complete, verdict.passing) == (1, False, True)


def test_every_archive_is_asked_and_a_page_is_taken_once():
    found, asked, verdict = drive(lambda query: lines(row("/a")), (ARCHIVE, FILES))
    assert ([e.archived for e in found], len(asked), verdict.complete) == (["https://archive.example/web/20151217101500id_/http://news.example/a"], 2, True)


def test_web_archives_are_off_until_they_are_named_and_come_last():
    assert WEB_ARCHIVE not in [way.name for way in ways(SOURCE)]
    assert [way.name for way in ways(SOURCE, (ARCHIVE,))][-1] == WEB_ARCHIVE
