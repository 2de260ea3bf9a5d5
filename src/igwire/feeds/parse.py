"""Reading feeds: RSS of all kinds, Atom, RDF through feedparser; JSON Feed by hand. Meant to run in the killable pool.

feedparser gets bytes in memory only (given a name of a file or a URL it would open it), and without its clean-up of HTML
and of relative addresses inside texts, which take quadratic time on hostile input.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from igwire.decoding import decode
from igwire.errors import BadUrl, FetchError
from igwire.feeds.discover import discover
from igwire.model import FeedEntry, ParsedFeed
from igwire.text import clean, clean_line, whole_number
from igwire.urls import fetch_url

# No real feed of the field holds more (the largest seen has about 600); beyond it somebody plays.
MAX_ENTRIES = 2000
# Longer summaries are articles; the page itself is fetched anyway.
_SUMMARY_CHARS = 4000
# A tag, but never across another "<": keeps the expression linear on "<<<<".
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|blockquote)\s*>|<br\s*/?>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v]+")
_GZIP = b"\x1f\x8b"
# As for the fetch of a feed.
_MAX_BYTES = 10 * 1024 * 1024
_PROLOGUE = re.compile(rb"^[\xef\xbb\xbf\s]*(?:<\?[^>]{0,500}>|<!--.*?-->|<!DOCTYPE[^>]{0,500}>|\s)*", re.DOTALL | re.IGNORECASE)
_FEED_ROOT = re.compile(rb"^<(?:\w+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_OPEN_ROOT = re.compile(rb"<(rss|feed)([^<>]{0,500}?)\s{0,100}(?=<)", re.IGNORECASE)
_RSS_PREFIX = re.compile(rb"<(/?)rss:", re.IGNORECASE)
_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 7 * 86400.0, "monthly": 30 * 86400.0, "yearly": 365 * 86400.0}
# What feeds print instead of an offset; the RFC 822 names that the standard library knows are not repeated here.
_ZULU = re.compile(r"(?<=\d)\s*Z$|\s+UTC?$", re.IGNORECASE)


def parse_feed(body: bytes, *, source_id: str = "", url: str = "", content_type: str | None = None) -> ParsedFeed:
    """Parse one feed. Never raises for what the bytes hold; relative links are resolved against `url`.

    Entries without a usable link keep `url` "": dropping them is for the caller, who counts.
    """
    if body[:2] == _GZIP:
        body = _unpacked(body, url)
    start = body[:2000].lstrip(b"\xef\xbb\xbf\x00 \t\r\n")
    if not start and not body.strip():
        return ParsedFeed(status="empty", problems=("empty: the body is blank",))
    if start[:1] == b"{":
        return _json_feed(body, source_id, url)
    return _xml_feed(body, source_id, url, content_type)


def _unpacked(body: bytes, url: str) -> bytes:
    """A feed that is a gzip file: some servers pack it without saying so."""
    try:
        return decode(body, "gzip", max_bytes=_MAX_BYTES, url=url)
    except FetchError:
        return b"broken gzip"


def _xml_feed(body: bytes, source_id: str, url: str, content_type: str | None) -> ParsedFeed:
    import feedparser

    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    options: dict[str, Any] = {"response_headers": headers, "sanitize_html": False, "resolve_relative_uris": False}
    read = feedparser.parse(io.BytesIO(body), **options)
    if not read.entries and read.bozo and (mended := _mended(body)) != body:
        read = feedparser.parse(io.BytesIO(mended), **options)
    problems = [f"bozo: {read.bozo_exception}"[:300]] if read.bozo and not _harmless(read.bozo_exception) else []
    if len(read.entries) > MAX_ENTRIES:
        problems.append(f"too_many_entries: only the first {MAX_ENTRIES} of {len(read.entries)} are read")
    entries = tuple(_entry(raw, source_id, url) for raw in read.entries[:MAX_ENTRIES])
    version = read.get("version")
    if not version and not entries and not _FEED_ROOT.search(_PROLOGUE.sub(b"", body[:4000])):
        return ParsedFeed(status="not_a_feed", problems=(*problems, "not_a_feed: no feed element found"), alternates=discover(body, url))
    status = "ok" if entries else "empty"
    language = read.feed.get("language")
    return ParsedFeed(
        status=status, format=version or None, title=plain_line(read.feed.get("title")), language=clean_line(language, 20) if language else None,
        entries=entries, problems=tuple(problems), interval_s=_interval_s(read.feed), hub=_hub(read.feed, url),
    )  # fmt: skip


def _mended(body: bytes) -> bytes:
    """Repairs of what makes expat and feedparser's loose parser both lose every item: a root tag left open, an undeclared rss: prefix."""
    return _RSS_PREFIX.sub(rb"<\1", _OPEN_ROOT.sub(rb"<\1\2>", body))


