"""The types that pass between rooms: frozen, slotted, keyword-only (what a text has dozens of: a tuple).

Source + Window ─▶ FeedEntry ─▶ Capture ─▶ Article ─▶ EnrichedArticle ─▶ document (a dict, see `index.document`)
                                  every item of a run ends in one Disposition
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

MENTION_TYPES = (
    "person", "organisation", "company", "media", "place", "event", "law", "standard", "product", "concept", "instrument", "identifier",
)  # fmt: skip
SOURCE_KINDS = ("registry", "standards", "igo", "regulator", "civil_society", "academic", "news", "blog", "industry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One publication that igwire follows, as reviewed data (see `feeds.catalogue`)."""

    # Stable local id: lower-case ASCII, digits and hyphens.
    id: str
    title: str
    # Home page.
    site: str
    # None: no feed is known (the source lives by sitemap or listing page, or is only wanted).
    feed_url: str | None = None
    # BCP-47 primary tag of most articles; "mul" when mixed.
    language: str = "und"
    # ISO 3166-1 alpha-2, or None for global and regional bodies.
    country: str | None = None
    region: str = "global"
    # One of SOURCE_KINDS.
    kind: str = "news"
    # IANA zone for dates that are printed without one; None = UTC is assumed and flagged.
    timezone: str | None = None
    # How the past is reached: none, wordpress, feed_paging, sitemap, listing, full_feed, …
    archive: str = "none"
    archive_hint: str = ""
    # SPDX-like name, or "unknown".
    licence: str = "unknown"
    # What may be shown of the text: full, excerpt, metadata.
    rights: str = "excerpt"
    # active, probation (see issue B) or wanted.
    status: str = "active"
    confidence: str = ""
    evidence: str = ""
    collections: tuple[str, ...] = ()
    # How news are found: by the feed, else by a sitemap or a listing page whose address stands in `feed_url` (see `pipeline.probation`).
    way: str = "feed"
    # Where the usual places are not it: sitemap, page of the newest articles, regular expression of an article's address
    # (its groups year, month and day date it).
    sitemap_url: str | None = None
    listing_url: str | None = None
    listing_rule: str | None = None
    # Seconds between two polls of the feed at least; None = the general rule (an hour). Shorter only by agreement.
    poll_min_s: float | None = None
    # Seconds between two requests to the host; None = the general rule. Shorter than it only by agreement.
    gap_s: float | None = None
    # Nothing of the source is asked for in the clear: http links are asked for by https, and a redirect to http is refused.
    https_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open span of time [start, end), both aware, in UTC.

    `mode` is "live" (everything that is not fetched yet, whatever its date) or "past" (only what is dated inside).
    """

    start: datetime
    end: datetime
    mode: str = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """What a feed (or an archive listing) says of one article; texts are cleaned, never trusted."""

    source_id: str
    # As printed; None when the feed gives none.
    guid: str | None
    # Absolute http(s) URL as published; "" when the entry has no usable link.
    url: str
    title: str | None = None
    # RFC 3339 with the offset that was printed, or None. `published_raw` is the printed form.
    published: str | None = None
    published_raw: str | None = None
    updated: str | None = None
    summary: str | None = None
    # Full content where the feed carries it, as plain text.
    content: str | None = None
    authors: tuple[str, ...] = ()
    # A web archive's copy that is asked for instead of the page, and when it was captured (RFC 3339); see `feeds.archives.cdx`.
    archived: str | None = None
    archived_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of one object that was brought into a server: `detail` says what was done, or the server's own word when it was refused."""

    what: str
    id: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebArchive:
    """A web archive: its CDX server, and where captured bytes are had: a replay (Wayback, pywb), or WARC files by ranges (Common Crawl)."""

    cdx: str
    replay: str = ""
    files: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a feed parser read. `status`: ok, empty, not_a_feed, failed. `problems` are words with details."""

    status: str
    # rss20, rss10, rss09x, atom10, atom03, json, or None.
    format: str | None = None
    title: str | None = None
    language: str | None = None
    entries: tuple[FeedEntry, ...] = ()
    problems: tuple[str, ...] = ()
    # Seconds that the feed asks to be left alone after a poll (RSS ttl, syndication module), or None.
    interval_s: float | None = None
    # Where changes are announced (WebSub), or None.
    hub: str | None = None
    # Feeds that a page at the feed's address points to, when it is no feed itself.
    alternates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRef:
    """Where a capture lies in the raw store: segment name (no extension), byte offset and length of its gzip member."""

    segment: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One answer from the web. `body` is decoded (content encodings removed, sizes capped); `wire` is what came."""

    requested_url: str
    final_url: str
    # Aware, UTC.
    fetched_at: datetime
    status: int
    # In the order received, names as received.
    headers: tuple[tuple[str, str], ...]
    body: bytes
    wire: bytes = b""
    # Every hop that was left, oldest first: (status, url).
    redirects: tuple[tuple[int, str], ...] = ()
    # Address that was really connected to.
    address: str | None = None
    seconds: float = 0.0

    @property
    def moved_permanently(self) -> bool:
        """Whether it was reached through redirects, and through permanent ones (301, 308) only."""
        return bool(self.redirects) and all(status in (301, 308) for status, _ in self.redirects)

    @property
    def downgraded(self) -> bool:
        """Whether a redirect led from https to http: whoever sits between may have written what came."""
        went = [*(url for _, url in self.redirects), self.final_url]
        return any(left.startswith("https:") and met.startswith("http:") for left, met in pairwise(went))

    def header(self, name: str) -> str | None:
        """First value of the header `name`, case ignored, or None."""
        wanted = name.lower()
        return next((v for k, v in self.headers if k.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFound:
    """A date with its provenance. `value` is RFC 3339 with the printed offset (a bare day is YYYY-MM-DD)."""

    value: str
    # feed, json_ld, meta, time, url, text, script, htmldate, pdf.
    origin: str
    # second, minute, day, month.
    precision: str
    # The publisher's own calendar day.
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How far the extraction is to be trusted: confidence 0..1, flags in words, the extractor that won."""

    confidence: float = 1.0
    flags: tuple[str, ...] = ()
    extractor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a line of the text was on the page. Offsets are code points of the article's text; plain paragraphs have no mark."""

    # heading, item (of a list), quote, row (of a table; cells are separated by " | "), page (of a PDF).
    kind: str
    start: int
    end: int
    # Rank of a heading (1 to 6), number of a page (from 1), else 0.
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A cleaned article. Text is whole, never cut; paragraphs are separated by one newline."""

    # Canonical URL (accepted claim, else the final URL).
    url: str
    title: str | None
    text: str
    authors: tuple[str, ...] = ()
    published: DateFound | None = None
    modified: DateFound | None = None
    # BCP-47 primary tag, "und" when unknown.
    language: str = "und"
    language_confidence: float = 0.0
    summary: str | None = None
    keywords: tuple[str, ...] = ()
    section: str | None = None
    image: str | None = None
    licence: str | None = None
    # article or pdf.
    document_type: str = "article"
    structure: tuple[Mark, ...] = ()
    # Absolute http(s) addresses that the text links to, each once, in reading order.
    links: tuple[str, ...] = ()
    quality: Quality = Quality()
    # Version of the extracting code and its libraries; tells reprocessing what is stale.
    stamp: str = ""
    # SHA-256 hex of title and text; a change is a new revision.
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Outcome of extracting one capture. `status`: ok, rejected, failed; `reason` is set unless ok."""

    status: str
    reason: str | None = None
    article: Article | None = None


class Mention(NamedTuple):
    """One tagged span. Offsets are code points of the article's *text* (or title, see `field`).

    A tuple, since a text has dozens: a frozen dataclass of as many fields takes four times as long to make.
    """

    start: int
    end: int
    surface: str
    # One of MENTION_TYPES.
    type: str
    # Local id such as "org:icann", or None: recognised, not in the knowledge base.
    entity: str | None = None
    # Canonical name of the entity, or None.
    name: str | None = None
    qid: str | None = None
    # 0..1
    score: float = 1.0
    # Rule and alias, or model, and the knowledge base's version.
    why: str = ""
    # "metonym": a place that stands for its government; "demonym": the people or the adjective of a country.
    role: str | None = None
    # text or title
    field: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Everything the enrichment found in one article."""

    mentions: tuple[Mention, ...] = ()
    countries: tuple[str, ...] = ()
    topics: tuple[dict[str, Any], ...] = ()
    quotes: tuple[dict[str, Any], ...] = ()
    roles: tuple[dict[str, Any], ...] = ()
    # Knowledge-base version and code generation.
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichedArticle:
    """An article with its tags, ready to be projected into a document."""

    article: Article
    tags: Tags


class Outcome(enum.StrEnum):
    """How an item can end in a run; the totals of a run are counted by these words."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    DEFERRED = "deferred"
    PENDING_INDEX = "pending_index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """Exactly one per item and run. `reason` is one word, required for all but indexed and unchanged."""

    item_id: str
    outcome: Outcome
    reason: str | None = None
    stage: str = ""
    detail: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedSentence:
    """A sentence (code points of the text) that an earlier article has; `first`: the earliest known one's id."""

    start: int
    end: int
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What is known of an article's copies. Ids are those of documents."""

    # The earliest article of the cluster; an article without copies is a cluster of its own.
    cluster: str
    # single, first, copy.
    role: str = "single"
    # The earliest article that it was compared with and found to be a copy of.
    of: str | None = None
    # Share (0 to 1) of its text that earlier articles have.
    share: float = 0.0
    # Articles that had sentences of it first, the largest share first.
    copied_from: tuple[str, ...] = ()
    sentences: tuple[CopiedSentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Syndication:
    """Whose text an article is, by its own credit. `kind`: wire or press_release; `agency`: its name, None when it names none."""

    kind: str
    agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """What became of an article's page since it was fetched. `state`: gone or moved."""

    state: str
    since: datetime | None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentContext:
    """What a document needs beside its article: identity, provenance and times. Nothing here changes from run to run."""

    doc_id: str
    # The source that named the article first; `feeds` are the ids of all sources that named it, sorted.
    source: Source
    feeds: tuple[str, ...]
    # URL as first published in the feed.
    requested_url: str
    first_seen_at: datetime
    fetched_at: datetime
    # When the newest revision was fetched, and its number (1 = first).
    revised_at: datetime
    revision: int = 1
    # live, past or import; id of the run that fetched it.
    mode: str = "live"
    run_id: str = ""
    raw: RawRef | None = None
    # What the publisher says about use of the page (fetch.usage), as words.
    usage: tuple[str, ...] = ()
    # All names of the linked entities, for the low-weight alias field.
    aliases: tuple[str, ...] = ()
    # None: the document was not looked at yet.
    copies: CopyFacts | None = None
    syndication: Syndication | None = None
    # None: the page is online, as far as we know.
    page: PageState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAction:
    """One document to send. `version` is the ledger's `write_seq` (external_gte)."""

    doc_id: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What Elasticsearch did with one action.

    `outcome`: acked (200/201), superseded (409: a newer version is there), refused (this document can never be taken;
    `reason` says why), undecided (the server was busy or away: send it again later).
    """

    doc_id: str
    version: int
    outcome: str
    reason: str = ""
