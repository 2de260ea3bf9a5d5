"""The page with a reader of the test's own: escaping, faults, headers."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fakes import FakeClock
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igwire.errors import Unavailable
from igwire.kb import Entity
from igwire.search.query import build
from igwire.search.results import Hit, Results, Span, Unusual
from igwire.web.app import create_app
from igwire.web.views import marked, snippet

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


PLAIN = {**DOCUMENT, "title": "Plain", "url": "http://a.example/1", "body": "First words. " * 100, "summary": "In short", "revised_at": "2026-11-24T00:00:00Z"}
ENTITY = Entity(id="org:icann", type="organisation", name="ICANN", qid="Q1", aliases={"ar": ["آيكان"], "en": ["Internet <Corporation>"]}, country="US")
FACETS = {
    "sources": {"s<": 1},
    "kinds": {"news": 1},
    "countries": {"CN": 1},
    "languages": {"ar": 1},
    "entities": {"ICANN": 1},
    "topics": {},
    "years": {"2015": 1},
}


class FakeReader:
    """A reader of the test's own, with one article; raises `fault` when it has one."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.document = DOCUMENT
        self.revisions: list[dict] = []
        self.health: dict | None = None
        self.further: tuple[Hit, ...] = ()
        self.suggestions: tuple[tuple[str, str], ...] = ()
        self.copies, self.matched_as = 0, ""
        self.total, self.hits = 25, 1

    def _hit(self) -> Hit:
        shown = {"title": ["&lt;script&gt;<mark>alert</mark>"], "body": ["<img src=x><mark>ICANN</mark> met"]}
        return Hit(doc_id=self.document["doc_id"], score=1.0, document=self.document, snippets=shown, copies=self.copies, matched_as=self.matched_as)

    def search(self, request, *, texts=False):
        if self.fault:
            raise self.fault
        _, shown = build(request)
        return Results(
            total=self.total, total_exact=True, hits=(self._hit(),) * self.hits, facets=FACETS, interpreted=shown, took_ms=3, stories=20, further=self.further,
            suggestions=self.suggestions, index="igwire-articles-v1-000001",
        )  # fmt: skip

    def get(self, doc_id):
        return self.document if doc_id == "1a" else None

    def similar(self, doc_id, size=5):
        return [self._hit()]

    def copies_of(self, document, size=50):
        return [self._hit()]

    def unusual(self, request, size=15):
        return [Unusual(name="Wu<zhen", found=3, overall=4, score=1.0)]

    def volume(self, request, interval="month"):
        return [Span(start="2015-12-01", found=2, covered=4), Span(start="2016-01-01", found=0, covered=5)]

    def export(self, request):
        build(request)
        if self.fault:
            raise self.fault
        yield self.document

    def entity(self, key):
        return ENTITY if key in ("org:icann", "Q1") else None

    def countries(self):
        return {"CN": "China"}

    def revisions_of(self, doc_id, size=50):
        return self.revisions

    def source(self, source_id):
        return self.health

    def starting_with(self, beginnings):
        return []

    def last_good_run(self):
        if self.fault:
            raise self.fault
        return {"finished_at": "2026-11-24T01:02:03+00:00"}


@pytest.fixture
def reader():
    return FakeReader()


@pytest.fixture
def client(reader):
    with TestClient(create_app(lambda: reader, FakeClock(), viewer="owner")) as made:
        yield made


