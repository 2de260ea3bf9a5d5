"""When an article was published and changed: the first credible source, with its provenance. Null rather than wrong.

The order is measured (docs/decisions/0007): what a site writes for machines, then its feed, then its address, then what it
shows its readers, last a search of the whole page by htmldate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from datetime import timezone as offset_of
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from igwire.extract.blocks import Block
from igwire.extract.page import Page
from igwire.extract.shown import Shown, read_day
from igwire.model import DateFound, FeedEntry

# A page cannot have been published after it was fetched; a day and a half covers every time zone and wrong clocks.
_SLACK = timedelta(hours=36)
# No news of the field is older, but many broken dates are (1970, 0001).
_OLDEST = date(1990, 1, 1)
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time", "published", "datepublished", "date_published", "published_time", "publish-date",
    "publish_date", "publishdate", "pubdate", "publication_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "dc.date.issued",
    "dcterms.issued", "dcterms.created", "dc.date.created", "dcterms.date", "dc.date", "article.published", "article_date_original", "originalpublicationdate", "citation_date",
    "citation_publication_date", "date", "created", "displaydate", "iso-8601-publish-date", "rnews:datepublished", "dc.created",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified", "lastmod")
_URL_DAY = re.compile(r"/((?:19|20)\d\d)[/_.-]?(0[1-9]|1[0-2]|(?<=[/_.-])[1-9](?=[/_.-]))[/_.-]?(0[1-9]|[12]\d|3[01]|(?<=[/_.-])[1-9](?=[/_.-]))(?!\d)")
_URL_DAY_FIRST = re.compile(r"[/~_-](0[1-9]|[12]\d|3[01])[.-](0[1-9]|1[0-2])[.-]((?:19|20)\d\d)(?!\d)")
# Marks by which a page shows its readers the date, best first.
_MARKED = (
    '[itemprop~="datePublished"]', "time[pubdate]", "time.entry-date.published, time.published, abbr.published, .dt-published", "time.entry-date, abbr.date, .entry-date time",
    "article time[datetime], main time[datetime]", "time[datetime]", ".published[title], .updated[title]",
)  # fmt: skip
# ISO 8601 as sites write it: without hyphens, with short months, with a space before the clock or the zone.
_ISO = re.compile(
    r"^((?:19|20)\d\d)(?:-(\d\d?)-(\d\d?)|(\d\d)(\d\d))[T ](\d\d?):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$", re.IGNORECASE
)
_DAY = re.compile(r"^((?:19|20)\d\d)[-/.]?(\d\d?)[-/.]?(\d\d?)(?!\d)")


def published(
    page: Page, *, url: str, entry: FeedEntry | None, fetched_at: datetime, timezone: str | None, blocks: list[Block], tree: Callable[[], Any]
) -> DateFound | None:
    """The publication date, or None. `tree` makes lxml's tree for htmldate, which is asked only where all else is silent."""
    language = (page.declared_language or "")[:2].lower()
    shown = Shown(blocks, language, page.title)

    def stamps(origins: Iterable[tuple[str, str]]) -> Iterator[DateFound | None]:
        return (read_date(*claim, fetched_at=fetched_at, timezone=timezone) or _worded(*claim, language, fetched_at) for claim in origins if claim[1] != "text")

    for printed, origin in candidates(page, url, entry, shown):
        found = read_date(printed, origin, fetched_at=fetched_at, timezone=timezone)
        if found is not None:
            changed = changes(page, fetched_at=fetched_at, timezone=timezone)
            second = _seconded(found, shown.under_headline, stamps(candidates(page, url, entry, shown)), changed)
            return second or _publishers_day(found, (text for text, _ in candidates(page, url, entry, shown)), url_day(url), shown, fetched_at)
        if (found := _worded(printed, origin, language, fetched_at)) is not None:
            return _swapped(found, printed, [url_day(url), shown.day]) or found
    days = ((shown.day, "text"), (page.stated_day, "script"), (shown.alone, "text"))
    read = (_bare_day(day, origin, fetched_at) for day, origin in days if day)
    return next((found for found in read if found), None) or searched(tree(), url, fetched_at)


