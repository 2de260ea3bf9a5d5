"""Documents, and the bulk writer against a scripted server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from elasticsearch import Elasticsearch
from fakes import FakeClock
from servers import served

from igwire import schema
from igwire.errors import Unavailable
from igwire.index import writer
from igwire.index.document import document_hash, project
from igwire.index.writer import BulkWriter, item_outcome
from igwire.model import Article, DateFound, DocumentContext, EnrichedArticle, Mention, RawRef, Source, Tags, WriteAction

AT = datetime(2026, 11, 24, tzinfo=UTC)
ARTICLE = Article(
    url="https://news.example.co.uk/a", title="Title", text="ICANN met.\nIt ended.", language="en", language_confidence=0.99, content_hash="h", stamp="s",
    published=DateFound(value="2026-11-23T10:00:00+01:00", origin="json_ld", precision="minute", day=date(2026, 11, 23)),
)  # fmt: skip
TAGS = Tags(
    mentions=(
        Mention(start=0, end=5, surface="ICANN", type="organisation", entity="org:icann", name="ICANN", why="alias"),
        Mention(start=0, end=5, surface="BBC", type="media", entity="media:bbc", name="BBC", qid="Q9531", why="alias"),
    ),
    countries=("CN",), stamp="t",
)  # fmt: skip
CONTEXT = DocumentContext(
    doc_id="1abc", source=Source(id="s", title="S", site="http://s.example/", country="GB"), feeds=("s", "t"), requested_url="http://s.example/a?x=1",
    first_seen_at=AT, fetched_at=AT, revised_at=AT, run_id="r", raw=RawRef(segment="g", offset=1, length=2), aliases=("ICANN",),
)  # fmt: skip


def document() -> dict:
    return project(EnrichedArticle(article=ARTICLE, tags=TAGS), CONTEXT)


def test_a_document_holds_only_fields_of_the_schema():
    def check(value: dict, fields: dict, path: str) -> None:
        for name, inner in value.items():
            assert name in fields, f"{path}{name} is not in the mapping"
            for one in inner if isinstance(inner, list) else [inner]:
                if isinstance(one, dict):
                    check(one, fields[name]["properties"], f"{path}{name}.")

    check(document(), schema.properties("articles"), "")


def test_facets_and_times():
    made = document()
    assert made["entities"]["organisation"] == ["BBC", "ICANN"]
    assert made["entities"]["qid"] == ["Q9531"]
    assert (made["published_day"], made["domain"], made["feeds"]) == ("2026-11-23", "example.co.uk", ["s", "t"])
    assert made["stemmed"]["en"]["body"] == ARTICLE.text
    assert document_hash(made) == document_hash(document())


def test_every_field_is_described():
    for kind in schema.COMPONENTS:
        assert set(schema.paths(schema.properties(kind))) == set(schema.descriptions()[kind])
        assert all(schema.descriptions()[kind].values())


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "acked"), (201, "acked"), (409, "superseded"), (429, "retry"), (503, "retry"), (400, "refused"), (413, "refused")]
)
def test_what_a_status_means(status, outcome):
    assert item_outcome(status) == outcome


class Scripted:
    """Answers bulk requests by a script: a list of functions from the ids asked to (status, items)."""

    def __init__(self) -> None:
        self.script: list = []
        self.requests: list[list[str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args) -> None: ...

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ids = [json.loads(line)["index"]["_id"] for line in body.splitlines() if line.startswith(b'{"index"')]
                outer.requests.append(ids)
                status, items = (outer.script.pop(0) if outer.script else everything)(ids)
                if status == 0:
                    # Not close(): the handler's files would keep the connection open, and the client waiting.
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                answer = json.dumps({"errors": True, "items": items} if status == 200 else {"error": {"type": "x", "reason": items}, "status": status}).encode()
                self.send_response(status)
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PUT

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def everything(ids):
    return 200, [{"index": {"_id": i, "status": 201}} for i in ids]


def statuses(**by_id):
    return lambda ids: (200, [{"index": {"_id": i, "status": by_id.get(i, 201), "error": {"type": "t", "reason": "r"}}} for i in ids])


def failed(status, reason=""):
    return lambda ids: (status, reason)


@pytest.fixture
def server():
    scripted = Scripted()
    with served(scripted.server):
        yield scripted


def write(server: Scripted, ids: str = "abc", **bodies) -> tuple[dict[str, str], FakeClock]:
    return written(server, [WriteAction(doc_id=i, version=1, body=bodies.get(i, {"x": i})) for i in ids])


def written(server: Scripted, actions: Iterable[WriteAction]) -> tuple[dict[str, str], FakeClock]:
    clock = FakeClock()
    client = Elasticsearch(f"http://127.0.0.1:{server.server.server_port}")
    outcomes = {r.doc_id: r.outcome for r in BulkWriter(client, "p", clock, tries=4, draw=lambda: 1.0).write(actions)}
    client.close()
    return outcomes, clock


def test_only_what_was_not_taken_is_sent_again(server):
    server.script = [statuses(a=429, b=409), statuses(a=503)]
    outcomes, clock = write(server)
    assert outcomes == {"a": "acked", "b": "superseded", "c": "acked"}
    assert server.requests == [["a", "b", "c"], ["a"], ["a"]]
    assert clock.slept == [2.0, 4.0]


def test_a_whole_request_that_fails_is_sent_again(server):
    server.script = [failed(429), failed(503), failed(0)]
    outcomes, _ = write(server)
    assert set(outcomes.values()) == {"acked"}
    assert len(server.requests) == 4


def test_after_the_last_try_the_rest_stays_undecided(server):
    server.script = [failed(503)] * 4
    outcomes, _ = write(server)
    assert set(outcomes.values()) == {"undecided"}
    assert len(server.requests) == 4


def test_one_bad_document_does_not_harm_the_others(server):
    server.script = [statuses(b=400)]
    assert write(server)[0] == {"a": "acked", "b": "refused", "c": "acked"}
    assert write(server, b={"x": float("nan")})[0] == {"a": "acked", "b": "refused", "c": "acked"}


def test_a_request_that_is_too_large_or_poisoned_is_halved(server):
    def poisoned(ids):
        return (413, "too large") if "b" in ids else everything(ids)

    server.script = [poisoned] * 10
    assert write(server)[0] == {"a": "acked", "b": "refused", "c": "acked"}


def test_a_request_is_under_way_while_the_next_one_is_built(server, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK_ACTIONS", 1)
    drawn, waited = threading.Event(), []

    def actions():
        for name in "abc":
            if name == "c":
                drawn.set()
            yield WriteAction(doc_id=name, version=1, body={"x": name})

    def patient(ids):
        waited.append(drawn.wait(10))
        return everything(ids)

    server.script = [patient]
    assert written(server, actions())[0] == dict.fromkeys("abc", "acked")
    assert waited == [True]
    assert server.requests == [["a"], ["b"], ["c"]]


def test_no_document_overtakes_one_that_the_server_put_off(server, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK_ACTIONS", 1)
    server.script = [statuses(a=429), failed(503)]
    assert set(write(server)[0].values()) == {"acked"}
    assert server.requests == [["a"], ["a"], ["a"], ["b"], ["c"]]


@pytest.mark.parametrize("answer", [failed(401, "no"), failed(403, "cluster_block_exception"), statuses(a=404)])
def test_what_no_retry_mends_stops_the_run(server, answer, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK_ACTIONS", 1)
    server.script = [answer]
    with pytest.raises(Unavailable):
        write(server)
    assert len(server.requests) == 1


def mentioned(entity: str | None, count: int, field: str = "text") -> tuple[Mention, ...]:
    return tuple(Mention(start=n, end=n + 1, surface="x", type="organisation", entity=entity, field=field, why="alias") for n in range(count))


def test_an_article_is_mostly_about_what_its_title_or_its_text_again_and_again_names():
    tags = Tags(mentions=(*mentioned("org:once", 1), *mentioned("org:title", 1, "title"), *mentioned("org:often", 30), *mentioned(None, 30)), stamp="t")
    assert project(EnrichedArticle(article=ARTICLE, tags=tags), CONTEXT)["entities"]["main"] == ["org:often", "org:title"]


def test_zero_and_false_say_something_and_empty_fields_do_not():
    fields = document()
    assert fields["entities"]["count"] == 2
    nothing = project(EnrichedArticle(article=ARTICLE, tags=Tags(stamp="t")), CONTEXT)
    assert nothing["entities"]["count"] == 0
    assert "quotes" not in nothing
    assert "main" not in nothing["entities"]


def test_a_number_that_is_none_is_refused():
    body = {"quality": {"confidence": float("nan")}}
    (result,) = BulkWriter(Elasticsearch("http://127.0.0.1:9"), "p", FakeClock()).write([WriteAction(doc_id="a", version=1, body=body)])
    assert result.outcome == "refused"
