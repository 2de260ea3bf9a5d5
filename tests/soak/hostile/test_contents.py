"""Hostile contents: parsers that are built to hang, entities, names that are no names; cases 9, 10, 17 to 22."""

from __future__ import annotations

import socket

import pytest
from hostile import Stage, article, feed
from origin import Origin, ok, send


@pytest.fixture
def stage(bench):
    with Origin({}, "127.0.0.23") as hostile, Origin({}, "127.0.0.24") as calm:
        yield Stage(bench, hostile, calm)


def rss(inside: bytes) -> bytes:
    return b"<rss version='2.0'><channel><title>F</title>" + inside + b"</channel></rss>"


SLOW = {
    "comments": rss(b"<item><title>t</title><description>" + b"<!--" * 250_000 + b"</description></item>"),
    "author": rss(b"<item><title>t</title><author>" + b"a" * 32_000 + b"@" + b"</author></item>"),
    "ampersands": b"<rss><channel><item><title>" + b"&a" * 2_000_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_a_feed_that_is_built_to_hang_costs_its_own_parser_only(stage, name):
    stage.serve(feed=send(ok(SLOW[name])))
    stage.run()
    stage.rerun_changes_nothing()


def test_no_entity_is_expanded_and_none_is_fetched(stage):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        where = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        head = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}<!ENTITY ext SYSTEM "{where}"><!ENTITY % par SYSTEM "{where}">%par;]>'
        entry = f"<item><title>&l9;&ext;</title><link>{stage.hostile.url('/page')}</link></item>"
        stage.serve(feed=send(ok(head.encode() + rss(entry.encode()))), page=send(ok(article("Page"))))
        stage.run()
        with pytest.raises(TimeoutError):
            listener.accept()


PAGES = {
    "deep": b"<html><body>" + b"<div>" * 260 + b"text" + b"</div>" * 260,
    "links": b"<html><body><p>" + b"<a href='/x'>link</a> " * 20_000 + b"</p></body></html>",
    "attributes": b"<html><body " + b"a=b " * 100_000 + b"><p>text</p></body></html>",
    "large": b"<html><body><p>" + b"x" * 10_000_000 + b"</p></body></html>",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_cannot_be_read_has_a_reason_and_is_no_silent_empty_article(stage, name):
    stage.serve_page(send(ok(PAGES[name])))
    done = stage.run()
    (reason,) = done.reasons
    assert reason.split("/")[1] in {"too_deep", "too_complex", "too_large", "parser_timeout", "no_text"}
    assert reason != "rejected/no_text" or name == "large"
    stage.rerun_changes_nothing()


def test_addresses_that_differ_are_different_articles_and_trackers_are_not(stage):
    paths = ["/p?cid=1", "/p?cid=2", "/A", "/a", "/x%2Fy", "/x/y"]
    urls = [stage.hostile.url(path) for path in paths]
    same = [stage.hostile.url("/a?utm_source=rss"), stage.hostile.url("/a#part"), stage.hostile.url("/a?fbclid=1")]
    stage.hostile.scripts |= {path: send(ok(article(f"Article {path}"))) for path in paths}
    stage.serve(feed=send(ok(feed(*urls, *same))))
    done = stage.run()
    assert (done.planned, done.reasons) == (len(paths) + 1, {})
    assert len(stage.bench.index.documents) == len(paths) + 1
    stage.rerun_changes_nothing()


def test_a_canonical_address_that_every_page_shares_is_no_identity(stage):
    names = [f"/c{n}" for n in range(5)]
    home = f"<link rel='canonical' href='{stage.hostile.url('/')}'>"
    stage.hostile.scripts |= {name: send(ok(article(f"Article {name}", home))) for name in names}
    stage.serve(feed=send(ok(feed(*map(stage.hostile.url, names)))))
    stage.run()
    assert len(stage.bench.index.documents) == len(names) + 1


def test_a_guid_that_all_entries_share_loses_none(stage):
    names = [f"/g{n}" for n in range(5)]
    stage.hostile.scripts |= {name: send(ok(article(f"Article {name}"))) for name in names}
    stage.serve(feed=send(ok(feed(*map(stage.hostile.url, names), guid="N/A"))))
    stage.run()
    assert len(stage.bench.index.documents) == len(names) + 1
    stage.rerun_changes_nothing()


def test_titles_that_are_weapons_are_stored_as_text(stage):
    title = "\u202e\u200bBold <script>alert(1)</script>\u2066 title"
    stage.serve(feed=send(ok(feed(stage.hostile.url("/page"), "javascript:alert(1)", title="x"))), page=send(ok(article(title.replace("<", "&lt;")))))
    stage.run()
    (stored,) = [d["title"] for d in stage.bench.index.documents.values() if "Bold" in d["title"]]
    assert not set(stored) & set("\u202e\u200b\u2066\0")


@pytest.mark.parametrize("date", ["Fri, 01 Jan 9999 00:00:00 GMT", "1450256400", "25:61", ""])
def test_a_date_that_cannot_be_sorts_nothing_first(stage, date):
    stage.serve(feed=send(ok(feed(stage.hostile.url("/page"), date=date))), page=send(ok(article("Dated"))))
    stage.run()
    (stored,) = [d for d in stage.bench.index.documents.values() if d["title"] == "Dated"]
    assert (stored.get("published_at") or "2000") < "2027"
