"""Three more hosts of the newsroom, for sources that nobody has seen working: one whose feed has moved, one with a sitemap only, one with nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

# Address and title; the catalogue's feed address is wrong for the first and missing for the others.
HOSTS = {"moved-feed": ("127.0.0.31", "Moved Feed Foundation"), "sitemap-only": ("127.0.0.32", "Sitemap Council"), "silent": ("127.0.0.33", "Silent Ministry")}
_HOME = "<html lang='en'><head><title>{title}</title>{head}</head><body><h1>{title}</h1><p><a href='/about'>About us</a></p></body></html>"
_TITLES = ("Root servers get a neighbour", "Consultation on interconnection closes", "Registry publishes its accounts", "Working group elects chairs")


def page(name: str, path: str, now: datetime) -> tuple[int, str, bytes]:
    """What one of the hosts answers: (status, content type, body)."""
    _, title = HOSTS[name]
    if path == "/":
        head = "<link rel='alternate' type='application/rss+xml' href='/news/feed.xml'>" if name == "moved-feed" else ""
        return 200, "text/html; charset=utf-8", _HOME.format(title=title, head=head).encode()
    if name == "moved-feed" and path == "/news/feed.xml":
        return 200, "application/rss+xml", _feed(title, now)
    if name == "sitemap-only" and path == "/robots.txt":
        return 200, "text/plain", b"User-agent: *\nDisallow: /search\nSitemap: /maps/index.xml\n"
    if name == "sitemap-only" and path.startswith("/maps/"):
        return 200, "application/xml", _sitemap(path, now)
    if name != "silent" and path.startswith("/news/"):
        text = "The council met and took note of the report on the allocation of numbers, which had been due for a year. " * 10
        return 200, "text/html; charset=utf-8", f"<html lang='en'><body><article><h1>{_TITLES[0]}</h1><p>{text}</p></article></body></html>".encode()
    return 404, "text/html", b"<h1>Not found</h1>"


def _feed(title: str, now: datetime) -> bytes:
    items = "".join(
        f"<item><title>{headline}</title><link>/news/{n}</link><pubDate>{format_datetime(now - timedelta(days=n + 1))}</pubDate></item>"
        for n, headline in enumerate(_TITLES)
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


def _sitemap(path: str, now: datetime) -> bytes:
    if path == "/maps/index.xml":
        return b"<sitemapindex><sitemap><loc>/maps/pages.xml</loc></sitemap><sitemap><loc>/maps/news.xml</loc></sitemap></sitemapindex>"
    if path == "/maps/pages.xml":
        return b"<urlset><url><loc>/about</loc></url></urlset>"
    urls = "".join(f"<url><loc>/news/{n}</loc><lastmod>{now - timedelta(days=n + 1):%Y-%m-%d}</lastmod></url>" for n in range(len(_TITLES)))
    return f"<urlset>{urls}</urlset>".encode()


def catalogue(origin: Callable[[str], str]) -> list[dict[str, Any]]:
    """The hosts as catalogue entries on probation; `origin` turns an address into http://ADDRESS:PORT."""
    return [
        {
            "id": name, "title": title, "site": f"{origin(address)}/", "feed_url": f"{origin(address)}/feed/" if name == "moved-feed" else None,
            "language": "en", "kind": "civil_society", "status": "probation", "collections": ["newsroom"], "gap_s": 0, "poll_min_s": 0,
        }
        for name, (address, title) in HOSTS.items()
    ]  # fmt: skip
