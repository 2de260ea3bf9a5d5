"""Title, authors, address, language and the rest of what a page says of its article. Null rather than wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from igwire.errors import BadUrl
from igwire.extract import languages
from igwire.extract.page import Page
from igwire.model import FeedEntry
from igwire.text import clean_line, word_count
from igwire.urls import fetch_url, is_home_page, same_site


def canonical_url(page: Page, final_url: str) -> str:
    """The page's canonical address where the claim can be believed, else the address that was fetched.

    Refused: another registrable domain (a fact of syndication, not of identity), a home page, nonsense.
    """
    if not page.canonical:
        return final_url
    try:
        claimed = fetch_url(page.canonical.strip(), final_url)
    except BadUrl:
        return final_url
    return claimed if same_site(claimed, final_url) and not (is_home_page(claimed) and not is_home_page(final_url)) else final_url


# Separators between an article's title and the name of the site.
_SEPARATOR = re.compile(r"\s+[|–—·•»:-]\s+|\s*[_｜]\s*|\s*[-–—|]{2,}\s*")


def title_without_site(title: str, site_names: Iterable[str | None]) -> str:
    """The title without the site's name at its start or end."""
    names = {name.strip().casefold() for name in site_names if name and name.strip()}
    for splitter in reversed(list(_SEPARATOR.finditer(title))):
        if title[splitter.end() :].strip().casefold() in names:
            return title[: splitter.start()].strip()
        if title[: splitter.start()].strip().casefold() in names:
            return title[splitter.end() :].strip()
    return title


def title(page: Page, entry: FeedEntry | None) -> str | None:
    """The headline without the site's name: the feed's where the page confirms it, else the page's own claims, best first."""
    # The feed's own title, where the page's confirms it, is the one without the site's name.
    if entry and entry.title and entry.title in page.title:
        return entry.title
    names = (page.metas.get("og:site_name"), page.metas.get("application-name"), *_publishers(page))
    headline = next((node["headline"] for node in page.articles if isinstance(node.get("headline"), str)), None)
    for candidate in (_confirmed_heading(page), page.metas.get("og:title"), headline, page.title, page.heading, entry.title if entry else None):
        if cleaned := title_without_site(clean_line(html.unescape(candidate or ""), 1000), names):
            return cleaned
    return None


def _confirmed_heading(page: Page) -> str | None:
    """The part of the page's title that stands as a heading on the page: the headline, the rest is the site's name."""
    headings = {heading.casefold() for heading in page.texts("h1, h2", 12)}
    whole = page.title
    parts = [whole, *(part for cut in _SEPARATOR.finditer(whole) for part in (whole[: cut.start()], whole[cut.end() :]))]
    confirmed = [part.strip() for part in parts if part.strip().casefold() in headings and word_count(part) > 2]
    return max(confirmed, key=len, default=None)


def _publishers(page: Page) -> Iterator[str]:
    for node in page.linked_data:
        publisher = node.get("publisher")
        if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
            yield publisher["name"]


# Where pages name their authors for machines, then for readers.
_AUTHOR_METAS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "citation_author", "byl")
_AUTHOR_MARKS = (
    '[itemprop~="author"] [itemprop~="name"]',
    '[itemprop~="author"]',
    'a[rel~="author"]',
    ".byline a, .author-name, .post-author a, .author a, .byline-name",
)
_BY = re.compile(r"^\s*(?:by|von|par|por|de|di|door|от|автор|written by|author)[:\s]+", re.IGNORECASE)
_JOINT = re.compile(r"\s*(?:;|\||,|\s(?:and|und|et|y|e|en|и|&)\s)\s*")
_NOT_A_NAME = re.compile(r"https?:|www\.|@|/|\d{3}")


def authors(page: Page, entry: FeedEntry | None) -> tuple[str, ...]:
    """Names of the authors: linked data, metas, marks in the page, then the feed; each once."""
    claims: tuple[Iterable[str], ...] = (
        (name for node in page.articles for name in _author_names(node.get("author"))),
        (page.metas[name] for name in _AUTHOR_METAS if name in page.metas),
        *(page.texts(selector, 3) for selector in _AUTHOR_MARKS),
        entry.authors if entry else (),
    )
    for claim in claims:
        names = [cleaned for printed in claim for part in _JOINT.split(html.unescape(printed)) if (cleaned := _name(part))]
        if names:
            return tuple(dict.fromkeys(names))[:20]
    return ()


def _name(printed: str) -> str | None:
    name = _BY.sub("", clean_line(printed, 300)).strip(" .,:–-")
    return name if 1 < len(name) <= 80 and len(name.split()) <= 6 and not _NOT_A_NAME.search(name) else None


def _author_names(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = item.get("name")
        if isinstance(item, str):
            yield item


def keywords(page: Page) -> tuple[str, ...]:
    """The page's own keywords, at most 64 of 128 characters."""
    found = [word for node in page.articles for word in _strings(node.get("keywords"))] or _strings(
        page.metas.get("keywords") or page.metas.get("news_keywords") or page.metas.get("article:tag")
    )
    cleaned = (clean_line(html.unescape(word), 128) for word in found)
    return tuple(dict.fromkeys(word for word in cleaned if word))[:64]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split(",")
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def section(page: Page) -> str | None:
    """The part of the publication that the article stands in, as the page names it."""
    named = [word for node in page.articles for word in _strings(node.get("articleSection"))] + _strings(page.metas.get("article:section"))
    return next((line for word in named if (line := clean_line(html.unescape(word), 128))), None)


def image(page: Page, url: str) -> str | None:
    """Absolute address of the picture that the page is shared with."""
    return absolute(next((page.metas[name] for name in ("og:image", "og:image:url", "twitter:image") if name in page.metas), ""), url)


def licence(page: Page) -> str | None:
    """The licence that the page names by link or in its linked data (an address, or the words)."""
    claimed = page.attribute('a[rel~="license"], link[rel~="license"]', "href") or next(
        (n["license"] for n in page.articles if isinstance(n.get("license"), str)), None
    )
    return clean_line(claimed, 300) or None if claimed else None


def absolute(href: str, base: str) -> str | None:
    """The address as an absolute http(s) URL, None when it is none."""
    href = href.strip()
    if not href or href.startswith(("#", "mailto:", "javascript:", "tel:", "data:")):
        return None
    try:
        return fetch_url(href, base or None)
    except BadUrl:
        return None


# Languages that short texts do not tell apart: within a group the page's own claim settles it.
_SIBLINGS = (
    frozenset(("hr", "bs", "sr", "sh")),
    frozenset(("nb", "nn", "no", "da")),
    frozenset(("id", "ms")),
    frozenset(("es", "gl", "ca")),
    frozenset(("hi", "mr", "ne")),
)
# Below it the page's own claim is the better guess.
_SURE = 0.9


def language(text: str, title: str | None, declared: str | None, feed_language: str | None = None) -> tuple[str, float]:
    """(BCP-47 primary tag, confidence): read from the text, the page's claim where the text does not tell."""
    claim = (declared or feed_language or "").split("-")[0].split("_")[0].strip().lower()
    sample = f"{title or ''} {text[:1500]}".strip()
    if len(sample) < 20:
        return (claim or "und"), 0.3 if claim else 0.0
    label, probability = languages.loading().result().classify(sample)
    label = "nb" if label == "no" else label
    if any(label in group and claim in group for group in _SIBLINGS):
        return claim, round(float(probability), 3)
    if probability >= _SURE or not claim or claim == label:
        return label, round(float(probability), 3)
    return claim, 0.5
