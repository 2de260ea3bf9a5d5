"""Canonical addresses: twins are folded, and an address that several articles claim is nobody's."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from postgres import ON_BOTH

from igwire.ledger import claims
from igwire.ledger.tables import canonical_claims, documents, items, revisions
from igwire.model import Window
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.urls import document_id

LIVE = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
WORDS = ["registry", "root", "zone", "key", "board", "treaty", "cable", "operator", "court", "ruling", "member", "state", "ballot", "user", "server", "draft"]
SITE = "http://news.example/"


def text(seed: str) -> str:
    rng = random.Random(seed)
    return " ".join(f"The {' '.join(rng.choices(WORDS, k=11))} of {seed} line {n}." for n in range(12))


def page(seed: str, canonical: str, title: str | None = None) -> bytes:
    title = title or f"What {seed} decided today"
    head = f"<title>{title}</title><link rel='canonical' href='{SITE}{canonical}'>"
    return f"<html lang='en'><head>{head}</head><body><article><h1>{title}</h1><p>{text(seed)}</p></article></body></html>".encode()


class Site:
    """Pages that are published one after another, each taken up by a run of its own."""

    def __init__(self, bench) -> None:
        self.bench, self.entries, self.runs = bench, "", 0

    def publish(self, *names: str, canonical: str, seed: str | None = None, title: str | None = None) -> None:
        for name in names:
            self.bench.fetcher.answers[SITE + name] = (200, page(seed or name, canonical, title), {"Content-Type": "text/html"})
            self.entries += f"<item><title>{name}</title><link>{SITE}{name}</link><guid>{name}</guid><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item>"
        body = f"<rss version='2.0'><channel>{self.entries}</channel></rss>".encode()
        self.bench.fetcher.answers[SITE + "feed"] = (200, body, {"Content-Type": "application/rss+xml"})
        self.runs += 1
        run_all(self.bench.parts(gap_s=0), f"r{self.runs}", LIVE)
        self.bench.clock.moment += timedelta(hours=2)

    def documents(self) -> dict[str, str]:
        """Address → text's seed, of what can be found; the ledger holds the same."""
        held = self.bench.index.documents
        with self.bench.ledger.reading() as conn:
            assert set(held) == set(conn.execute(documents.select()).scalars())
        for doc_id, body in held.items():
            assert doc_id == document_id(body["url"])
        return {body["url"].removeprefix(SITE): body["body"].split(" of ")[1].split(" line")[0] for body in held.values()}


@ON_BOTH
def test_articles_that_all_name_a_section_page_are_told_apart(bench):
    site = Site(bench)
    site.publish("a", canonical="news")
    assert site.documents() == {"news": "a"}
    # Another text is another article, already the second.
    site.publish("b", canonical="news")
    assert site.documents() == {"news": "a", "b": "b"}
    site.publish("c", canonical="news")
    assert site.documents() == {"a": "a", "b": "b", "c": "c"}
    site.publish("d", canonical="news")
    assert site.documents() == {name: name for name in "abcd"}
    with bench.ledger.reading() as conn:
        assert {row.doc_id for row in conn.execute(revisions.select())} == {document_id(SITE + name) for name in "abcd"}


@pytest.mark.parametrize("order", list(permutations(["a", "b", "first"])))
def test_a_template_that_names_one_article_for_all_costs_none(bench, order):
    """The article that really lies there has its address, whenever it comes; the result is the same in any order."""
    site = Site(bench)
    for name in order:
        site.publish(name, canonical="first")
    assert site.documents() == {name: name for name in order}


def test_within_one_batch_it_is_the_same(bench):
    site = Site(bench)
    site.publish("a", "b", "first", "c", canonical="first")
    site.publish("d", canonical="first")
    assert site.documents() == {name: name for name in ("a", "b", "first", "c", "d")}


def test_twins_of_one_article_are_one_document(bench):
    site = Site(bench)
    site.publish("amp/x", "m/x", "print/x", canonical="x", seed="x")
    assert site.documents() == {"x": "x"}
    site.publish("x", canonical="x")
    assert site.documents() == {"x": "x"}
    with bench.ledger.reading() as conn:
        assert len(claims.of(conn, document_id(SITE + "x"))) == 1


def test_a_recurring_title_does_not_make_twins(bench):
    site = Site(bench)
    site.publish("w1", canonical="weekly", title="The weekly roundup of the board")
    site.publish("w2", canonical="weekly", title="The weekly roundup of the board")
    assert site.documents() == {"weekly": "w1", "w2": "w2"}


def test_a_rebuild_changes_nothing_and_repairs_what_was_folded_before(bench):
    site = Site(bench)
    site.publish("a", "b", "c", canonical="news")
    rebuild(bench.parts(), "again", first="extract", selection=Selection())
    assert site.documents() == {name: name for name in "abc"}
    # As an older igwire left it: all on one document, no claims.
    a, news = document_id(SITE + "a"), document_id(SITE + "news")
    with bench.ledger.transaction() as conn:
        conn.execute(canonical_claims.delete())
        conn.execute(documents.delete().where(documents.c.id != a))
        conn.execute(documents.update().values(id=news))
        conn.execute(items.update().values(doc_id=news, state="duplicate"))
        conn.execute(items.update().where(items.c.id == a).values(state="indexed"))
    bench.index.documents.clear()
    rebuild(bench.parts(), "repair", first="extract", selection=Selection())
    assert site.documents() == {name: name for name in "abc"}


def test_while_elasticsearch_is_away_nothing_is_lost(bench):
    site = Site(bench)
    site.publish("a", "b", canonical="news")
    bench.index.away = True
    site.publish("c", canonical="news")
    bench.index.away = False
    site.publish(canonical="news")
    # The old id stays in the index until the weekly care, which removes what the ledger does not know.
    bench.index.documents.pop(document_id(SITE + "news"))
    assert site.documents() == {name: name for name in "abc"}