def _interval_s(channel: Any) -> float | None:
    """RSS 2.0 `ttl` (minutes) or `sy:updatePeriod` / `sy:updateFrequency` (RSS 1.0 syndication module), the longer of both."""
    asked = []
    if (minutes := whole_number(str(channel.get("ttl", "")))) is not None:
        asked.append(minutes * 60.0)
    if period := _PERIODS.get(str(channel.get("sy_updateperiod", "")).strip().lower()):
        times = whole_number(str(channel.get("sy_updatefrequency", "")))
        asked.append(period / (times or 1))
    return max(asked, default=None)


def _hub(channel: Any, base: str) -> str | None:
    hub = next((link.get("href") for link in channel.get("links", []) if link.get("rel") == "hub"), None)
    return _link(hub, None, base) or None


def _harmless(error: object) -> bool:
    # A wrong media type or a charset that had to be corrected loses nothing.
    return type(error).__name__ in ("NonXMLContentType", "CharacterEncodingOverride")


def _entry(raw: Any, source_id: str, base: str) -> FeedEntry:
    # `dict.get` below: feedparser's own answers for "updated" with "published" where the feed says nothing of an update.
    content = max((c.get("value") or "" for c in raw.get("content", [])), key=len, default="")
    guid = raw.get("id")
    return FeedEntry(
        source_id=source_id, guid=clean_line(guid, 2048) if guid else None, url=_link(raw.get("link"), guid, base), title=plain_line(raw.get("title")),
        published=_date(raw.get("published"), raw.get("published_parsed")) or _dc_date(raw), published_raw=_raw(raw.get("published")),
        updated=_date(dict.get(raw, "updated"), dict.get(raw, "updated_parsed")), summary=plain_text(raw.get("summary"), _SUMMARY_CHARS),
        content=plain_text(content), authors=_authors(a.get("name") for a in raw.get("authors", [])),
    )  # fmt: skip


def _link(link: str | None, guid: str | None, base: str) -> str:
    for candidate in (link, guid):
        if not candidate or (candidate is guid and not candidate.startswith(("http://", "https://"))):
            continue
        try:
            return fetch_url(candidate.strip(), base or None)
        except BadUrl:
            continue
    return ""


def entry_link(link: Any, base: str) -> str:
    """The absolute http(s) address of a link, "" when it has none."""
    return _link(link if isinstance(link, str) else None, None, base)


def moment_of(printed: str | None) -> datetime | None:
    """The UTC instant of an RFC 3339 text; a bare day or a time without offset is read as UTC."""
    try:
        parsed = datetime.fromisoformat(printed) if printed else None
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed and parsed.tzinfo is None else parsed


def _raw(value: Any) -> str | None:
    return clean_line(value, 100) or None if isinstance(value, str) else None


def plain_line(value: Any) -> str | None:
    """Markup as one line of plain text, at most 1,000 characters; None when nothing is left."""
    return clean_line(_strip(value), 1000) or None if isinstance(value, str) else None


