"""A look at a source before it is added: how it can be followed, what it holds, what robots.txt says, one article as it would be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from igwire.extract.article import extract
from igwire.feeds.archives import Ask, Body, Got
from igwire.feeds.archives.paged import read_feed
from igwire.feeds.probing import Finding, probe
from igwire.model import Extraction, ParsedFeed, Source
from igwire.pipeline.parts import Parts
from igwire.pipeline.visits import open_visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was seen. `source` is ready to be added when `finding.way` is set."""

    source: Source
    finding: Finding
    # One article, or why there is none.
    article: Extraction | None
    article_url: str | None
    problem: str


def preview(parts: Parts, run_id: str, source: Source) -> Preview:
    """Probe the source and read its newest article; nothing is written but raw answers and the hosts' slots."""
    with open_visits(parts, run_id, until=parts.clock.now() + timedelta(seconds=parts.knobs.budget_s)) as visits:
        finding: Finding = visits.drive(source, probe(source, parts.clock.now()))
        if not finding.way or not finding.entries:
            return Preview(source=source, finding=finding, article=None, article_url=None, problem=finding.reason)
        newest = finding.entries[0]
        got = visits.ask(source, Ask(newest.url, partial(read_article, now=parts.clock.now())))
        feed = visits.ask(source, Ask(finding.url or "", read_feed, robots=False)) if finding.way == "feed" else Got()
    found = replace(source, way=finding.way, feed_url=finding.url, status="active", **_told(feed.value, got.value, source))
    return Preview(source=found, finding=finding, article=got.value, article_url=newest.url, problem=got.problem)


def _told(feed: ParsedFeed | None, article: Extraction | None, source: Source) -> dict[str, Any]:
    """Title and language as feed and article tell them, where the caller gave none."""
    told: dict[str, Any] = {}
    if feed and feed.title and source.title == urlsplit(source.site).hostname:
        told["title"] = feed.title
    language = article.article.language if article and article.article else (feed.language or "")[:2] if feed else ""
    if language and source.language == "und":
        told["language"] = language
    return told


def read_article(body: Body, *, now: datetime) -> Extraction:
    """Reader of one article, fetched `now`."""
    return extract(body.body, url=body.url, content_type=body.content_type, fetched_at=now)
