"""Feeds that lie over days: 304 to everything, another tag for the same body, a captive portal, a move; cases 12, 13 and 16."""

from __future__ import annotations

import re
import socket
from datetime import timedelta

import pytest
from hostile import Stage, article, feed
from origin import Origin, Script, moved, ok, send

from igwire.ledger import sources
from igwire.ledger.sources import SourceState
from igwire.ledger.tables import events

ENDS = {
    "hangs up": lambda connection: connection.shutdown(socket.SHUT_RDWR),
    "not found": send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
}
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nConnection: close\r\n\r\n'


@pytest.fixture
def stage(bench):
    with Origin({}, "127.0.0.25") as hostile, Origin({}, "127.0.0.26") as calm:
        yield Stage(bench, hostile, calm)


def kept(stage: Stage) -> SourceState:
    with stage.bench.ledger.reading() as conn:
        return sources.states(conn, ["bad"])["bad"]


def conditional(origin: Origin, whole: Script, same: Script = send(NOT_MODIFIED)) -> Script:
    """`same` to requests with a validator, `whole` to others."""
    return lambda connection: (same if b"if-none-match" in origin.asked[-1].lower() else whole)(connection)


def a_day_later(stage: Stage, run_id: str) -> None:
    stage.bench.clock.moment += timedelta(days=1)
    stage.run(run_id)


def test_a_server_that_says_304_to_everything_is_found_out_within_a_week_and_told(stage):
    good = send(ok(feed(stage.hostile.url("/one")), b'ETag: "v1"'))
    stage.serve(feed=good, one=send(ok(article("One"))), two=send(ok(article("Two"))))
    stage.run("day0")
    more = ok(feed(stage.hostile.url("/one"), stage.hostile.url("/two")), b'ETag: "v1"')
    stage.serve(feed=conditional(stage.hostile, send(more)))
    for day in range(1, 9):
        a_day_later(stage, f"day{day}")
    assert {"One", "Two"} <= {d["title"] for d in stage.bench.index.documents.values()}
    assert not kept(stage).conditional
    with stage.bench.ledger.reading() as conn:
        assert any("answered 304 although" in row.detail for row in conn.execute(events.select().where(events.c.what == "alert")))


def test_the_newest_of_changing_tags_is_sent_and_the_same_body_is_not_read_again(stage):
    body = feed(stage.hostile.url("/one"))
    stage.serve(one=send(ok(article("One"))))
    for day in range(4):
        stage.serve(feed=send(ok(body, b'ETag: "v%d"' % day)))
        a_day_later(stage, f"day{day}")
    polls = [head for head in stage.hostile.asked if head.startswith(b"GET /feed")]
    assert [re.findall(rb'(?i)if-none-match: "(v\d)"', head) for head in polls] == [[], [b"v0"], [b"v1"], [b"v2"]]
    assert kept(stage).etag == '"v3"'
    stored = [facts for _, _, facts in stage.bench.store.walk() if facts.get("source") == "bad" and facts["kind"] == "feed"]
    assert len(stored) == 1
    assert kept(stage).state_reason == "200 with the same body"


def test_a_portal_in_the_way_moves_nothing_and_a_lasting_move_is_adopted(stage):
    good = send(ok(feed(stage.hostile.url("/one"))))
    stage.serve(feed=good, one=send(ok(article("One"))), portal=send(ok(b"<html><title>Pay for Wi-Fi</title></html>")), new=good)
    stage.run("day0")
    stage.serve(feed=send(moved(b"/portal", b"301 Moved Permanently")))
    a_day_later(stage, "day1")
    assert kept(stage).state == "not_a_feed"
    assert kept(stage).feed_url is None
    stage.serve(feed=send(moved(b"/new", b"308 Permanent Redirect")))
    for day in range(2, 13):
        a_day_later(stage, f"day{day}")
    assert kept(stage).feed_url == stage.hostile.url("/new")
    assert kept(stage).feed_url_was == stage.hostile.url("/feed")


@pytest.mark.parametrize("end", ENDS)
def test_an_adopted_address_that_ends_is_given_up_for_the_catalogues(stage, end):
    """What was adopted is no prison: a month of faults, and the catalogue's address is asked again."""
    good = send(ok(feed(stage.hostile.url("/one"))))
    stage.serve(feed=send(moved(b"/new", b"308 Permanent Redirect")), one=send(ok(article("One"))), new=good)
    for day in range(12):
        a_day_later(stage, f"day{day}")
    assert kept(stage).feed_url == stage.hostile.url("/new")
    stage.serve(feed=good, new=ENDS[end])
    for day in range(12, 48, 3):
        stage.bench.clock.moment += timedelta(days=3)
        stage.run(f"day{day}")
    assert kept(stage).feed_url is None
    assert kept(stage).state in ("ok", "unchanged", "failing")