def plain_text(value: Any, limit: int | None = None) -> str | None:
    """Markup as plain text, one line a block, cut at `limit` characters; None when nothing is left."""
    if not isinstance(value, str):
        return None
    lines = (_SPACES.sub(" ", line).strip() for line in clean(_strip(value)).split("\n"))
    text = "\n".join(line for line in lines if line)
    return text[:limit] or None


def _strip(markup: str) -> str:
    return unescape(_TAG.sub(" ", _BLOCK_END.sub("\n", markup))) if "<" in markup or "&" in markup else markup


def _authors(names: Iterable[Any]) -> tuple[str, ...]:
    cleaned = (clean_line(name, 300) for name in names if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in cleaned if name))


def _date(printed: Any, parsed: Any) -> str | None:
    """RFC 3339 with the printed offset; without an offset when none was printed; None rather than a guess."""
    if isinstance(printed, str) and (exact := exact_date(printed.strip())):
        return exact
    if parsed is None or not 1990 <= parsed[0] <= 2100 or not _confirmed(printed, parsed):
        return None
    year, month, day, hour, minute, second = parsed[:6]
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).isoformat()


def _confirmed(printed: Any, parsed: Any) -> bool:
    """feedparser fills what it cannot read with today and the first of the month: its year and day must stand in the printed date."""
    numbers = {int(number) for number in re.findall(r"\d{1,4}", str(printed)[:100])}
    return bool({parsed[0], parsed[0] % 100} & numbers) and parsed[2] in numbers


def _dc_date(raw: Any) -> str | None:
    """RSS 1.0 dates its items by dc:date, which feedparser calls the update."""
    return _date(dict.get(raw, "updated"), dict.get(raw, "updated_parsed")) if "published" not in raw else None


def exact_date(printed: str) -> str | None:
    """RFC 3339 of an ISO 8601 or RFC 822 date between 1990 and 2100, with the offset that it has; else None."""
    for read in (_iso_date, _rfc822_date):
        found = read(printed)
        if found and 1990 <= found.year <= 2100:
            return found.isoformat()
    return None


def _iso_date(printed: str) -> datetime | None:
    if len(printed) < 10 or not printed[:4].isdigit():
        return None
    try:
        return datetime.fromisoformat(_ZULU.sub("+00:00", printed))
    except ValueError:
        return None


def _rfc822_date(printed: str) -> datetime | None:
    try:
        return parsedate_to_datetime(printed)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _json_feed(body: bytes, source_id: str, url: str) -> ParsedFeed:
    """JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    try:
        read = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        return ParsedFeed(status="not_a_feed", problems=(f"not_json: {error}"[:300],))
    items = read.get("items") if isinstance(read, dict) else None
    if not isinstance(items, list):
        return ParsedFeed(status="not_a_feed", problems=("not_a_feed: JSON without a list of items",))
    entries = tuple(_json_entry(raw, source_id, url) for raw in items[:MAX_ENTRIES] if isinstance(raw, dict))
    return ParsedFeed(
        status="ok" if entries else "empty", format="json", title=plain_line(read.get("title")), language=_raw(read.get("language")), entries=entries
    )


def _json_entry(raw: dict[str, Any], source_id: str, base: str) -> FeedEntry:
    authors = raw.get("authors") if isinstance(raw.get("authors"), list) else [raw.get("author")]
    guid, link = raw.get("id"), raw.get("url") or raw.get("external_url")
    guid = str(guid) if guid is not None else None
    return FeedEntry(
        source_id=source_id, guid=clean_line(guid, 2048) if guid else None, url=_link(link if isinstance(link, str) else None, guid, base),
        title=plain_line(raw.get("title")), published=_date(raw.get("date_published"), None), published_raw=_raw(raw.get("date_published")),
        updated=_date(raw.get("date_modified"), None), summary=plain_text(raw.get("summary"), _SUMMARY_CHARS),
        content=plain_text(raw.get("content_html") or raw.get("content_text")),
        authors=_authors(a.get("name") for a in authors or [] if isinstance(a, dict)),
    )  # fmt: skip