def test_results_are_escaped_and_marked(client):
    answer = client.get("/", params={"q": 'ICANN "<b>"'})
    assert answer.status_code == 200
    assert "<mark>ICANN</mark> met" in answer.text
    assert "<img" not in answer.text
    assert "<script" not in answer.text
    assert 'dir="rtl"' in answer.text
    # 25 articles are 20 stories, and a story is one hit.
    assert "Page 1 of 2" in answer.text
    assert "Page 1 of 3" in client.get("/?q=ICANN&collapse=no").text
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
    # Nobody has asked for the runs here, so nothing is said of them.
    assert "No good run yet" not in answer.text
    assert 'role="alert"' in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("params", "said"),
    [({"from": "yesterday"}, "Write days as"), ({"page": "0"}, "Pages begin with 1."), ({"page": "5000"}, "Narrow the search"), ({"collapse": "perhaps"}, "Write yes or no."),
     ({"from": "2020-01-02", "to": "2020-01-01"}, "Exchange them."), ({"source": [f"s{n}" for n in range(201)]}, "Choose 200 at most.")],
)  # fmt: skip
def test_other_nonsense_is_explained(client, params, said):
    for path in ("/", "/cite", "/export/csv"):
        answer = client.get(path, params=params)
        assert answer.status_code == 400
        assert said in answer.text
        # What is wrong stands in no place of the query.
        assert "at character" not in answer.text


@pytest.mark.parametrize(("path", "base"), [("/nowhere", "."), ("/source/a%2Fb", ".."), ("/a/b/c", "../..")])
def test_a_path_that_leads_nowhere_is_told_on_a_page(client, path, base):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such page." in answer.text
    assert f'href="{base}/static/igwire.css"' in answer.text
    assert client.post("/").status_code == 405


def test_whoever_checks_a_link_gets_an_answer_without_a_body(client):
    for path in ("/?q=icann", "/article/1a", "/healthz"):
        answer = client.head(path)
        assert (answer.status_code, answer.text) == (200, "")


def test_addresses_hold_the_prefix_below_which_airflow_serves_the_page(reader):
    airflow = FastAPI()
    airflow.mount("/igwire", create_app(lambda: reader, FakeClock(), viewer="owner"))
    with TestClient(airflow) as client:
        address = client.get("/igwire/cite?q=icann").text.partition('rows="8">')[2].partition("<")[0]
        assert client.get(address.removeprefix("http://testserver")).status_code == 200
        assert "<id>http://testserver/igwire/?q=icann</id>" in client.get("/igwire/export/atom?q=icann").text
        assert 'href="./static/igwire.css"' in client.get("/igwire/nowhere").text


def test_an_article_shows_its_entities(client):
    text = client.get("/article/1a").text
    assert '<mark class="entity organisation linked" title="ICANN (organisation): alias &#34;ICANN&#34; &lt;x&gt;">ICANN</mark>' in text
    assert "&lt;b&gt;met&lt;/b&gt;" in text
    assert "<script" not in text
    assert "javascript:" not in text
    assert client.get("/article/nobody").status_code == 404


