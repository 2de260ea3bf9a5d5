"""The newsroom serves what it promises, and is neither a toy nor a trap for an extractor."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from dataclasses import replace

import pytest
import requests
import trafilatura

from igwire.errors import CatalogueError, UsageError
from igwire.feeds.parse import parse_feed
from igwire.newsroom import render
from igwire.newsroom.articles import stories
from igwire.newsroom.replay import add_hosts, catalogue, read_list
from igwire.newsroom.server import Newsroom, listen_on_all

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")


def f1(found: str | None, truth: str) -> float:
    a, b = Counter(_TOKEN.findall((found or "").lower())), Counter(_TOKEN.findall(truth.lower()))
    common = sum((a & b).values())
    return 2 * common / (a.total() + b.total()) if common else 0.0


def article_url(room: Newsroom, story) -> str:
    return room.url(story.site, render.path_of(room.sites[story.site], story))


def test_every_feed_names_every_article(newsroom):
    for source in newsroom.catalogue():
        answer = requests.get(source["feed_url"], timeout=5)
        feed = parse_feed(answer.content, source_id=source["id"], url=source["feed_url"], content_type=answer.headers["content-type"])
        mine = {article_url(newsroom, s): s for s in newsroom.stories if s.site == source["id"]}
        assert {e.url for e in feed.entries} == set(mine)
        assert all(e.published and e.published[:10] == mine[e.url].iso_day for e in feed.entries)


def test_bare_trafilatura_reads_the_pages_well_but_not_perfectly(newsroom):
    scores = []
    for story in newsroom.stories:
        found = trafilatura.extract(requests.get(article_url(newsroom, story), timeout=5).content)
        scores.append(f1(found, story.text))
    mean = sum(scores) / len(scores)
    print(f"bare trafilatura: mean token F1 {mean:.3f} over {len(scores)} articles")
    assert 0.75 <= mean <= 0.95


def test_conditional_requests(newsroom):
    url = newsroom.catalogue()[0]["feed_url"]
    first = requests.get(url, timeout=5)
    for headers in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        assert requests.get(url, headers=headers, timeout=5).status_code == 304
    stale = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["Last-Modified"]}
    assert requests.get(url, headers=stale, timeout=5).status_code == 200
    assert newsroom.log[-1]["conditional"]


def test_archives(newsroom):
    site = "wuzhen-courier"
    assert "Disallow: /search" in requests.get(newsroom.url(site, "/robots.txt"), timeout=5).text
    index = requests.get(newsroom.url(site, "/sitemap.xml"), timeout=5).text
    assert "sitemap-2015.xml" in index
    assert "kaspersky" in requests.get(newsroom.url(site, "/sitemap-2015.xml"), timeout=5).text
    asked = {"after": "2015-12-01T00:00:00", "before": "2015-12-31T23:59:59", "per_page": "100"}
    answer = requests.get(newsroom.url(site, "/wp-json/wp/v2/posts"), params=asked, timeout=5)
    assert int(answer.headers["X-WP-Total"]) == len(answer.json()) >= 1
    assert requests.get(newsroom.url(site, "/wp-json/wp/v2/posts"), params={**asked, "page": "2"}, timeout=5).status_code == 400
    assert requests.get(newsroom.url("policy-ledger", "/wp-json/wp/v2/posts"), timeout=5).status_code == 404
    assert "<li>" in requests.get(newsroom.url(site, "/archive?page=1"), timeout=5).text


def test_articles_appear_and_change(newsroom):
    story = newsroom.stories[0]
    newsroom.publish(replace(story, title="Corrected title"))
    assert "Corrected title" in requests.get(article_url(newsroom, story), timeout=5).text
    assert len([s for s in newsroom.stories if s.slug == story.slug]) == 1


@pytest.mark.parametrize(
    ("fault", "value", "check"),
    [
        ("status", 500, lambda a: a.status_code == 500), ("html", None, lambda a: "log in" in a.text), ("empty", None, lambda a: a.content == b""),
        ("binary", None, lambda a: b"\x00" in a.content), ("redirect", "/", lambda a: len(a.history) == 1), ("charset", None, lambda a: a.encoding == "iso-8859-1"),
        ("huge", None, lambda a: len(a.content) > 20_000_000),
    ],
)  # fmt: skip
def test_faults_on_request(newsroom, fault, value, check):
    feed = newsroom.catalogue()[0]["feed_url"]
    requests.post(f"http://127.0.0.10:{newsroom.port}/faults", json={"site_id": "wuzhen-courier", "kind": fault, "value": value, "path": "/feed/"}, timeout=5)
    assert check(requests.get(feed, timeout=20))
    requests.delete(f"http://127.0.0.10:{newsroom.port}/faults", timeout=5)
    assert requests.get(feed, timeout=5).headers["content-type"] == "application/rss+xml"
    assert requests.get(f"http://127.0.0.10:{newsroom.port}/log", timeout=5).json()[-1]["host"] == "127.0.0.11"


def test_recorded_pages_are_served_as_they_were(tmp_path):
    (tmp_path / "a.html").write_bytes(b"\xff\xfe<html>")
    rows = [
        {"file": "a.html", "url": "https://one.example/x%20y?b=1&a=2", "title": "A & B"},
        {"file": "a.html", "url": "http://two.example/", "date": "2020-01-02"},
    ]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    hosts = read_list(tmp_path / "list.jsonl")
    room = Newsroom()
    add_hosts(room, hosts)
    with room:
        first, second = catalogue(room, hosts)
        (entry,) = parse_feed(requests.get(first["feed_url"], timeout=5).content, url=first["feed_url"]).entries
        answer = requests.get(entry.url, timeout=5)
        assert (answer.content, answer.headers["content-type"], entry.title) == (b"\xff\xfe<html>", "text/html", "A & B")
        (entry,) = parse_feed(requests.get(second["feed_url"], timeout=5).content, url=second["feed_url"]).entries
        assert entry.published == "2020-01-02T00:00:00+00:00"
    (tmp_path / "bad.jsonl").write_text('{"file": "nothing.html", "url": "http://x.example/"}\n')
    with pytest.raises(UsageError, match=r"bad\.jsonl:1"):
        read_list(tmp_path / "bad.jsonl")


def test_articles_are_checked(tmp_path):
    (tmp_path / "bad.yaml").write_text("site: nowhere\n")
    with pytest.raises(CatalogueError, match=r"bad\.yaml"):
        stories(tmp_path)


def test_a_port_taken_on_one_address_leaves_no_other_half_open():
    with socket.create_server(("127.0.0.33", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listen_on_all(["127.0.0.31", "127.0.0.32", "127.0.0.33"], port)
        for listener in listen_on_all(["127.0.0.31", "127.0.0.32"], port):
            listener.close()
