"""An invented source, http://news.example, for whole runs on a bench: its feed, robots file and pages."""

from __future__ import annotations

from datetime import UTC, datetime

from igwire.model import Window

LIVE = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
WORDS = "The registry explained at length how the root zone is signed and who holds the keys in the ceremony. " * 12


def page(title: str, body: str = WORDS) -> bytes:
    html = f"<html lang='en'><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{body}</p><p>ICANN spoke in Beijing, China.</p></article></body></html>"
    return html.encode()


def feed(*links: str) -> bytes:
    entries = "".join(
        f"<item><title>Title of {link}</title><link>http://news.example/{link}</link><guid>{link}</guid><pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate></item>"
        for link in links
    )
    return f"<rss version='2.0'><channel><title>Example</title>{entries}</channel></rss>".encode()


def serve(bench, **pages):
    bench.fetcher.answers["http://news.example/feed"] = (200, feed(*pages), {"Content-Type": "application/rss+xml", "ETag": '"v1"'})
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nDisallow: /private\n", {"Content-Type": "text/plain"})
    for name, answer in pages.items():
        bench.fetcher.answers[f"http://news.example/{name}"] = answer
