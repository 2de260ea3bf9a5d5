"""Dates, authors and addresses of a page, each with its provenance. Null rather than wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from igwire.errors import BadUrl
from igwire.model import DateFound, FeedEntry
from igwire.text import clean_line
from igwire.urls import fetch_url, is_home_page, registrable_domain

# A page cannot have been published after it was fetched; a day and a half covers every time zone and wrong clocks.
_SLACK = timedelta(hours=36)
# No news of the field is older, but many broken dates are (1970, 0001).
_OLDEST = date(1990, 1, 1)
_PUBLISHED = ("article:published_time", "og:article:published_time", "datepublished", "dc.date.issued", "dc.date", "dcterms.created", "date", "pubdate", "publishdate", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime")  # fmt: skip
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?:[/-]|$|\.)")
_COMPACT_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


class Page:
    """One parsed page, asked for its metadata; the tree is read, never changed."""

    def __init__(self, tree: Any) -> None:
        self.metas = dict(_metas(tree))
        self.linked_data = list(_linked_data(tree))
        self.title = clean_line(" ".join(tree.xpath("//head/title//text()")[:1]), 1000)
        self.declared_language = tree.get("lang") or next(iter(tree.xpath("//html/@lang")), None)
        self.canonical = next(iter(tree.xpath('//link[@rel="canonical"]/@href')), None)
        self.times = tree.xpath("//time/@datetime | //*[@itemprop='datePublished']/@content")[:5]

    def body_text(self) -> str | None:
        """`articleBody` of the linked data, the longest one."""
        bodies = [str(node["articleBody"]) for node in self.linked_data if isinstance(node.get("articleBody"), str)]
        return max(bodies, key=len, default=None)


def _metas(tree: Any) -> Iterator[tuple[str, str]]:
    for node in reversed(tree.xpath("//meta[@content]")):
        name = node.get("property") or node.get("name") or node.get("itemprop") or node.get("http-equiv")
        if name:
            yield name.strip().lower(), node.get("content")


def _linked_data(tree: Any) -> Iterator[dict[str, Any]]:
    for text in tree.xpath('//script[@type="application/ld+json"]/text()'):
        try:
            yield from _nodes(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            continue


def _nodes(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    # Three levels hold every real layout (list, @graph, node); deeper ones are built to hurt.
    if depth > 3:
        return
    if isinstance(value, list):
        for item in value[:100]:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from _nodes(value.get("@graph"), depth + 1)


def published(page: Page, *, url: str, entry: FeedEntry | None, fetched_at: datetime, timezone: str | None, tree: Any) -> DateFound | None:
    """The publication date by the first credible source: JSON-LD, meta, feed, address, `time` elements, htmldate."""
    candidates: Iterable[tuple[str, str]] = _candidates(page, url, entry)
    for printed, origin in candidates:
        if (found := read_date(printed, origin, fetched_at=fetched_at, timezone=timezone)) is not None:
            return found
    return _searched(tree, url, fetched_at, timezone)


def _candidates(page: Page, url: str, entry: FeedEntry | None) -> Iterator[tuple[str, str]]:
    yield from ((str(node["datePublished"]), "json_ld") for node in page.linked_data if node.get("datePublished"))
    yield from ((page.metas[name], "meta") for name in _PUBLISHED if name in page.metas)
    if entry and entry.published:
        yield entry.published, "feed"
    if match := _URL_DATE.search(urlsplit(url).path):
        year, month, day = match.groups()
        yield f"{year}-{month:0>2}-{day:0>2}", "url"
    yield from ((printed, "time") for printed in page.times[:1])
    if entry and entry.updated:
        yield entry.updated, "feed"


def modified(page: Page, *, fetched_at: datetime, timezone: str | None) -> DateFound | None:
    """The date of the last change that the page claims."""
    claims = [(str(node["dateModified"]), "json_ld") for node in page.linked_data if node.get("dateModified")]
    claims += [(page.metas[name], "meta") for name in _MODIFIED if name in page.metas]
    found = (read_date(printed, origin, fetched_at=fetched_at, timezone=timezone) for printed, origin in claims)
    return next((f for f in found if f), None)


def _searched(tree: Any, url: str, fetched_at: datetime, timezone: str | None) -> DateFound | None:
    from htmldate import find_date

    latest = (fetched_at + _SLACK).strftime("%Y-%m-%d")
    printed = find_date(tree, extensive_search=False, original_date=True, url=url, max_date=latest)
    return read_date(printed, "htmldate", fetched_at=fetched_at, timezone=timezone) if printed else None


def read_date(printed: str, origin: str, *, fetched_at: datetime, timezone: str | None) -> DateFound | None:
    """A printed date, kept with its own offset; None when it cannot be read or cannot be true."""
    printed = printed.strip()[:40]
    if len(printed) == 10:
        return _bare_day(printed, origin, fetched_at)
    try:
        moment = datetime.fromisoformat(_COMPACT_OFFSET.sub(r"\1:\2", printed.replace("Z", "+00:00")))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone) if timezone else UTC)
    if moment > fetched_at + _SLACK or moment.date() < _OLDEST:
        return None
    precision = "second" if moment.second else "minute"
    return DateFound(value=moment.isoformat(timespec="seconds"), origin=origin, precision=precision, day=moment.date())


def _bare_day(printed: str, origin: str, fetched_at: datetime) -> DateFound | None:
    try:
        day = date.fromisoformat(printed)
    except ValueError:
        return None
    if day < _OLDEST or day > (fetched_at + _SLACK).date():
        return None
    return DateFound(value=printed, origin=origin, precision="day", day=day)


def canonical_url(page: Page, final_url: str) -> str:
    """The page's canonical address where the claim can be believed, else the address that was fetched.

    Refused: another registrable domain (a fact of syndication, not of identity), a home page, nonsense.
    """
    if not page.canonical:
        return final_url
    try:
        claimed = fetch_url(page.canonical.strip(), final_url)
        same_site = registrable_domain(claimed) == registrable_domain(final_url)
    except BadUrl:
        return final_url
    return claimed if same_site and not (is_home_page(claimed) and not is_home_page(final_url)) else final_url


# Separators between an article's title and the name of the site.
_SEPARATOR = re.compile(r"\s+[|–—·•»-]\s+")


def title_without_site(title: str, site_names: Iterable[str | None]) -> str:
    """The title without the site's name at its start or end."""
    names = {name.strip().casefold() for name in site_names if name and name.strip()}
    for splitter in reversed(list(_SEPARATOR.finditer(title))):
        if title[splitter.end() :].strip().casefold() in names:
            return title[: splitter.start()].strip()
        if title[: splitter.start()].strip().casefold() in names:
            return title[splitter.end() :].strip()
    return title