def _seconded(found: DateFound, day: str | None, claims: Iterable[DateFound | None], changed: Iterable[DateFound]) -> DateFound | None:
    """Another claim that names `day`, which readers see under the headline: two witnesses against one.

    Not where it is the day of the last change, which many pages show there.
    """
    if day is None or day == found.day.isoformat() or any(day == change.day.isoformat() for change in changed):
        return None
    return next((claim for claim in claims if claim and day == claim.day.isoformat()), None)


def _worded(printed: str, origin: str, language: str, fetched_at: datetime) -> DateFound | None:
    """A day in words or in the order of the page's language, where machines should have been told."""
    day = read_day(printed[:60], language)
    return _bare_day(day, origin, fetched_at) if day else None


def _swapped(found: DateFound, printed: str, days: Iterable[str | None]) -> DateFound | None:
    """The same printed day with month and day changed over, where the page shows that one: some CMSs tell machines 11/01/2023 whatever their language."""
    if "/" not in printed or found.day.day > 12:
        return None
    other = found.day.replace(month=found.day.day, day=found.day.month)
    return replace(found, value=other.isoformat(), day=other) if other.isoformat() in days else None


# The clock of UTC at which another day is on the calendar: behind it as far as Alaska, ahead of it as far as New Zealand.
_STILL_YESTERDAY, _ALREADY_TOMORROW = 9, 11
# The offsets in use; the few zones at quarter hours are left out, or one clock in fifteen would fit by chance.
_WESTERNMOST, _EASTERNMOST, _ZONE_STEP = timedelta(hours=-12), timedelta(hours=14), timedelta(minutes=30)


def _publishers_day(found: DateFound, others: Iterable[str], in_address: str | None, shown: Shown, fetched_at: datetime) -> DateFound:
    """The publisher's own calendar day, where a stamp in UTC may hide it.

    First the same moment with another offset, then the day that the page's address or its readers see, if some time zone explains it,
    last the same minute on a clock that the page shows.
    """
    if not found.value.endswith("+00:00"):
        return found
    moment = datetime.fromisoformat(found.value)
    for printed in others:
        local = _moment(printed.strip()[:60])
        if local and local.utcoffset() and abs(local - moment) < timedelta(minutes=1):
            return _at(local, found)
    shifted = {moment.date() - timedelta(days=1)} if moment.hour < _STILL_YESTERDAY else set()
    shifted |= {moment.date() + timedelta(days=1)} if moment.hour >= _ALREADY_TOMORROW else set()
    seen = (_bare_day(day, origin, fetched_at) for day, origin in ((in_address, "url"), (shown.at_headline, "text")) if day)
    told = next((day for day in seen if day and day.day in shifted), None)
    return told or _by_its_clock(found, moment, shown) or found


def _at(local: datetime, found: DateFound) -> DateFound:
    return replace(found, value=local.isoformat(timespec="seconds"), day=local.date())


def _by_its_clock(found: DateFound, moment: datetime, shown: Shown) -> DateFound | None:
    """The moment at the offset that the first clock on the page tells, if it shows the same minute on a day before or after."""
    day = found.day.isoformat()
    line = next((line for line in shown.bare_lines if line.clock), None) if day != shown.at_headline else None
    if line is None or line.clock is None or line.day == day:
        return None
    with suppress(ValueError):
        local = datetime.combine(date.fromisoformat(line.day), time(*line.clock), UTC)
        offset = local - moment.replace(second=0)
        if not offset % _ZONE_STEP and _WESTERNMOST <= offset <= _EASTERNMOST:
            return _at(moment.astimezone(offset_of(offset)), found)
    return None


def url_day(url: str) -> str | None:
    """The day that stands in the path, as YYYY-MM-DD; with the day first only where it cannot be a month."""
    path = urlsplit(url).path
    if match := _URL_DAY.search(path):
        return "{}-{:0>2}-{:0>2}".format(*match.groups())
    match = _URL_DAY_FIRST.search(path)
    return f"{match[3]}-{match[2]}-{match[1]}" if match and (int(match[1]) > 12 or match[1] == match[2]) else None


