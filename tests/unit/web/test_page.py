"""The page with a reader of the test's own: escaping, faults, headers."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from igwire.errors import Unavailable
from igwire.search.query import build
from igwire.search.results import Hit, Results
from igwire.web.app import create_app, marked, snippet

DOCUMENT = {
    "doc_id": "1a", "title": "<script>alert(1)</script>", "url": "javascript:alert(2)", "body": "ICANN <b>met</b>\nin Wuzhen", "language": "ar",
    "published_day": "2015-12-16", "source": {"id": "s", "title": "S<i>"}, "fetched_at": "2026-11-24T00:00:00", "revision": 1,
    "quality": {"extractor": "trafilatura", "confidence": 1.0}, "entities": {"all": ["ICANN", "<evil>"]},
    "entity_mentions": [
        {"start": 0, "end": 5, "surface": "ICANN", "type": "organisation", "entity": "org:icann", "name": "ICANN", "field": "text", "why": "alias \"ICANN\" <x>"},
        {"start": 3, "end": 9, "surface": "overlap", "type": "place", "field": "text", "why": ""},
        {"start": 900, "end": 999, "surface": "gone", "type": "place", "field": "text", "why": ""},
    ],
}  # fmt: skip


class FakeReader:
    def __init__(self) -> None:
        self.away = False

    def search(self, request):
        if self.away:
            raise Unavailable("Elasticsearch does not answer. Start it with `igwire es up`.")
        _, shown = build(request)
        hit = Hit(
            doc_id="1a", score=1.0, document=DOCUMENT, snippets={"title": ["&lt;script&gt;<mark>alert</mark>"], "body": ["<img src=x><mark>ICANN</mark> met"]}
        )
        facets = {
            "sources": {"s<": 1},
            "kinds": {},
            "countries": {"CN": 1},
            "languages": {"ar": 1},
            "entities": {"ICANN": 1},
            "topics": {},
            "years": {"2015": 1},
        }
        return Results(total=25, total_exact=True, hits=(hit,), facets=facets, interpreted=shown, took_ms=3)

    def get(self, doc_id):
        return DOCUMENT if doc_id == "1a" else None

    def last_good_run(self):
        if self.away:
            raise Unavailable("Elasticsearch does not answer.")
        return {"finished_at": "2026-11-24T01:02:03+00:00"}


@pytest.fixture
def reader():
    return FakeReader()


@pytest.fixture
def client(reader):
    with TestClient(create_app(lambda: reader)) as made:
        yield made


def test_results_are_escaped_and_marked(client):
    answer = client.get("/", params={"q": 'ICANN "<b>"'})
    assert answer.status_code == 200
    assert "<mark>ICANN</mark> met" in answer.text
    assert "<img" not in answer.text
    assert "<script" not in answer.text
    assert 'dir="rtl"' in answer.text
    assert "Page 1 of 3" in answer.text
    assert "2026-11-24 01:02 UTC" in answer.text


def test_the_policy_is_strict(client):
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("query", ["title:(", '"open', "a AND", "x" * 600, "/.*a{1000}/ AND ("])
def test_a_query_that_cannot_be_read_is_explained(client, query):
    answer = client.get("/", params={"q": query})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("params", [{"from": "yesterday"}, {"page": "0"}, {"page": "5000"}])
def test_other_nonsense_is_explained(client, params):
    assert client.get("/", params=params).status_code == 400


def test_an_article_shows_its_entities(client):
    text = client.get("/article/1a").text
    assert '<mark class="entity organisation linked" title="ICANN (organisation): alias &#34;ICANN&#34; &lt;x&gt;">ICANN</mark>' in text
    assert "&lt;b&gt;met&lt;/b&gt;" in text
    assert "<script" not in text
    assert "javascript:" not in text
    assert client.get("/article/nobody").status_code == 404


def test_the_index_is_away(client, reader):
    reader.away = True
    for path in ("/", "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.text


def test_helpers():
    assert str(snippet("a &lt;b&gt; <mark>c</mark>")) == "a &lt;b&gt; <mark>c</mark>"
    assert str(marked({"body": "plain"})) == "plain"
