"""Hostile answers to requests, each through a whole run: cases 1 to 8, 15 and the robots extras of the design note."""

from __future__ import annotations

import gzip
import socket

import pytest
from hostile import Stage, article, feed
from origin import Origin, drip, moved, ok, send

BOMB = gzip.compress(b"\0" * 200_000_000)
CHALLENGE = b"HTTP/1.1 403 Forbidden\r\ncf-mitigated: challenge\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwait"


@pytest.fixture
def stage(bench):
    with Origin({}, "127.0.0.21") as hostile, Origin({}, "127.0.0.22") as calm:
        yield Stage(bench, hostile, calm)


def status(code: int, *fields: bytes, body: bytes = b""):
    return send(b"\r\n".join([b"HTTP/1.1 %d X" % code, b"Content-Length: %d" % len(body), b"Connection: close", *fields]) + b"\r\n\r\n" + body)


PAGES = {
    "loop": (send(moved(b"/page")), "rejected/too_many_redirects"),
    "file": (send(moved(b"file:///etc/passwd")), "rejected/bad_redirect"),
    "gopher": (send(moved(b"gopher://127.0.0.1/")), "rejected/bad_redirect"),
    "backslash": (send(moved(b"http://a\\@127.0.0.1/")), "rejected/bad_redirect"),
    "inner redirect": (send(moved(b"http://127.0.0.23:9/")), "rejected/blocked_address"),
    "metadata": (send(moved(b"http://169.254.169.254/latest/")), "rejected/blocked_address"),
    "bomb": (send(ok(BOMB, b"Content-Encoding: gzip")), "rejected/too_large"),
    "double gzip": (send(ok(gzip.compress(BOMB), b"Content-Encoding: gzip, gzip")), "rejected/too_large"),
    "six encodings": (send(ok(b"x", b"Content-Encoding: " + b", ".join([b"gzip"] * 6))), "rejected/decode_error"),
    "unknown encoding": (send(ok(b"x", b"Content-Encoding: rot13")), "rejected/decode_error"),
    "short": (send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nnine byte"), "deferred/short_body"),
    "drip body": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", pause=0.2), "deferred/deadline"),
    "drip headers": (drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", pause=0.2), "deferred/deadline"),
    "fat redirect": (send(b"HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 250000000\r\n\r\n" + b"x" * 200_000), "rejected/too_many_redirects"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_ends_in_its_one_outcome(stage, name):
    script, reason = PAGES[name]
    stage.serve_page(script)
    assert stage.run().reasons == {reason: 1}
    stage.rerun_changes_nothing()


FEEDS = {
    "path of a file": (send(ok(b"/proc/self/environ")), "not a feed"),
    "login page": (send(ok(b"<html><title>Log in</title><form></form></html>", b"Content-Type: text/html")), "not a feed"),
    "challenge": (send(CHALLENGE), "bot wall"),
    "short": (send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nnine byte"), "short_body"),
    "bomb": (send(ok(BOMB, b"Content-Encoding: gzip")), "too_large"),
    "drip": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", pause=0.2), "deadline"),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_that_is_none_leaves_what_was_known(stage, name):
    good = send(ok(feed(stage.hostile.url("/page")), b'ETag: "v1"'))
    stage.serve(feed=good, page=send(ok(article("Page"))))
    stage.run("before")
    script, words = FEEDS[name]
    stage.serve(feed=script)
    documents = dict(stage.bench.index.documents)
    stage.run("r1")
    said = stage.state().lower()
    assert words in said or words.replace(" ", "_") in said
    assert stage.bench.index.documents == documents
    stage.serve(feed=good)
    stage.rerun_changes_nothing()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "[::ffff:7f00:1]", "169.254.169.254", "[64:ff9b::7f00:1]", "localhost"])
def test_no_connection_is_made_to_an_inner_address(stage, host):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        url = f"http://{host}:{listener.getsockname()[1]}/x"
        stage.serve(feed=send(ok(feed(url))))
        assert stage.run().reasons in ({"rejected/blocked_address": 1}, {"deferred/robots_unreachable": 1})
        with pytest.raises(TimeoutError):
            listener.accept()


def test_robots_that_fail_stop_their_own_host_only(stage):
    stage.serve_page(send(ok(article("Page"))))
    stage.hostile.scripts["/robots.txt"] = status(500)
    assert stage.run().reasons in ({"deferred/robots_unreachable": 1}, {"deferred/cooling": 1})


def test_robots_that_are_not_there_allow(stage):
    stage.serve_page(send(ok(article("Page"))))
    stage.hostile.scripts["/robots.txt"] = status(404)
    assert stage.run().outcomes["indexed"] == 2


ROBOTS = {
    "byte-order mark": (b"\xef\xbb\xbfUser-agent: *\nDisallow: /page\n", "rejected/robots"),
    "too long": (b"User-agent: *\n" + b"# filler\n" * 70_000 + b"Disallow: /page\n", None),
    "query": (b"User-agent: *\nDisallow: /*?amp=\n", None),
}


@pytest.mark.parametrize("name", ROBOTS)
def test_robots_files(stage, name):
    body, reason = ROBOTS[name]
    stage.serve_page(send(ok(article("Page"))))
    stage.hostile.scripts["/robots.txt"] = send(ok(body))
    assert stage.run().reasons == ({reason: 1} if reason else {})


@pytest.mark.parametrize("value", [b"7200", b"-5", b"999999999", b"Wed, 01 Jan 2031 00:00:00 GMT"])
def test_a_429_cools_the_host_and_a_retried_task_does_not_ask(stage, value):
    stage.serve(feed=status(429, b"Retry-After: " + value))
    stage.run()
    asked = stage.hostile.connections
    stage.run("r1")
    stage.run("r2")
    assert stage.hostile.connections == asked
