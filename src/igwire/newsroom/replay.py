"""Recorded pages of the real web as a newsroom: one loopback address a host, each with a feed of its pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from igwire.errors import UsageError
from igwire.ledger.packing import instant
from igwire.newsroom.server import Answer, Newsroom


@dataclass(slots=True, kw_only=True)
class Host:
    """The recorded pages of one host: target (path and query) → row of the list."""

    name: str
    address: str
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_list(file: Path) -> list[Host]:
    """Hosts of a list of `{"file", "url", "title"?, "date"?}` lines. Raises UsageError naming file and line."""
    hosts: dict[str, Host] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            parts = urlsplit(row["url"])
            recorded = file.parent / row["file"]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{file}:{number}: each line must be an object with 'file' and 'url': {error}") from error
        if not recorded.is_file():
            raise UsageError(f"{file}:{number}: there is no file {recorded}")
        name = parts.hostname or "unknown"
        host = hosts.setdefault(name, Host(name=name, address=_address(len(hosts))))
        host.pages[(parts.path or "/") + (f"?{parts.query}" if parts.query else "")] = {**row, "file": recorded}
    return list(hosts.values())


def _address(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def add_hosts(room: Newsroom, hosts: list[Host]) -> None:
    """Let the newsroom serve the recorded hosts."""
    for host in hosts:
        room.add_host(host.address, _responder(room, host))


def catalogue(room: Newsroom, hosts: list[Host]) -> list[dict[str, Any]]:
    """The recorded hosts as catalogue entries."""
    return [
        {
            "id": "replay-" + "".join(c if c.isalnum() else "-" for c in host.name.lower())[:90], "title": host.name, "site": room.origin(host.address) + "/",
            "feed_url": room.origin(host.address) + "/replay-feed.xml", "collections": ["replay"], "gap_s": 0, "poll_min_s": 0, "rights": "metadata",
        }
        for host in hosts
    ]  # fmt: skip


def _responder(room: Newsroom, host: Host) -> Callable[[str, str], Answer]:
    def respond(path: str, query: str) -> Answer:
        if path == "/replay-feed.xml":
            return Answer(body=_feed(host, room.origin(host.address)), type="application/rss+xml")
        row = host.pages.get(path + (f"?{query}" if query else ""))
        # No charset: the page itself has to tell, as so often.
        return Answer(body=row["file"].read_bytes(), type="text/html") if row else Answer(status=404)

    return respond


def _feed(host: Host, origin: str) -> bytes:
    items = "".join(_item(target, row, origin) for target, row in host.pages.items())
    head = f"<title>{_text(host.name)}</title><link>{origin}/</link><description>recorded pages</description>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _item(target: str, row: dict[str, Any], origin: str) -> str:
    moment = instant(row.get("date") if isinstance(row.get("date"), str) else None)
    date = f"<pubDate>{format_datetime(moment)}</pubDate>" if moment else ""
    title = f"<title>{_text(str(row['title']))}</title>" if row.get("title") else ""
    return f'<item>{title}<link>{_text(origin + target)}</link><guid isPermaLink="false">{_text(row["url"])}</guid>{date}</item>'


def _text(value: str) -> str:
    # quoteattr escapes what XML needs; its quotes are cut off again, and controls have no place in XML at all.
    return quoteattr("".join(c for c in value if c >= " "))[1:-1]
