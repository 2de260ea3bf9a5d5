"""Reading feeds, choosing entries, and the catalogue."""

from __future__ import annotations

import gzip
import json

import pytest

from igwire.errors import CatalogueError
from igwire.feeds.catalogue import load
from igwire.feeds.parse import parse_feed
from igwire.feeds.select import select
from igwire.model import FeedEntry

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A &amp; B</title><language>en</language>
<item><title>One &lt;b&gt;bold&lt;/b&gt;</title><link>/one?a=1&amp;b=2</link><guid isPermaLink="false">x1</guid><pubDate>Wed, 16 Dec 2015 09:30:00 +0800</pubDate><description>&lt;p&gt;Text&lt;/p&gt;&lt;p&gt;More&lt;/p&gt;</description></item>
<item><title>No link</title></item></channel></rss>"""


def parsed(body: bytes, **more):
    return parse_feed(body, source_id="s", url="http://x.example/feed", **more)


def test_rss():
    feed = parsed(RSS)
    assert (feed.status, feed.format, feed.title, feed.language) == ("ok", "rss20", "A & B", "en")
    first, second = feed.entries
    assert first.url == "http://x.example/one?a=1&b=2"
    assert (first.title, first.guid, first.published) == ("One bold", "x1", "2015-12-16T09:30:00+08:00")
    assert first.summary == "Text\nMore"
    assert second.url == ""


def test_atom_and_json_and_rdf():
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>i</id><title>E</title><link href="http://x.example/e"/>
    <published>2026-01-02T03:04:05-05:00</published><author><name>Ana</name></author><content type="html">&lt;p&gt;Whole&lt;/p&gt;</content></entry></feed>"""
    (entry,) = parsed(atom).entries
    assert (entry.published, entry.authors, entry.content) == ("2026-01-02T03:04:05-05:00", ("Ana",), "Whole")
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": 7, "url": "/j", "date_published": "2026-01-02T00:00:00Z"}]}
    read = parsed(json.dumps(feed).encode())
    assert (read.format, read.entries[0].url, read.entries[0].guid) == ("json", "http://x.example/j", "7")
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel rdf:about="x"><title>R</title></channel><item rdf:about="y"><title>I</title><link>http://x.example/i</link><dc:date>2026-01-02</dc:date></item></rdf:RDF>"""
    assert parsed(rdf).entries[0].published == "2026-01-02T00:00:00"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html><body>log in</body></html>", "not_a_feed"), (b"", "empty"), (b" \n", "empty"), (b"\x1f\x8bbroken", "not_a_feed"), (b"{}", "not_a_feed"), (b'{"items": 3}', "not_a_feed"),
        (b"<rss version='2.0'><channel><title>x</title></channel></rss>", "empty"), (b"\x89PNG\r\n", "not_a_feed"), (b"[" * 100_000, "not_a_feed"),
    ],
)  # fmt: skip
def test_what_is_no_feed(body, status):
    assert parsed(body).status == status


def test_feeds_that_are_packed_or_damaged_at_the_root_are_read():
    feed = (
        b"<?xml?xml version='1.0'??><rss rss:version=2.0><rss:channel><rss:item><rss:title>A</rss:title><rss:link>/a</rss:link></rss:item></rss:channel></rss>"
    )
    assert [e.title for e in parsed(feed).entries] == ["A"]
    assert parsed(gzip.compress(b"<rss version='2.0'><channel><item><title>P</title></item></channel></rss>")).entries[0].title == "P"
    assert parsed(gzip.compress(b"0" * 20_000_000)).status == "not_a_feed"
    assert parsed(b"<!-- c --><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></rdf:RDF>").status == "empty"


def test_what_a_feed_asks_of_its_readers():
    head = b"<ttl>180</ttl><atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='https://hub.example/'/>"
    read = parsed(b"<rss version='2.0'><channel>" + head + b"<item><title>x</title></item></channel></rss>")
    assert (read.interval_s, read.hub) == (10_800, "https://hub.example/")


def test_a_body_that_names_a_file_opens_nothing():
    assert parsed(b"/proc/self/environ").status == "not_a_feed"


def test_markup_and_scripts_in_titles_become_text_and_links_stay_web_addresses():
    evil = b"<rss version='2.0'><channel><item><title>&lt;script&gt;alert(1)&lt;/script&gt;Hi</title><link>javascript:alert(1)</link></item></channel></rss>"
    (entry,) = parsed(evil).entries
    assert "<" not in (entry.title or "")
    assert entry.url == ""


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Thu, 31 Dec 9999 00:00:00 GMT", None), ("1450256400", None), ("25:61", None), ("Wed, 16 Dec 2015 09:30:00 GMT", "2015-12-16T09:30:00+00:00"),
        ("2015-12-16T09:30:00Z", "2015-12-16T09:30:00+00:00"),
    ],
)  # fmt: skip
def test_dates_are_right_or_null(printed, expected):
    body = f"<rss version='2.0'><channel><item><link>http://x.example/a</link><pubDate>{printed}</pubDate></item></channel></rss>".encode()
    assert parsed(body).entries[0].published == expected


def test_hostile_bytes_take_no_time():
    body = b"<rss version='2.0'><channel><item><link>http://x.example/a</link><description>" + b"<!--" * 50_000
    assert parsed(body).status in ("ok", "empty", "not_a_feed")


def test_selection_counts_what_it_leaves_out():
    entries = [FeedEntry(source_id="s", guid=None, url=url) for url in ("http://x.example/a", "http://x.example/a?utm_source=f", "", "http://x.example/")]
    chosen = select(entries)
    assert [e.url for e in chosen.entries] == ["http://x.example/a"]
    assert chosen.dropped == {"repeated": 1, "no_link": 1, "home_page": 1}


def test_the_reviewed_catalogue_is_whole():
    catalogue = load()
    assert len(catalogue.by_id) == 193
    assert len(catalogue.active()) > 140
    assert {s.status for s in catalogue.by_id.values()} == {"active", "probation"}
    assert len(catalogue.choose(["default"])) >= 24
    with pytest.raises(CatalogueError, match="no source"):
        catalogue.choose(["nobody"])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("sources:\n- id: a\n  title: A\n", 2, "'site' is missing"), ("sources:\n- id: Bad Id\n  title: A\n  site: http://x.example/\n", 2, "lower-case"),
        ("sources:\n- id: a\n  title: A\n  site: ftp://x\n", 2, "site"), ("sources:\n- {id: a, title: A, site: 'http://x.example/', colour: red}\n", 2, "unknown field"),
        ("sources: [\n", 2, "YAML"), ("a list\n", 1, "sources"), ("sources:\n- {id: a, title: A, site: 'http://x.example/', kind: odd}\n", 2, "not one of"),
        ("sources:\n- {id: a, title: A, site: 'http://x.example/'}\n- {id: a, title: B, site: 'http://y.example/'}\n", 3, "twice"),
        ("sources:\n- {id: a, title: A, site: 'https://x.example/', feed_url: 'http://x.example/f', https_only: true}\n", 2, "its feed_url is not"),
        ("sources:\n- {id: a, title: A, site: 'https://x.example/', https_only: often}\n", 2, "true or false"),
    ],
)  # fmt: skip
def test_faults_of_a_catalogue_are_named_by_file_and_line(tmp_path, text, line, message):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=message) as caught:
        load([file])
    assert caught.value.line == line
    assert str(file) in str(caught.value)
