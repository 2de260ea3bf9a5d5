"""Reading sitemaps (sitemaps.org protocol 0.9 and Google's news extension), plain lists of addresses, and feeds used as sitemaps.

Meant to run in the killable pool. lxml streams with everything off that hostile XML lives by (entities, DTDs, the network, huge
trees), and sizes are capped as the protocol caps them.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from igwire.errors import BadUrl
from igwire.feeds.parse import exact_date, parse_feed
from igwire.model import FeedEntry
from igwire.text import clean_line
from igwire.urls import fetch_url

# Limits of the protocol: 50 MB uncompressed, 50,000 addresses.
MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000
_GZIP = b"\x1f\x8b"
_FEED_ROOTS = ("rss", "feed", "rdf")
# An ampersand that starts no reference of XML's own (common in addresses): libxml2 would drop it with the word that follows. CDATA is left as it is.
_BARE_AMPERSAND = re.compile(rb"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Different kinds of trouble are worth telling, a thousand of one kind are not.
_MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSitemap:
    """`status`: ok, empty, not_a_sitemap. `kind`: urlset, news, index, text, feed or None.

    `entries` hold the address, `updated` (lastmod) and, from news sitemaps and feeds, title and `published`; `children` are the sitemaps of an index.
    """

    status: str
    kind: str | None = None
    entries: tuple[FeedEntry, ...] = ()
    children: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def parse_sitemap(body: bytes, *, source_id: str = "", url: str = "") -> ParsedSitemap:
    """Parse one sitemap, packed or not. Never raises for what the bytes hold; relative addresses are resolved against `url`."""
    reading = _Reading(source_id, url)
    body = reading.unpacked(body).lstrip(b"\xef\xbb\xbf \t\r\n")
    root = _root(body)
    if root in _FEED_ROOTS:
        return reading.feed(body)
    if root in ("urlset", "sitemapindex"):
        reading.xml(body)
    elif root is None:
        reading.text(body)
    return reading.result({"urlset": "urlset", "sitemapindex": "index", None: "text"}.get(root))


def _root(body: bytes) -> str | None:
    """Local name of the root element in lower case; None when the body is no markup."""
    start = _decoded(body[:4096])
    if not start.lstrip("\x00\ufeff \t\r\n").startswith("<"):
        return None
    bare = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", "", start, flags=re.DOTALL | re.IGNORECASE)
    match = re.search(r"<\s*(?:[\w.-]+:)?([\w.-]+)", bare)
    return match[1].lower() if match else ""


def _decoded(body: bytes) -> str:
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return body.decode(encoding, "replace")


class _Reading:
    """What one sitemap gave so far."""

    def __init__(self, source_id: str, url: str) -> None:
        self.source_id, self.url = source_id, url
        self.entries: list[FeedEntry] = []
        self.children: list[str] = []
        self.problems: dict[str, int] = {}
        self.news = False

    def trouble(self, word: str, detail: str = "") -> None:
        """Note a problem; the same one only once, with its count."""
        key = f"{word}: {detail}"[:200] if detail else word
        if key in self.problems or len(self.problems) < _MAX_PROBLEMS:
            self.problems[key] = self.problems.get(key, 0) + 1

    def result(self, kind: str | None) -> ParsedSitemap:
        """The finished sitemap."""
        found = self.entries or self.children
        if kind is None or (kind == "text" and not found):
            return ParsedSitemap(status="not_a_sitemap", problems=(*self.told(), "not_a_sitemap: neither urlset, sitemapindex, feed nor addresses"))
        kind = "news" if kind == "urlset" and self.news else kind
        entries, children = tuple(self.entries), tuple(dict.fromkeys(self.children))
        return ParsedSitemap(status="ok" if found else "empty", kind=kind, entries=entries, children=children, problems=self.told())

    def told(self) -> tuple[str, ...]:
        """The problems as sentences."""
        return tuple(word if count == 1 else f"{word} ({count} times)" for word, count in self.problems.items())

    def unpacked(self, body: bytes) -> bytes:
        """The body without gzip, cut at the protocol's size."""
        if body[:2] == _GZIP:
            body = self._gunzip(body)
        if len(body) > MAX_BYTES:
            self.trouble("too_large", f"only the first {MAX_BYTES} bytes are read")
        return body[:MAX_BYTES]

    def _gunzip(self, body: bytes) -> bytes:
        unpacked = b""
        while body[:2] == _GZIP and len(unpacked) <= MAX_BYTES:
            member = zlib.decompressobj(31)
            try:
                unpacked += member.decompress(body, MAX_BYTES + 1 - len(unpacked))
            except zlib.error as error:
                self.trouble("broken_gzip", str(error))
                return unpacked
            if not member.eof and len(unpacked) <= MAX_BYTES:
                self.trouble("broken_gzip", "it ends in the middle")
            body = member.unused_data
        return unpacked

    def xml(self, body: bytes) -> None:
        """Read a urlset or an index, one element after the other."""
        for element in self._elements(body):
            if len(self.entries) + len(self.children) >= MAX_ENTRIES:
                self.trouble("too_many_entries", f"only the first {MAX_ENTRIES} are read")
                return
            if _name(element) == "sitemap":
                self._child(element)
            else:
                self._url(element)

    def _elements(self, body: bytes) -> Iterator[Any]:
        """Every `url` and `sitemap` element, forgotten when the next one is asked for; what follows a fault is read as far as it can be."""
        from lxml import etree

        options: dict[str, Any] = {"recover": True, "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
        if (last := body.rfind(b"<loc>")) > body.rfind(b"</loc>"):
            # The file ends inside an address: half of one leads elsewhere.
            body = body[:last]
        mended = _BARE_AMPERSAND.sub(lambda found: b"&amp;" if found[0] == b"&" else found[0], body)
        read = etree.iterparse(io.BytesIO(mended), events=("end",), **options)
        try:
            for _, element in read:
                if _name(element) in ("url", "sitemap"):
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            self.trouble("malformed", str(error))
        for entry in list(read.error_log)[:1]:
            self.trouble("malformed", entry.message)

    def _child(self, element: Any) -> None:
        if address := self._address(_texts(element).get("loc")):
            self.children.append(address)

    def _url(self, element: Any) -> None:
        said = _texts(element)
        news = next((_texts(child) for child in element if _name(child) == "news"), {})
        self.news |= bool(news)
        if address := self._address(said.get("loc")):
            title = clean_line(news.get("title") or "", 1000) or None
            published, updated = self._moment(news.get("publication_date")), self._moment(said.get("lastmod"))
            self.entries.append(FeedEntry(source_id=self.source_id, guid=None, url=address, title=title, published=published, updated=updated))

    def _address(self, printed: str | None) -> str | None:
        if not printed:
            self.trouble("no_loc")
            return None
        try:
            return fetch_url(printed, self.url or None)
        except BadUrl as error:
            self.trouble(f"bad_url ({error.reason})", printed[:120])
            return None

    def _moment(self, printed: str | None) -> str | None:
        """RFC 3339, a bare day as a bare day; None for what is no date."""
        if not printed:
            return None
        found = _day(printed) or exact_date(printed)
        if found is None:
            self.trouble("bad_date", printed[:60])
        return found

    def text(self, body: bytes) -> None:
        """Read a list of addresses, one a line; other lines are counted."""
        for line in _decoded(body).splitlines():
            if len(self.entries) >= MAX_ENTRIES:
                self.trouble("too_many_entries", f"only the first {MAX_ENTRIES} are read")
                return
            if not (line := line.strip()):
                continue
            if not line.lower().startswith(("http://", "https://")):
                self.trouble("no_address")
            elif address := self._address(line):
                self.entries.append(FeedEntry(source_id=self.source_id, guid=None, url=address))

    def feed(self, body: bytes) -> ParsedSitemap:
        """A feed is a sitemap of its newest pages."""
        read = parse_feed(body, source_id=self.source_id, url=self.url)
        entries = tuple(e for e in read.entries if e.url)
        status = "ok" if entries else "empty"
        return ParsedSitemap(status=status, kind="feed", entries=entries, problems=(*self.told(), *read.problems))


def _name(element: Any) -> str:
    """Local name in lower case: namespaces are written wrongly in many sitemaps. Comments and entities have none."""
    tag = element.tag
    return str(tag).rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _texts(element: Any) -> dict[str, str]:
    """Text by name of the element's own children; those of extensions (image:loc) lie deeper."""
    return {_name(child): "".join(child.xpath(".//text()")).strip() for child in reversed(element)}


def _day(printed: str) -> str | None:
    if not _DAY.fullmatch(printed):
        return None
    try:
        return date.fromisoformat(printed).isoformat()
    except ValueError:
        return None
