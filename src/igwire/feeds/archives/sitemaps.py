"""Sitemaps as an archive: those that robots.txt lists, else the usual ones; indexes two levels deep, only what can hold the window."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from igwire.errors import BadUrl
from igwire.feeds.archives import ZONES, Ask, Body, Got, Verdict, Walk, date_of, sort_out
from igwire.feeds.sitemap import ParsedSitemap, parse_sitemap
from igwire.model import FeedEntry, Source, Window
from igwire.urls import fetch_url

# What a sitemap's reader says when it left something out.
_CUT = ("too_large", "too_many_entries", "broken_gzip", "malformed")
USUAL = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
# Two levels of indexes below the first, and no more files than an evening's reading.
_DEPTH, _MOST = 2, 60
# Sitemaps of what is no article.
NO_ARTICLES = re.compile(r"categor|[-_/]tags?[-_./]|post_tag|author|users?[-_.]|image|video|attachment", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_DAY_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-](\d\d)[/-](\d\d)(?=[/-])")


def walk(source: Source, window: Window) -> Walk:
    """Every address of the window. Complete when all sitemaps that may hold it were read and dates were found in them."""
    seen: set[str] = set()
    asked: set[str] = set()
    queue = [(url, 0) for url in (yield from roots(source))]
    read, dated, lost = 0, 0, ""
    while queue and len(asked) < _MOST:
        url, depth = queue.pop(0)
        if url in asked or (depth == 0 and read and urlsplit(url).path in USUAL):
            # The usual places are alternatives: one that answers is enough.
            continue
        asked.add(url)
        parsed, problem = _parsed((yield Ask(url, read_sitemap)))
        if parsed is None:
            lost = lost if depth == 0 and urlsplit(url).path in USUAL else f"{url}: {problem}"
            continue
        read += 1
        lost = lost or next((f"{url}: {problem}" for problem in parsed.problems if problem.startswith(_CUT)), "")
        dated += sum(date_of(entry) is not None for entry in parsed.entries)
        yield sort_out(parsed.entries, window, seen)
        below = [(child, depth + 1) for child in parsed.children if _may_hold(child, window)]
        if depth < _DEPTH:
            queue += below
        elif any(child not in asked for child, _ in below):
            lost = lost or f"{url}: indexes are nested more than {_DEPTH} levels deep"
    if read and dated and not queue and not lost:
        return Verdict(True, f"{read} sitemaps")
    return Verdict(False, lost or ("no dates in the sitemaps" if read else "no sitemap was found"), passing=bool(read))


def _parsed(got: Got | None) -> tuple[ParsedSitemap | None, str]:
    value: ParsedSitemap | None = got.value if got else None
    if value is None or value.status == "not_a_sitemap":
        return None, (got.problem if got else "") or "no sitemap"
    return value, ""


def roots(source: Source) -> Generator[Ask, Got | None, list[str]]:
    """Where to begin: the catalogue's sitemap, those in robots.txt, the usual places."""
    if source.sitemap_url:
        return [source.sitemap_url]
    got = yield Ask(urljoin(source.site, "/robots.txt"), read_robots, robots=False)
    listed = list(got.value or ()) if got else []
    return listed or [urljoin(source.site, path) for path in USUAL]


def _may_hold(child: str, window: Window) -> bool:
    """False when the sitemap's name says that it is of other years, or of no articles."""
    path = urlsplit(child).path
    years = {int(year) for year in _YEAR.findall(path)}
    wanted = range((window.start - ZONES).year, (window.end + ZONES).year + 1)
    return not NO_ARTICLES.search(path) and (not years or bool(years & set(wanted)))


def read_sitemap(body: Body) -> ParsedSitemap:
    """Reader of one sitemap; addresses with a day in them are dated by it where the sitemap says nothing."""
    parsed = parse_sitemap(body.body, source_id=body.source.id, url=body.url)
    return replace(parsed, entries=tuple(map(_dated, parsed.entries)))


def _dated(entry: FeedEntry) -> FeedEntry:
    return entry if entry.published else replace(entry, published=day_in_path(entry.url))


def day_in_path(url: str) -> str | None:
    """The day that stands in the address as /2015/12/16/ or /2015-12-16/, as YYYY-MM-DD."""
    day = _DAY_IN_PATH.search(url)
    return "-".join(day.groups()) if day else None


def read_robots(body: Body) -> tuple[str, ...]:
    """Reader of robots.txt: the sitemaps that it lists."""
    return tuple(_addresses(body))


def _addresses(body: Body) -> Iterable[str]:
    for line in body.body[: 512 * 1024].decode("utf-8-sig", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("sitemap", "site-map") and value.strip():
            try:
                yield fetch_url(value.strip().split()[0], body.url)
            except BadUrl:
                continue
