"""Which entries of a feed become items: pure decisions, each refusal with a reason that is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from igwire.model import FeedEntry
from igwire.urls import identity_url, is_home_page


@dataclass(frozen=True, slots=True)
class Selection:
    """What was taken, and how many were left out for which reason."""

    entries: tuple[FeedEntry, ...]
    # no_link, home_page, repeated
    dropped: dict[str, int]


def select(entries: Iterable[FeedEntry]) -> Selection:
    """Take the entries that name an article of their own."""
    taken: dict[str, FeedEntry] = {}
    dropped: dict[str, int] = {}
    for entry in entries:
        key = identity_url(entry.url) if entry.url else ""
        reason = _refusal(entry, key, taken)
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            taken[key] = entry
    return Selection(tuple(taken.values()), dropped)


def _refusal(entry: FeedEntry, key: str, taken: dict[str, FeedEntry]) -> str | None:
    if not entry.url:
        return "no_link"
    if key in taken:
        return "repeated"
    return "home_page" if is_home_page(entry.url) else None
