"""Who may look at the page."""

from __future__ import annotations

import base64

import pytest
from fastapi.testclient import TestClient

from igwire.cli.serve import page_for
from igwire.errors import ConfigError
from igwire.settings import Settings
from igwire.web.access import check, is_loopback

TOKEN = "a-long-random-token"


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.0.0.7", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("10.1.2.3", False), ("example.org", False)],
)  # fmt: skip
def test_what_is_this_machine(host, own):
    assert is_loopback(host) is own


def test_an_open_page_does_not_start():
    with pytest.raises(ConfigError, match="IGWIRE_WEB_TOKEN"):
        page_for(Settings(), "0.0.0.0")
    with pytest.raises(ConfigError, match="too short"):
        page_for(Settings(web_token="short"), "0.0.0.0")
    check("0.0.0.0", token="", user_header="X-User")
    check("127.0.0.1", token="", user_header="")


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [({}, False), (basic(TOKEN), True), (basic("wrong-wrong-wrong"), False), ({"Authorization": f"Bearer {TOKEN}"}, True), ({"Authorization": "Bearer"}, False),
     ({"Authorization": "Basic !!!"}, False), ({"Authorization": "Basic " + base64.b64encode(b"\xff\xff").decode()}, False), ({"X-User": "me"}, False)],
)  # fmt: skip
def test_the_token_lets_in(headers, let_in):
    # No server is asked: a file that does not exist is looked at behind the guard.
    with TestClient(page_for(Settings(web_token=TOKEN), "0.0.0.0")) as client:
        for path in ("/export/nothing", "/article"):
            answer = client.get(path, headers=headers)
            assert answer.status_code == (404 if let_in or path == "/article" else 401)
        if not let_in:
            for path in ("/", "/article/1", "/entity/x", "/source/x", "/cite", "/cited/x", "/healthz", "/export/csv"):
                answer = client.get(path, headers=headers)
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_proxy_names_the_user():
    with TestClient(page_for(Settings(web_user_header="X-Forwarded-User"), "127.0.0.1")) as client:
        assert client.get("/export/nothing", headers={"X-Forwarded-User": "vera"}).status_code == 404
        refused = client.get("/export/nothing", headers={"X-Forwarded-User": " "})
        assert refused.status_code == 401
        assert "www-authenticate" not in refused.headers
