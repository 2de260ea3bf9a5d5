"""The real courier against real servers of our own on loopback: a mail server, a webhook, a folder."""

from __future__ import annotations

import json
import socketserver
from contextlib import ExitStack
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from servers import served

from igwire.errors import ConfigError, Unavailable
from igwire.runtime.delivery import Deliverer
from igwire.search.alerts import Line, Message

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MESSAGE = Message(
    id="x", title="Wuzhen", at=AT, lines=(Line(title="乌镇峰会", url="https://a.example/1", source="A", key="d1", changed_at=AT.isoformat()),), total=1
)


class Smtp(socketserver.StreamRequestHandler):
    """The few words of SMTP that a client needs to hand over a message."""

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (piece := self.rfile.readline()) != b".\r\n":
                    lines.append(piece)
                self.server.mails.append(b"".join(lines))
            elif verb == b"RCPT" and b"refused" in line:
                self.wfile.write(b"550 no such user\r\n")
                continue
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")


class Hook(BaseHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.server.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()


@pytest.fixture
def serve():
    with ExitStack() as running:
        yield lambda server: running.enter_context(served(server))


def test_a_feed_is_written_whole(tmp_path):
    Deliverer(folder=tmp_path / "alerts").send("atom", MESSAGE)
    assert "乌镇峰会" in (tmp_path / "alerts" / "x.atom").read_text(encoding="utf-8")
    assert [file.name for file in (tmp_path / "alerts").iterdir()] == ["x.atom"]


def test_a_mail_arrives_with_its_text(tmp_path, serve):
    server = serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp))
    server.mails = []
    courier = Deliverer(folder=tmp_path, smtp=f"smtp://127.0.0.1:{server.server_address[1]}", sender="igwire@example.org")
    courier.send("mail:desk@example.org", MESSAGE)
    (mail,) = [message_from_bytes(raw, policy=policy.default) for raw in server.mails]
    assert (mail["To"], mail["Subject"]) == ("desk@example.org", "Wuzhen: 1 new")
    assert "乌镇峰会" in mail.get_content()
    with pytest.raises(Unavailable, match="did not take"):
        courier.send("mail:refused@example.org", MESSAGE)


def test_mail_without_a_server_says_which_setting_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="IGWIRE_SMTP_URL"):
        Deliverer(folder=tmp_path).send("mail:desk@example.org", MESSAGE)


def test_a_webhook_gets_json_and_must_say_yes(tmp_path, serve):
    server = serve(ThreadingHTTPServer(("127.0.0.1", 0), Hook))
    server.posts = []
    url = f"http://127.0.0.1:{server.server_port}"
    courier = Deliverer(folder=tmp_path)
    courier.send(f"webhook:{url}/hook", MESSAGE)
    assert server.posts[0]["items"][0]["title"] == "乌镇峰会"
    with pytest.raises(Unavailable, match="status 500"):
        courier.send(f"webhook:{url}/broken", MESSAGE)
    with pytest.raises(Unavailable, match="did not answer"):
        courier.send("webhook:http://127.0.0.1:9/", MESSAGE)
