"""Every route of the page, every format of files and messages, and every command that shows articles: nobody sees more than they may."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cli import Shell
from fakes import FakeClock
from fastapi.testclient import TestClient
from invented import LIVE, page, serve
from invented import WORDS as TEXT
from routes import addresses

from igwire import cli, wiring
from igwire.kb import Entity
from igwire.ledger.database import Ledger
from igwire.pipeline.run import run_all
from igwire.search import alerts, citation
from igwire.search.formats import FORMATS
from igwire.search.query import build
from igwire.search.request import SearchRequest
from igwire.search.results import Hit, Results, Span
from igwire.web.app import create_app

HEAD, MIDDLE, TAIL, SUMMARY = "Nobody knew the first key.", "Some words lie in between. " * 30, "The last key was sold in secret.", "What a summary says."
WORDS = (HEAD, TAIL, SUMMARY)
BODY = f"{HEAD}\n{MIDDLE}\n{TAIL}"
AT = BODY.index(TAIL)
ID = "1a"


def document(rights: str, **more) -> dict:
    return {
        "doc_id": ID, "title": "Keys", "url": "http://a.example/1", "body": BODY, "summary": SUMMARY, "language": "en", "published_day": "2015-12-16",
        "source": {"id": "s", "title": "S", "kind": "news"}, "fetched_at": "2026-11-24T00:00:00Z", "revised_at": "2026-11-24T00:00:00Z", "revision": 2,
        "cluster": {"id": "c", "role": "copy"}, "rights": rights, "word_count": 140,
        "quotes": [{"start": AT, "end": len(BODY), "text": TAIL, "speaker": "A"}], "copied_sentences": [{"start": AT, "end": len(BODY), "first": "2b"}],
        "entity_mentions": [{"start": AT, "end": AT + 8, "surface": "The last", "type": "event", "field": "text", "why": "rule"}],
        "entities": {"all": ["Key"]}, "topics": ["keys"], "topic_scores": [{"topic": "keys", "score": 0.5, "evidence": ["sold"]}],
        "stemmed": {"en": {"title": "Keys", "summary": SUMMARY, "body": BODY}}, **more,
    }  # fmt: skip


class OneArticle:
    """A reader of one article that matches everything, with its text in every place that a real one fills."""

    def __init__(self, found: dict) -> None:
        self.found = found
        self.hit = Hit(doc_id=ID, score=1.0, document=found, snippets={"body": [HEAD, f"<mark>{TAIL}</mark>"], "summary": [SUMMARY]}, copies=1)

    def search(self, request, *, texts=False):
        left_out = {"entity_mentions", "quotes", "copied_sentences", "stemmed", *([] if texts else ["body"])}
        hit = Hit(**{**{f: getattr(self.hit, f) for f in ("doc_id", "score", "snippets", "copies")}, "document": self._without(left_out)})
        facets = {name: {"x": 1} for name in ("sources", "kinds", "countries", "languages", "entities", "topics", "years")}
        return Results(total=1, total_exact=True, hits=(hit,), further=(hit,), facets=facets, interpreted=build(request)[1], took_ms=1)

    def _without(self, names):
        return {name: value for name, value in self.found.items() if name not in names}

    def get(self, doc_id):
        return self.found

    def export(self, request):
        yield {"score": 1.0, **self.found}

    def similar(self, doc_id, size=5):
        return [self.hit]

    def copies_of(self, document, size=50):
        return [self.hit]

    def starting_with(self, beginnings):
        return [self.hit]

    def revisions_of(self, doc_id, size=50):
        texts = (f"{BODY} It was different.", BODY)
        return [
            {"revision": n, "@timestamp": "2026-11-24T00:00:00Z", "title": "Keys", "body": text, "changes": {"added": 3}} for n, text in enumerate(texts, 1)
        ]

    def unusual(self, request, size=15):
        return []

    def volume(self, request, interval="month"):
        return [Span(start="2015-12-01", found=1, covered=1)]

    def entity(self, key):
        return Entity(id="org:key", type="organisation", name="Key")

    def countries(self):
        return {}

    def source(self, source_id):
        return None

    def last_good_run(self):
        return None


def seen(reader: OneArticle, viewer: str) -> dict[str, set[str]]:
    """Which of the words each address shows."""
    held = citation.cite(SearchRequest(text="key"), reader.search(SearchRequest(text="key")), FakeClock().now())
    samples = {"doc_id": [ID], "key": ["org:key"], "source_id": ["s"], "token": [citation.to_token(held)], "kind": list(FORMATS)}
    app = create_app(lambda: reader, FakeClock(), viewer=viewer, metrics=lambda: (b"", "text/plain"))
    with TestClient(app) as client:
        return {address: shown(client.get(address).raise_for_status().text) for address in addresses(app, samples, ["?q=secret"])}


def shown(text: str) -> set[str]:
    plain = re.sub(r"</?(?:mark|ins|del)[^>]*>", "", text)
    return {words for words in WORDS if words in plain}


@pytest.mark.parametrize(
    ("rights", "usage", "viewer", "most"),
    [
        ("full", [], "public", set(WORDS)), ("excerpt", [], "owner", set(WORDS)), ("excerpt", [], "public", {HEAD, SUMMARY}), ("metadata", [], "owner", set()),
        ("metadata", [], "public", set()), ("full", ["nosnippet"], "owner", set()), ("full", ["nosnippet"], "public", set()),
    ],
)  # fmt: skip
def test_every_route_and_format(rights, usage, viewer, most):
    found = seen(OneArticle(document(rights, usage=usage)), viewer)
    assert {address: words for address, words in found.items() if words - most} == {}
    # What may be shown is shown somewhere: the test would find it elsewhere.
    assert set().union(*found.values()) == most
    assert len(found) > 2 * len(FORMATS)


class Messages:
    """Whatever alerts send, as each target gets it."""

    def __init__(self, rights: str) -> None:
        hit = OneArticle(document(rights)).hit
        alert = alerts.Alert(id="x", title="X", request=SearchRequest(text="key"), targets=("atom",))
        self.message = alerts.message_of(alert, [hit], FakeClock().now())

    def texts(self):
        return [self.message.as_text(), json.dumps(self.message.as_dict()), alerts.atom(self.message, link="urn:x")]


@pytest.mark.parametrize("rights", ["excerpt", "metadata"])
def test_mail_webhook_and_atom_of_alerts(rights):
    for text in Messages(rights).texts():
        assert "Keys" in text
        assert shown(text) <= ({HEAD, SUMMARY} if rights == "excerpt" else set())


_COMMANDS = {
    "show": ["show", ID, "--json"],
    "search": ["search", "key", "--json"],
    "export": ["search", "key", "--export"],
    "table": ["search", "key", "--csv"],
    "why": ["why", ID, "keys", "--json"],
}


@pytest.mark.parametrize("words", _COMMANDS.values(), ids=_COMMANDS.keys())
@pytest.mark.parametrize(("rights", "viewer", "most"), [("excerpt", "owner", set(WORDS)), ("excerpt", "public", {HEAD, SUMMARY}), ("metadata", "owner", set())])
def test_every_command_that_shows_articles(tmp_path, monkeypatch, capfd, words, rights, viewer, most):
    monkeypatch.setattr(wiring, "reader", lambda: OneArticle(document(rights)))
    ended = Shell(monkeypatch, capfd, IGWIRE_STATE=str(tmp_path), IGWIRE_WEB_VIEWER=viewer).run(*words)
    assert ended.code == 0
    assert ID in ended.out or words[0] == "why"
    found = shown(ended.out.replace("\\n", "\n"))
    assert found <= most
    if words[0] in ("show", "search") and rights == "excerpt":
        assert HEAD in found


def test_no_other_command_reads_articles():
    asking = {file.stem for file in Path(cli.__file__).parent.glob("*.py") if "wiring.reader" in file.read_text(encoding="utf-8")}
    # `alerts backtest` and `serve` are tested above and count only; the demo prints day, source and title.
    assert asking == {"search", "alerts", "serve", "system"}


def test_the_history_on_the_command_line_quotes_no_text_that_may_not_be_shown(bench, monkeypatch, capfd):
    for number, words in enumerate((TEXT, f"{TEXT} {TAIL}")):
        serve(bench, one=(200, page("One", words), {"Content-Type": "text/html", "X-Robots-Tag": "nosnippet"}))
        bench.clock.moment += timedelta(hours=2)
        run_all(bench.parts(gap_s=0), f"r{number}", LIVE)
    monkeypatch.setattr(wiring, "ledger", lambda: Ledger.open(f"sqlite:///{bench.folder / 'ledger.db'}"))
    ended = Shell(monkeypatch, capfd, IGWIRE_STATE=str(bench.folder)).run("show", "http://news.example/one", "--history", "--json")
    assert ended.records[0]["usage"] == ["nosnippet"]
    assert len(ended.records[0]["revisions"]) == 2
    assert TAIL not in ended.out
