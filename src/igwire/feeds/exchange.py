"""The catalogue in other people's formats: OPML in and out, CSV and Markdown out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from itertools import groupby
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from igwire.errors import BadUrl, CatalogueError
from igwire.model import Source
from igwire.text import clean_line
from igwire.urls import fetch_url, host_of, identity_url

# A spreadsheet runs cells that begin so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = [f.name for f in fields(Source)]
_TABLE = ("title", "feed", "language", "region", "kind", "archive", "status", "confidence")


def slug(text: str, taken: Collection[str]) -> str:
    """A source id of a title or host that nobody has yet."""
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:90] or "source"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


def from_opml(body: bytes, known: Iterable[Source]) -> tuple[list[Source], dict[str, int]]:
    """The feeds of an OPML file as sources on probation, and how many were left out for which reason. Raises CatalogueError when it holds none."""
    import listparser

    read = listparser.parse(body)
    have = list(known)
    ids, feeds = {s.id for s in have}, {identity_url(s.feed_url) for s in have if s.feed_url}
    found: list[Source] = []
    dropped: dict[str, int] = {}
    for feed in read.get("feeds", []):
        url, reason = _feed_url(str(feed.get("url") or ""), feeds)
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
            continue
        title = clean_line(str(feed.get("title") or ""), 200) or host_of(url)
        source_id = slug(title, ids)
        ids.add(source_id)
        feeds.add(identity_url(url))
        collections = tuple(dict.fromkeys(_word(tag) for tag in feed.get("tags", []) if _word(str(tag))))
        found.append(Source(id=source_id, title=title, site=_site(url), feed_url=url, status="probation", collections=collections, evidence="OPML import"))
    if not found and not dropped:
        raise CatalogueError("no feed was found in it; is it an OPML file?", file="OPML")
    return found, dropped


def _feed_url(printed: str, have: Collection[str]) -> tuple[str, str | None]:
    try:
        url = fetch_url(printed)
    except BadUrl as error:
        return "", error.reason
    return url, "known" if identity_url(url) in have else None


def _site(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}/"


def _word(tag: str) -> str:
    return re.sub(r"[^\w]+", "-", clean_line(tag, 60).lower()).strip("-")


def to_opml(sources: Iterable[Source], *, title: str = "igwire") -> str:
    """OPML 2.0 with one folder a kind; sources without a feed are left out."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', f"  <head><title>{_escape(title)}</title></head>", "  <body>"]
    with_feed = sorted((s for s in sources if s.feed_url and s.way == "feed"), key=lambda s: (s.kind, s.id))
    for kind, group in groupby(with_feed, key=lambda s: s.kind):
        lines.append(f"    <outline text={quoteattr(kind)}>")
        lines += [
            f'      <outline type="rss" text={quoteattr(s.title)} title={quoteattr(s.title)} xmlUrl={quoteattr(s.feed_url or "")} '
            f"htmlUrl={quoteattr(s.site)} language={quoteattr(s.language)}/>"
            for s in group
        ]
        lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _escape(text: str) -> str:
    return quoteattr(text)[1:-1]


def to_csv(sources: Iterable[Source]) -> str:
    """All fields of all sources; lists are joined by semicolons, and no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for source in sources:
        writer.writerow([_cell(value) for value in asdict(source).values()])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else ";".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def to_markdown(groups: Iterable[tuple[str, Iterable[Source]]]) -> str:
    """The catalogue as a page: one table a group (name, sources)."""
    lines = [
        "# Sources", "", "Made by `igwire sources export --as markdown` from `src/igwire/feeds/catalogue/*.yaml`; a test holds the two together.", "",
        "*active* sources are polled. Those on *probation* have not been seen to work: a weekly probe tries their feed, feeds that their site",
        "names, their sitemaps and their listing page, and follows what works.", "",
    ]  # fmt: skip
    for name, sources in groups:
        listed = list(sources)
        lines += [f"## {name} ({len(listed)})", "", f"| {' | '.join(_TABLE)} |", f"|{'---|' * len(_TABLE)}"]
        lines += [f"| {' | '.join(map(_markdown, _row(source)))} |" for source in listed]
        lines.append("")
    return "\n".join(lines)


def _row(source: Source) -> tuple[str, ...]:
    feed = f"<{source.feed_url}>" if source.feed_url else "none"
    linked = f"[{source.title}]({source.site})"
    return linked, feed, source.language, source.country or source.region, source.kind, source.archive, source.status, source.confidence


def _markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