def test_the_index_is_away(client, reader):
    reader.fault = Unavailable("Elasticsearch does not answer.")
    for path in ("/", "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.text


def test_every_page_is_an_answer_without_markup_of_others(client, reader):
    reader.health = {"source_id": "s", "title": "<b>S</b>", "grade": "good", "@timestamp": "2026-11-24T00:00:00", "site": "javascript:x", "reason": "<i>"}
    reader.revisions = [
        {"revision": 1, "@timestamp": "2026-11-20T00:00:00", "title": "A", "body": "one <b>two</b> three"},
        {"revision": 2, "@timestamp": "2026-11-21T00:00:00", "title": "A", "body": "one <b>two</b> four", "changes": {"added": 1, "removed": 1}},
    ]
    token = client.get("/cite", params={"q": "icann"}).text.partition('href="cited/')[2].partition('"')[0]
    for path in ("/", "/?q=icann", "/article/1a", "/entity/org:icann", "/source/s", "/cite?q=icann", f"/cited/{token}"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        for markup in ("<script", "<evil", "<img", "javascript:", "<b>S", "Wu<z", "<Corporation", "<i>", "<b>two"):
            assert markup not in answer.text, path
        assert answer.text.count("<h1") == 1, path
        assert "style=" not in answer.text, path


def test_a_search_can_be_changed_by_links(client):
    text = client.get("/?q=icann&country=CN&country=-US&from=2015-01-01&language=fr").text
    assert 'aria-current="true" href="./?q=icann&amp;from=2015-01-01&amp;country=-US&amp;language=fr"' in text
    assert "China" in text
    assert 'href="./?q=icann&amp;from=2015-01-01&amp;country=-US&amp;country=-CN&amp;language=fr"' in text
    assert "not <span" in text
    assert 'href="./export/csv?q=icann&amp;from=2015-01-01' in text
    assert 'href="./export/atom?q=icann&amp;from=2015-01-01&amp;country=CN&amp;country=-US&amp;language=fr&amp;sort=newest"' in text


def test_no_hits_lead_on(client, reader):
    reader.hits = 0
    beyond = client.get("/?q=icann&page=7").text
    assert 'The hits end with page 2: <a href="./?q=icann&amp;page=2">' in beyond
    assert "Nothing found" not in beyond
    reader.total = 0
    assert '<a href="./?q=icann">search for them without filters and dates</a>' in client.get("/?q=icann&country=CN&from=2015-01-01").text
    assert "without filters" not in client.get("/?q=icann").text


def test_operators_in_small_letters_are_offered_in_capitals(client):
    assert '<a href="./?q=icann+AND+ietf&amp;country=CN" dir="auto">icann AND ietf</a>' in client.get("/?q=icann and ietf&country=CN").text
    assert "operators in capitals:" not in client.get("/?q=icann ietf").text


def test_every_page_has_one_box_to_search_in(client):
    for path in ("/?q=icann", "/article/1a", "/entity/org:icann", "/source/s", "/cite?q=icann", "/nowhere"):
        assert client.get(path).text.count('type="search"') == 1, path


def test_what_stands_beside_the_hits(client, reader):
    reader.copies, reader.matched_as, reader.suggestions = 2, "ICANN", (("Kaspersky Lab", "org:kaspersky-lab"),)
    text = client.get("/?q=kasparsky").text
    assert "matched as ICANN" in text
    assert "#copies" in text
    assert "2 similar reports" in text
    assert 'href="entity/org%3Akaspersky-lab"' in text
    assert "25 articles in 20 stories" in text
    assert "is incomplete" in text
    assert "is incomplete" not in client.get("/?q=kasparsky&to=2015-01-01").text
    assert "<svg" in text
    assert "50.0 %" in text
    assert "<svg" not in client.get("/?q=kasparsky&page=2").text
    assert "3 of 4" in text


def test_a_syntax_error_is_shown_at_its_place(client):
    text = client.get("/", params={"q": "wuzhen AND (summit"}).text
    assert "wuzhen AND <mark>(</mark>summit" in text
    assert "at character 12" in text
    assert "Add a closing parenthesis." in text


def test_history_is_shown_word_by_word_where_the_text_may_be_shown(reader):
    reader.document = PLAIN
    reader.revisions = [
        {"revision": 1, "@timestamp": "2026-11-20T00:00:00", "title": "A", "body": "one two three"},
        {"revision": 2, "@timestamp": "2026-11-21T00:00:00", "title": "A", "body": "one two four", "changes": {"added": 1, "removed": 1}},
    ]
    for viewer, word_by_word in (("owner", True), ("public", False)):
        with TestClient(create_app(lambda: reader, FakeClock(), viewer=viewer)) as client:
            text = client.get("/article/1a").text
        assert ("<del> three</del><ins> four</ins>" in text) is word_by_word
        assert "1 word added, 1 removed" in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "page"), ("/article/1a", "page"), ("/entity/org:icann", "page"), ("/source/s", "page"), ("/cite", "page"), ("/export/atom", "file"),
     ("/export/feed", "file"), ("/export/csv", "file"), ("/export/ndjson", "file")],
)  # fmt: skip
def test_no_route_shows_the_public_more_than_the_rights_allow(reader, path, kind):
    secret = "Secret" + "word"
    body = "First words. " * 100 + secret
    with TestClient(create_app(lambda: reader, FakeClock(), viewer="public")) as client:
        for more, forbidden in (
            ({"rights": "excerpt"}, [secret]), ({"rights": "metadata"}, [secret, "First words", "In short"]),
            ({"rights": "full", "usage": ["nosnippet"]}, [secret, "First words", "In short"]),
        ):  # fmt: skip
            reader.document = {**PLAIN, "body": body, "quotes": [{"text": secret, "start": 1300, "end": 1310}], **more}
            text = client.get(path).text
            assert [word for word in forbidden if word in text] == [], more
        if kind == "file":
            reader.document = {**PLAIN, "body": body, "rights": "full"}
            assert secret in client.get(path).text or path == "/export/atom"