def authors(page: Page, fallback: str | None, entry: FeedEntry | None) -> tuple[str, ...]:
    """Names of the authors: linked data, then trafilatura's reading, then the feed."""
    names = [n for node in page.linked_data for n in _author_names(node.get("author"))]
    names = names or [n.strip() for n in (fallback or "").split(";")] or []
    cleaned = [clean_line(n, 300) for n in names if n and not n.startswith("http")]
    cleaned = [n for n in cleaned if n] or list(entry.authors if entry else ())
    return tuple(dict.fromkeys(cleaned))[:20]


def _author_names(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = item.get("name")
        if isinstance(item, str):
            yield item


# Languages of the catalogue's regions; a closed list keeps rare languages from stealing short English texts.
_LANGUAGES = [
    "en",
    "fr",
    "es",
    "de",
    "pt",
    "it",
    "nl",
    "ru",
    "uk",
    "ar",
    "fa",
    "tr",
    "hi",
    "id",
    "zh",
    "ja",
    "ko",
    "pl",
    "cs",
    "sk",
    "ro",
    "hu",
    "bg",
    "sr",
    "hr",
    "sl",
    "el",
    "he",
    "sv",
    "da",
    "nb",
    "fi",
    "et",
    "lv",
    "lt",
    "vi",
    "th",
    "ur",
    "bn",
    "ms",
    "sw",
    "ca",
]
# Below it the page's own claim is the better guess.
_SURE = 0.9


def language(text: str, title: str | None, declared: str | None, feed_language: str | None = None) -> tuple[str, float]:
    """(BCP-47 primary tag, confidence): read from the text, the page's claim where the text does not tell."""
    claim = (declared or feed_language or "").split("-")[0].split("_")[0].strip().lower()
    sample = f"{title or ''} {text[:1500]}".strip()
    if len(sample) < 20:
        return (claim or "und"), 0.3 if claim else 0.0
    label, probability = _identifier().classify(sample)
    label = "nb" if label == "no" else label
    if probability >= _SURE or not claim or claim == label:
        return label, round(float(probability), 3)
    return claim, 0.5


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in _LANGUAGES if code in identifier.labels])
    return identifier
