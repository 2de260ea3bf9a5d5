"""Finding out how a source on probation can be followed: its feed, feeds that its site names, its sitemaps, its listing page.

A walk like those of `archives`: it asks for addresses, receives answers, and returns what it found.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from igwire.feeds.archives import Ask, Body, Got, date_of
from igwire.feeds.archives.listing import read_listing
from igwire.feeds.archives.paged import read_feed
from igwire.feeds.archives.sitemaps import NO_ARTICLES, read_sitemap, roots
from igwire.feeds.discover import WELL_KNOWN, discover
from igwire.model import FeedEntry, ParsedFeed, Source

# A way whose newest entry is older leads to an archive, not to news.
FRESH = timedelta(days=180)
# Seconds for reading one feed; the largest real ones take about one.
READ_S = 10.0
# One dated entry makes a feed; a sitemap also dates its imprint, so it takes more of them there and on listing pages.
_ENOUGH = {"feed": 1, "sitemap": 3, "listing": 3}
# Requests to one site per step: enough for what sites really have, few enough to be borne once a week.
_CANDIDATES, _SITEMAPS, _GUESSES = 4, 6, 3
_LIKELY = re.compile(r"news|post|article|blog|press|publication", re.IGNORECASE)

Steps = Generator[Ask, Got | None, "Finding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`way` (feed, sitemap, listing) and `url` when the source can be followed; `reason` in words either way."""

    way: str | None = None
    url: str | None = None
    reason: str
    entries: tuple[FeedEntry, ...] = ()


def probe(source: Source, now: datetime) -> Steps:
    """Try one way after the other until one gives dated, fresh entries."""
    reasons = []
    for step in (_feeds, _sitemaps, _listing):
        finding = yield from step(source, now)
        if finding.way:
            return finding
        reasons.append(finding.reason)
    return Finding(reason="; ".join(reasons))


def _feeds(source: Source, now: datetime) -> Steps:
    """The catalogue's feed, those that the site's page names, and the usual addresses."""
    told: list[str] = []
    tried: set[str] = set()
    if source.feed_url:
        finding = yield from _try(source, "feed", [source.feed_url], now, tried)
        if finding.way:
            return finding
        told.append(finding.reason)
    page = yield Ask(source.site, read_links)
    links: tuple[str, ...] = (page.value or ()) if page else ()
    finding = yield from _try(source, "feed", links[:_CANDIDATES], now, tried)
    if finding.way:
        return finding
    told.append(finding.reason if links else f"{source.site} names no feed" + (f" ({page.problem})" if page and page.problem else ""))
    if not links:
        finding = yield from _try(source, "feed", [urljoin(source.site, path) for path in WELL_KNOWN[:_GUESSES]], now, tried)
        if finding.way:
            return finding
    return Finding(reason="; ".join(told))


def _sitemaps(source: Source, now: datetime) -> Steps:
    queue = yield from roots(source)
    tried: set[str] = set()
    reason = "no sitemap"
    while queue and len(tried) < _SITEMAPS:
        url = queue.pop(0)
        got = yield Ask(url, read_sitemap)
        tried.add(url)
        if got is None or got.value is None or got.value.status == "not_a_sitemap":
            continue
        if finding := _judged("sitemap", url, got.value.entries, now):
            if finding.way:
                return finding
            reason = finding.reason
        children = [child for child in got.value.children if child not in tried and not NO_ARTICLES.search(child)]
        queue = sorted(children, key=_likeliness, reverse=True) + queue
    return Finding(reason=reason)


def _likeliness(url: str) -> tuple[bool, list[int]]:
    """Sitemaps of articles first, and of those the one with the highest year or number."""
    return bool(_LIKELY.search(url)), [int(number) for number in re.findall(r"\d{1,8}", url)]


def _listing(source: Source, now: datetime) -> Steps:
    url = source.listing_url or source.site
    got = yield Ask(url, read_listing)
    if got is None or got.value is None:
        return Finding(reason=f"{url}: {got.problem if got and got.problem else 'no page'}")
    return _judged("listing", url, got.value.entries, now) or Finding(reason=f"{url} lists no dated article that could be recognised")


def _try(source: Source, way: str, urls: Iterable[str], now: datetime, tried: set[str]) -> Steps:
    """The first of the feeds that is fresh; else why the last one was not."""
    reason = "no feed"
    for url in urls:
        if url in tried:
            continue
        tried.add(url)
        # A feed is published for machines.
        got = yield Ask(url, read_feed, robots=False)
        feed: ParsedFeed | None = got.value if got else None
        if feed is None or feed.status != "ok":
            reason = f"{url}: {(got.problem if got else '') or (feed.status if feed else 'no answer')}"
            continue
        finding = _judged(way, url, feed.entries, now) or Finding(reason=f"{url}: no entry is dated")
        if finding.way:
            return finding
        reason = finding.reason
    return Finding(reason=reason)


def _judged(way: str, url: str, entries: Iterable[FeedEntry], now: datetime) -> Finding | None:
    """What the dated entries are worth; None when there are none."""
    dated = {entry: moment for entry in entries if (moment := date_of(entry)) and moment <= now + timedelta(days=1)}
    if not dated:
        return None
    newest = max(dated.values())
    fresh = tuple(entry for entry, moment in dated.items() if now - moment <= FRESH)
    if len(fresh) < _ENOUGH[way]:
        return Finding(reason=f"{url}: the newest of {len(dated)} dated entries is of {newest:%Y-%m-%d}")
    return Finding(way=way, url=url, reason=f"by {way}: {len(dated)} dated entries, the newest of {newest:%Y-%m-%d}", entries=fresh)


def read_links(body: Body) -> tuple[str, ...]:
    """Reader of a home page: the feeds that it names."""
    return discover(body.body, body.url)


def read_source(body: Body, most: int = 100) -> ParsedFeed:
    """Reader for polls: the source's feed, sitemap or listing page as a feed; of the latter two the newest dated entries only."""
    source = body.source
    if source.way == "feed":
        return read_feed(body)
    if source.way == "sitemap":
        parsed = read_sitemap(body)
        entries, known = parsed.entries, parsed.status != "not_a_sitemap"
    else:
        page = read_listing(body)
        entries, known = (page.entries if page else ()), page is not None
    if not known:
        return ParsedFeed(status="not_a_feed", problems=(f"not_a_feed: no {source.way} at the address",))
    dated = sorted(((moment, n) for n, entry in enumerate(entries) if (moment := date_of(entry))), reverse=True)
    chosen = tuple(entries[n] for _, n in dated[:most])
    return ParsedFeed(status="ok" if chosen else "empty", format=source.way, entries=chosen)
