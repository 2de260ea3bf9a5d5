"""Sitemaps: every kind, relative addresses, packed ones, broken and hostile ones."""

import gzip

import pytest

from igwire.feeds import sitemap
from igwire.feeds.sitemap import parse_sitemap

URL = "http://news.example/maps/sitemap.xml"
NS = b'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def urls(body: bytes) -> list[str]:
    return [entry.url for entry in parse_sitemap(body, url=URL).entries]


def test_urlset_with_relative_addresses_days_and_instants():
    body = b"<urlset %s><url><loc> /a </loc><lastmod>2026-01-02</lastmod></url><url><loc>b</loc><lastmod>2026-01-02T10:00+02:00</lastmod></url></urlset>" % NS
    read = parse_sitemap(body, url=URL)
    assert (read.status, read.kind, read.problems) == ("ok", "urlset", ())
    assert [(e.url, e.updated) for e in read.entries] == [
        ("http://news.example/a", "2026-01-02"),
        ("http://news.example/maps/b", "2026-01-02T10:00:00+02:00"),
    ]


def test_news_sitemap_gives_title_and_publication():
    item = b"<news:news><news:publication_date>2026-05-01</news:publication_date><news:title>Cable cut &amp; mended</news:title></news:news>"
    read = parse_sitemap(b"<urlset %s><url><loc>/a</loc>%s</url></urlset>" % (NS, item), url=URL)
    assert read.kind == "news"
    assert (read.entries[0].title, read.entries[0].published) == ("Cable cut & mended", "2026-05-01")


def test_index_lists_its_children_once():
    body = b"<sitemapindex %s><sitemap><loc>s1.xml</loc></sitemap><sitemap><loc>s1.xml</loc></sitemap><sitemap><loc>/s2.xml.gz</loc></sitemap></sitemapindex>"
    read = parse_sitemap(body % NS, url=URL)
    assert (read.kind, read.children) == ("index", ("http://news.example/maps/s1.xml", "http://news.example/s2.xml.gz"))


def test_text_and_feed_are_sitemaps_too():
    assert parse_sitemap(b"\xef\xbb\xbfhttp://news.example/a\r\nsome words\nhttps://news.example/b\n").kind == "text"
    rss = b"<?xml version='1.0'?><!-- c --><rss version='2.0'><channel><item><title>T</title><link>http://news.example/x</link></item></channel></rss>"
    read = parse_sitemap(rss, url=URL)
    assert (read.kind, read.entries[0].title, read.entries[0].url) == ("feed", "T", "http://news.example/x")


@pytest.mark.parametrize("body", [b"", b"just words", b"<html><body><a href='/a'>a</a></body></html>", b"\x00\x01\x02", b"<a>" * 400])
def test_what_is_no_sitemap_says_so(body):
    read = parse_sitemap(body, url=URL)
    assert (read.status, read.kind, read.entries) == ("not_a_sitemap", None, ())
    assert "not_a_sitemap" in read.problems[-1]


def test_gzip_is_unpacked_as_far_as_it_goes():
    body = b"<urlset>" + b"".join(b"<url><loc>/%d</loc></url>" % n for n in range(2000)) + b"</urlset>"
    packed = gzip.compress(body)
    assert len(urls(packed)) == 2000
    cut = parse_sitemap(packed[: len(packed) // 2], url=URL)
    assert 0 < len(cut.entries) < 2000
    assert any(p.startswith("broken_gzip") for p in cut.problems)


def test_sizes_are_capped(monkeypatch):
    monkeypatch.setattr(sitemap, "MAX_BYTES", 1000)
    bomb = parse_sitemap(gzip.compress(b"<urlset>" + b"<url><loc>/a</loc></url>" * 100_000), url=URL)
    assert len(bomb.entries) < 60
    assert any(p.startswith("too_large") for p in bomb.problems)
    monkeypatch.setattr(sitemap, "MAX_ENTRIES", 3)
    assert len(urls(b"<urlset>" + b"<url><loc>/a</loc></url>" * 9)) == 3


def test_entities_are_never_resolved():
    body = b"""<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>
      <urlset><url><loc>http://news.example/x?q=&b;&f;</loc></url></urlset>"""
    assert urls(body) == ["http://news.example/x?q=&b;&f;"]


def test_bare_ampersands_and_cdata_keep_their_query():
    body = b"<urlset><url><loc>/a?x=1&y=2</loc></url><url><loc><![CDATA[/b?x=1&y=2]]></loc></url><url><loc>/c?x=1&amp;y=2</loc></url></urlset>"
    assert urls(body) == [f"http://news.example/{name}?x=1&y=2" for name in "abc"]


def test_images_are_not_pages_and_bad_entries_are_counted():
    body = b"""<urlset xmlns:image="i"><url><image:image><image:loc>/picture.png</image:loc></image:image><loc>/a</loc></url>
      <url><lastmod>2026-01-01</lastmod></url><url><loc>javascript:alert(1)</loc></url><url><loc>/b</loc><lastmod>soon</lastmod></url></urlset>"""
    read = parse_sitemap(body, url=URL)
    assert [e.url for e in read.entries] == ["http://news.example/a", "http://news.example/b"]
    assert {p.split(":")[0] for p in read.problems} == {"no_loc", "bad_url (scheme)", "bad_date"}


def test_broken_and_deep_markup_is_read_as_far_as_it_can():
    assert urls(b"<urlset><url><loc>/a</loc></url><url><loc>/b</loc><x>") == ["http://news.example/a", "http://news.example/b"]
    assert urls(b"<urlset><url><loc>/a</loc></url><url><loc>/half-of-an-addr") == ["http://news.example/a"]
    deep = parse_sitemap(b"<urlset>" + b"<url>" * 1000 + b"<loc>/x</loc>", url=URL)
    assert deep.status == "empty"
    assert deep.problems