def test_files_are_what_they_say(client, reader):
    reader.document = PLAIN
    for kind, media_type in (("atom", "application/atom+xml"), ("feed", "application/feed+json"), ("csv", "text/csv"), ("ndjson", "application/x-ndjson")):
        answer = client.get(f"/export/{kind}?q=icann")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/export/exe").status_code == 404
    assert client.get("/export/csv?q=title:(").status_code == 400
    reader.fault = Unavailable("away")
    assert client.get("/export/csv").status_code == 503


def test_a_citation_says_what_has_changed(client, reader):
    token = client.get("/cite", params={"q": "icann"}).text.partition('href="cited/')[2].partition('"')[0]
    assert "Nothing has changed" in client.get(f"/cited/{token}").text
    reader.document = {**DOCUMENT, "content_hash": "other"}
    assert "1 with another text" in client.get(f"/cited/{token}").text
    reader.document = {**DOCUMENT, "doc_id": "2b"}
    text = client.get(f"/cited/{token}").text
    assert "1 no longer among the first; 1 are new" in text
    assert "1 of them are no longer in the index" in text
    assert client.get(f"/cited/{token[:-3]}").status_code == 400
    assert client.get("/cited/nonsense").status_code == 400


def test_an_entity_is_found_by_its_qid_too(client):
    text = client.get("/entity/Q1").text
    assert "آيكان" in text
    assert "https://www.wikidata.org/wiki/Q1" in text
    assert client.get("/entity/nobody").status_code == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/", "/export/csv", "/export/atom", "/cite"]),
    st.dictionaries(st.sampled_from(["q", "from", "to", "page", "size", "sort", "country", "entity", "collapse", "recency", "changed_after", "x"]), st.text(max_size=40), max_size=4),
)  # fmt: skip
def test_any_parameters_are_answered_or_explained(client, path, params):
    answer = client.get(path, params=params)
    assert answer.status_code in (200, 400)
    assert "<script" not in answer.text or answer.headers["content-disposition"].startswith("attachment")
    assert "Traceback" not in answer.text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["article", "entity", "source", "cited", "export"]), st.text(min_size=1, max_size=60))
def test_any_path_is_answered_or_explained(client, page, key):
    assert client.get(f"/{page}/{quote(key, safe='')}").status_code in (200, 307, 400, 404)


def test_the_article_says_why_each_entity_was_tagged(client, reader):
    twice = {**DOCUMENT["entity_mentions"][0], "why": "acronym of a name in the text; kb 2026.11"}
    reader.document = {**DOCUMENT, "entity_mentions": [*DOCUMENT["entity_mentions"], twice]}
    row = client.get("/article/1a").text.partition("org%3Aicann")[2].partition("</tr>")[0]
    assert "<td>organisation</td><td>2</td>" in row
    assert "alias &#34;ICANN&#34; &lt;x&gt;; acronym of a name in the text</td>" in row


def test_helpers():
    assert str(snippet("a &lt;b&gt; <mark>c</mark>")) == "a &lt;b&gt; <mark>c</mark>"
    assert str(marked({"body": "plain"})) == "plain"


def test_values_of_facets_go_by_their_titles(reader):
    titles = {"source": {"s<": "The <S>"}, "topic": {}}
    with TestClient(create_app(lambda: reader, FakeClock(), viewer="owner", titles=lambda: titles)) as client:
        page = client.get("/?q=icann&source=s%3C").text
    assert page.count("The &lt;S&gt;") >= 2
    assert "The <S>" not in page
    assert "source=s%3C" in page
