"""`igwire stage fetch`: one answer a line, under the same guards as the pipeline."""

from __future__ import annotations

import json

import pytest
from origin import Origin, moved, ok, send

from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard
from igwire.pipeline.stagefile import run_stage

SCRIPTS = {
    "/fine": send(ok(b"hello")),
    "/robots.txt": send(ok(b"User-agent: *\nDisallow: /private\n")),
    "/private": send(ok(b"secret")),
    "/moved": send(moved(b"/fine")),
    "/inner": send(moved(b"http://127.0.0.2:9/")),
    "/lost": send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    "/broken": send(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
}


@pytest.fixture
def origin():
    with Origin(dict(SCRIPTS)) as server:
        yield server


def fetch(tmp_path, origin, rows, *, own=True):
    client = Client(agent=user_agent("tests@example.org"), guard=Guard((f"127.0.0.1:{origin.port}",)), total_s=3)
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"id": n, "url": url}) + "\n" for n, url in enumerate(rows)), encoding="utf-8")
    run_stage("fetch", tmp_path / "in.jsonl", tmp_path / "out.jsonl", workers=1, fetcher=client, gap_s=0.01, own=lambda _host: own)
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row for row in answers}


def test_every_line_gets_its_outcome(tmp_path, origin):
    paths = ["/fine", "/moved", "/inner", "/lost", "/broken"]
    rows = [origin.url(path) for path in paths] + ["ftp://example.org/", "http://[::1]:9/", "http://10.0.0.1/"]
    answers = fetch(tmp_path, origin, rows)
    expected = ["fetched", "fetched", "blocked_address", "not_found", "http_500", "scheme", "blocked_address", "blocked_address"]
    assert [answers[n]["outcome"] for n in range(len(rows))] == expected
    assert answers[1] | {"seconds": 0} == {
        "id": 1, "outcome": "fetched", "reason": None, "detail": "", "status": 200, "final_url": origin.url("/fine"), "bytes": 5, "seconds": 0,
        "address": "127.0.0.1",
    }  # fmt: skip
    assert all(row["address"] is None for row in answers.values() if row["outcome"] == "blocked_address")


def test_robots_are_obeyed_where_the_host_is_not_the_users_own(tmp_path, origin):
    answers = fetch(tmp_path, origin, [origin.url("/private"), origin.url("/fine")], own=False)
    assert [answers[n]["outcome"] for n in (0, 1)] == ["robots", "fetched"]
    origin.scripts["/robots.txt"] = SCRIPTS["/broken"]
    assert fetch(tmp_path, origin, [origin.url("/fine")], own=False)[0]["outcome"] == "robots_unreachable"
