"""Retention: answers of feeds and archives go after their time (90 days by default), pages stay for ever.

Feeds and archives are written to segments of their own, so a segment goes as a whole: ledger first, then the file.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from igwire.ledger import erasures, items
from igwire.pipeline.parts import Parts
from igwire.pipeline.raw import LISTING_REFERRED

_LISTINGS = {"feed", "archive"}


def prune(parts: Parts, *, days: int) -> list[str]:
    """Remove segments that hold nothing but answers of feeds and archives older than `days` (0 = keep all); their names.

    They stay a month longer than that, because younger answers with the same body may refer to them for so long.
    """
    if not days:
        return []
    before = parts.clock.now() - timedelta(days=days) - LISTING_REFERRED
    with parts.ledger.reading() as conn:
        of_pages = items.segments(conn)
    gone = []
    # A segment's name begins with the day it was begun on.
    for segment in parts.store.names():
        if segment in of_pages or segment[:8] > f"{before:%Y%m%d}" or not _only_old_listings(parts, segment, before):
            continue
        with parts.ledger.transaction() as conn:
            erasures.forget_segment(conn, segment)
        parts.store.drop(segment)
        gone.append(segment)
    return gone


def _only_old_listings(parts: Parts, segment: str, before: datetime) -> bool:
    pairs = [pair for _, pair in parts.store.scan([segment])]
    return all(pair is not None and pair.facts.get("kind") in _LISTINGS and pair.capture.fetched_at < before for pair in pairs)