def candidates(page: Page, url: str, entry: FeedEntry | None, shown: Shown) -> Iterator[tuple[str, str]]:
    """(printed, origin), best first."""
    yield from ((str(node["datePublished"]), "json_ld") for node in page.articles if node.get("datePublished"))
    yield from ((page.metas[name], "meta") for name in _PUBLISHED if name in page.metas)
    if entry and entry.published:
        yield entry.published, "feed"
    yield from _marked(page, _MARKED[:3])
    if day := url_day(url):
        yield day, "url"
    if shown.said:
        yield shown.said, "text"
    yield from _marked(page, _MARKED[3:])
    if entry and entry.updated:
        yield entry.updated, "feed"


def _marked(page: Page, selectors: Iterable[str]) -> Iterator[tuple[str, str]]:
    for selector in selectors:
        for node in page.tree.css(selector)[:3]:
            attributes = node.attributes
            printed = attributes.get("datetime") or attributes.get("content") or attributes.get("title") or node.text()
            yield printed or "", "time"


def modified(page: Page, *, fetched_at: datetime, timezone: str | None) -> DateFound | None:
    """The date of the last change that the page claims."""
    return next(changes(page, fetched_at=fetched_at, timezone=timezone), None)


def changes(page: Page, *, fetched_at: datetime, timezone: str | None) -> Iterator[DateFound]:
    """All dates of a change that the page claims, best first."""
    claims = [(str(node["dateModified"]), "json_ld") for node in page.articles if node.get("dateModified")]
    claims += [(page.metas[name], "meta") for name in _MODIFIED if name in page.metas]
    found = (read_date(printed, origin, fetched_at=fetched_at, timezone=timezone) for printed, origin in claims)
    return (f for f in found if f)


def searched(tree: Any, url: str, fetched_at: datetime) -> DateFound | None:
    """What htmldate finds in the markup. Its extensive search is left out: it takes ten times as long and guesses."""
    from htmldate import find_date

    latest = (fetched_at + _SLACK).strftime("%Y-%m-%d")
    printed = find_date(tree, extensive_search=False, original_date=True, url=url or None, max_date=latest)
    return _bare_day(printed, "htmldate", fetched_at) if printed else None


def read_date(printed: str, origin: str, *, fetched_at: datetime, timezone: str | None) -> DateFound | None:
    """A printed date, kept with its own offset; None when it cannot be read or cannot be true."""
    printed = printed.strip()[:60]
    moment = _moment(printed)
    if moment is None:
        match = _DAY.match(printed)
        return _bare_day("{}-{:0>2}-{:0>2}".format(*match.groups()), origin, fetched_at) if match else None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone) if timezone else UTC)
    if moment > fetched_at + _SLACK or moment.date() < _OLDEST:
        return None
    precision = "second" if moment.second else "minute"
    # A stamp in UTC says nothing of the publisher's calendar; the catalogue's zone does.
    day = moment.astimezone(ZoneInfo(timezone)).date() if timezone and not moment.utcoffset() else moment.date()
    return DateFound(value=moment.isoformat(timespec="seconds"), origin=origin, precision=precision, day=day)


def _moment(printed: str) -> datetime | None:
    try:
        if match := _ISO.match(printed):
            year, *digits, zone = match.groups()
            month, day, hour, minute, second = [int(part or 0) for part in (digits[0] or digits[2], digits[1] or digits[3], *digits[4:])]
            zone = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get((zone or "").upper(), zone or "")
            return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
        # RFC 2822 begins with a weekday or a day, and names its month.
        if printed[:3].isalpha() and "," in printed[:10]:
            return parsedate_to_datetime(printed)
    except (ValueError, TypeError):
        pass
    return None


def _bare_day(printed: str, origin: str, fetched_at: datetime) -> DateFound | None:
    try:
        day = date.fromisoformat(printed)
    except ValueError:
        return None
    if day < _OLDEST or day > (fetched_at + _SLACK).date():
        return None
    return DateFound(value=printed, origin=origin, precision="day", day=day)
