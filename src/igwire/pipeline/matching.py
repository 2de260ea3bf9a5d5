"""Which entries of a feed's answer are articles that its source named before.

known address ─▶ the same
known guid ────▶ the same, if nobody else ever had the guid and what is printed agrees: date with title or texts
neither ───────▶ new; unless no address of the whole answer is known and half of it agrees with what was named lately:
                 then the feed makes up addresses anew with each answer, and entries are known by what they print

In doubt an entry is new: one fetch too many is folded again by the page's canonical address, an article that was taken for another is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import urlsplit

from igwire.ledger.packing import printed_at, text_hash
from igwire.ledger.sources import Known
from igwire.model import FeedEntry
from igwire.urls import document_id, identity_url

# What is made up for each visitor has letters and digits and is no word, number or date: session ids have 16 signs and more, some CMSs use eight.
_TOKEN = re.compile(r"(?=[^=]*[0-9])(?=[^=]*[A-Za-z])[0-9A-Za-z_.~%-]{8,}")
_BARE_DAY = re.compile(r"T00:00(:00)?(\D|$)")

Pairs = list[tuple[FeedEntry, Known]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An answer's entries, divided. `volatile`: addresses and guids of the answer are made up, its entries are known by what they print."""

    new: tuple[FeedEntry, ...]
    paired: Pairs
    # Guids that turned out, only now, to name more than one article.
    spoilt: frozenset[str]
    volatile: bool = False


def match(entries: Sequence[FeedEntry], known: Iterable[Known]) -> Match:
    """Divide the entries into new ones and known ones. `known`: what the source named under their addresses and guids, and lately."""
    by_id = {was.item_id: was for was in known}
    by_guid = _by_guid(by_id.values())
    shared = shared_guids(entries)
    found = {entry.url: was for entry in entries if (was := by_id.get(document_id(entry.url)))}
    any_address = bool(found)
    taken = {was.item_id for was in found.values()}
    for entry in entries:
        if entry.url not in found and (same := _by_its_guid(entry, by_guid, shared, taken)):
            found[entry.url] = same
            taken.add(same.item_id)
    made_up = {} if any_address else _by_print([e for e in entries if e.url not in found], [w for w in by_id.values() if w.item_id not in taken])
    volatile = bool(made_up) and 2 * (len(found) + len(made_up)) >= len(entries)
    if volatile:
        found |= made_up
    new = tuple(entry for entry in entries if entry.url not in found)
    return Match(new=new, paired=[(e, found[e.url]) for e in entries if e.url in found], spoilt=_spoilt(entries, new, by_guid, shared), volatile=volatile)


def shared_guids(entries: Iterable[FeedEntry]) -> set[str]:
    """Guids that more than one article of the same answer has: such a guid names nothing."""
    addresses: dict[str, set[str]] = {}
    for entry in entries:
        if entry.guid:
            addresses.setdefault(entry.guid, set()).add(document_id(entry.url))
    return {guid for guid, ids in addresses.items() if len(ids) > 1}


def _by_guid(known: Iterable[Known]) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for was in known:
        if was.guid:
            found.setdefault(was.guid, []).append(was)
    return found


def _spoilt(entries: Sequence[FeedEntry], new: Sequence[FeedEntry], by_guid: dict[str, list[Known]], shared: set[str]) -> frozenset[str]:
    met_again = {entry.guid for entry in new if entry.guid and len(by_guid.get(entry.guid, ())) == 1}
    return frozenset((shared - by_guid.keys()) | met_again)


def _by_its_guid(entry: FeedEntry, by_guid: dict[str, list[Known]], shared: set[str], taken: set[str]) -> Known | None:
    """The one article that ever had the entry's guid, where what is printed agrees: some feeds give one guid to every "Weekly roundup"."""
    had = by_guid.get(entry.guid or "", ())
    if len(had) != 1 or entry.guid in shared or had[0].item_id in taken:
        return None
    was = had[0]
    if was.url == entry.url:
        return was
    dated = _dates(entry, was)
    if dated is None:
        return was if _same_title(entry, was) and _texts(entry, was) else None
    if not dated:
        return None
    # Two articles of a day may have one headline; one moment names an article, a day does so only with nothing against it.
    agree = _same_title(entry, was) and (_has_clock(entry) or _texts(entry, was) is not False)
    return was if agree or (_has_clock(entry) and _texts(entry, was)) else None


def _by_print(entries: Sequence[FeedEntry], known: Sequence[Known]) -> dict[str, Known]:
    """Entry's address → what was named before with the same print, one by one: two equal entries are two articles."""
    found: dict[str, Known] = {}
    left = list(known)
    for entry in entries:
        if same := next((was for was in left if _same_print(entry, was)), None):
            left.remove(same)
            found[entry.url] = same
    return found


def _same_print(entry: FeedEntry, was: Known) -> bool:
    if not _same_title(entry, was):
        return False
    dated, texts = _dates(entry, was), _texts(entry, was)
    if dated is None:
        return texts is True and was.url is not None and only_tokens_differ(entry.url, was.url)
    return dated and (_has_clock(entry) or texts is True)


def _same_title(entry: FeedEntry, was: Known) -> bool:
    return bool(entry.title) and entry.title == was.title


def _dates(entry: FeedEntry, was: Known) -> bool | None:
    """Whether both are of the same instant; None where one of them has no date."""
    now = printed_at(entry)
    return now == was.printed_at if now and was.printed_at else None


def _texts(entry: FeedEntry, was: Known) -> bool | None:
    """Whether both have the same summary and content; None where one of them has none."""
    now = text_hash(entry)
    return now == was.text_hash if now and was.text_hash else None


def _has_clock(entry: FeedEntry) -> bool:
    printed = entry.published or entry.updated or ""
    return "T" in printed and not _BARE_DAY.search(printed)


def only_tokens_differ(one: str, other: str) -> bool:
    """Whether two addresses are equal but for random signs (a session's id) in their paths or queries."""
    first, second = _parts(one), _parts(other)
    differing = [(a, b) for a, b in zip_longest(first, second) if a != b]
    return all(a is not None and b is not None and _is_token(a, b) for a, b in differing)


def _parts(url: str) -> list[str]:
    parts = urlsplit(identity_url(url))
    return [parts.netloc, *parts.path.split("/"), *sorted(parts.query.split("&"))]


def _is_token(one: str, other: str) -> bool:
    """Whether two parts carry the same name (of a query) and values that are made up."""
    (name, _, value), (other_name, _, other_value) = one.rpartition("="), other.rpartition("=")
    return name == other_name and "-" not in value and bool(_TOKEN.fullmatch(value)) and bool(_TOKEN.fullmatch(other_value))
