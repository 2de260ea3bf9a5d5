"""One hostile case of each kind, through whole runs beside a calm source; tests/soak/hostile/ holds them all."""

from __future__ import annotations

import socket

import pytest
from hostile import Stage, feed
from origin import Origin, drip, ok, send


@pytest.fixture
def stage(bench):
    with Origin({}, "127.0.0.25") as hostile, Origin({}, "127.0.0.26") as calm:
        yield Stage(bench, hostile, calm)


def test_an_answer_that_drips_is_deferred(stage):
    stage.serve_page(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", pause=0.2))
    assert stage.run().reasons == {"deferred/deadline": 1}


def test_an_inner_address_is_not_connected_to(stage):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        stage.serve(feed=send(ok(feed(f"http://2130706433:{listener.getsockname()[1]}/x"))))
        assert stage.run().reasons in ({"rejected/blocked_address": 1}, {"deferred/robots_unreachable": 1})
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_page_that_is_too_deep_says_so(stage):
    stage.serve_page(send(ok(b"<html><body>" + b"<div>" * 260 + b"text" + b"</div>" * 260)))
    assert stage.run().reasons == {"quarantined/too_deep": 1}
    assert stage.letters() == ["too_deep"]


def test_the_path_of_a_file_is_not_a_feed(stage):
    stage.serve(feed=send(ok(b"/proc/self/environ")))
    stage.run()
    assert "not_a_feed" in stage.state()
