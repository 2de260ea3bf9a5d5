"""What a publisher says about the use of a page: robots directives in headers and meta elements, and reservations of rights.

Acted on: noindex, noarchive, nosnippet (max-snippet:0), unavailable_after. Recorded as facts: noai, noimageai, TDMRep
(tdm-reservation), Content-Usage (IETF AIPREF) and Content-Signal. The directives are those that Google's robots documentation
and the TDM Reservation Protocol of the W3C community group describe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

from igwire.fetch.robots import TOKEN, Robots
from igwire.model import Capture

# Directives stand in the head; whoever hides one behind half a megabyte does not mean it.
_HEAD_BYTES = 512 * 1024
# One bound for an element, so that the search stays linear whatever the bytes.
_META = re.compile(rb"<meta\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z-]{1,30})\s{0,9}=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ROBOTS_WORDS = {"noindex", "noarchive", "nosnippet", "noai", "noimageai"}
_AGENTS = {"robots", TOKEN}


@dataclass(frozen=True, slots=True)
class Usage:
    """`words`: every directive found, sorted (`noarchive`, `tdm-reservation=1`, `content-signal: ai-train=no`, …)."""

    words: tuple[str, ...] = ()
    unavailable_after: datetime | None = None

    @property
    def noindex(self) -> bool:
        """Not to be indexed at all."""
        return "noindex" in self.words

    @property
    def noarchive(self) -> bool:
        """No copy of the page may be kept once its text is read."""
        return "noarchive" in self.words

    @property
    def nosnippet(self) -> bool:
        """No part of the text may be shown."""
        return "nosnippet" in self.words

    @property
    def forbids_everything(self) -> bool:
        """Neither indexed nor kept: there is nothing to store."""
        return self.noindex and self.noarchive

    def expired(self, now: datetime) -> bool:
        """Whether the publisher took the page back by a date that is past."""
        return self.unavailable_after is not None and self.unavailable_after <= now


def reserves(words: Iterable[str]) -> bool:
    """Whether the words (of pages, headers, robots files) reserve text and data mining or a use of its kind, whichever vocabulary they are in."""
    return any(_RESERVING.fullmatch(word) for word in words)


# TDMRep's and the two that say yes or no to each use; of these every no counts, since igwire searches, tags and counts.
_RESERVING = re.compile(r"noai|tdm-reservation=1|content-(?:usage|signal): .*=\s*(?:n|no)\b.*", re.IGNORECASE)


def of_headers(capture: Capture) -> Usage:
    """What the answer's headers say."""
    return _merged(_header_pairs(capture))


def of_page(capture: Capture) -> Usage:
    """What headers and meta elements say together; the strictest counts."""
    return _merged([*_header_pairs(capture), *_meta_pairs(capture.body)])


def of_robots(body: bytes) -> tuple[str, ...]:
    """Content-Signal, Content-Usage and License lines of a robots file, as words."""
    lines = body[:_HEAD_BYTES].decode("utf-8-sig", "replace").splitlines()
    fields = (line.partition("#")[0].partition(":") for line in lines)
    kept = {f"{name.strip().lower()}: {_tidy(value)}" for name, _, value in fields if name.strip().lower() in _OF_FILES and value.strip()}
    return tuple(sorted(kept))[:20]


# Where a site reserves mining for its pages (TDM Reservation Protocol, "TDM File on the Origin Server").
TDMREP = "/.well-known/tdmrep.json"
_MAX_RULES = 200


def of_tdmrep(body: bytes, url: str) -> tuple[str, ...]:
    """`tdm-reservation=1` where a rule of the file reserves the page at `url`; of several rules the strictest counts.

    Locations are patterns as in robots files (RFC 9309), so they are matched by the same code.
    """
    return ("tdm-reservation=1",) if any(_covers(location, url) for location in reserving_rules(body)) else ()


def reserving_rules(body: bytes) -> tuple[str, ...]:
    """Locations that the file reserves; () for what is no such file."""
    try:
        rules = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return tuple(_tidy(str(rule.get("location") or "/")) for rule in found[:_MAX_RULES] if str(rule.get("tdm-reservation")) == "1")


def _covers(location: str, url: str) -> bool:
    return not Robots.parse(f"User-agent: *\nDisallow: {location}\n".encode(), 200).allowed(url)[0]


_OF_FILES = {"content-signal", "content-usage", "license"}


def _header_pairs(capture: Capture) -> Iterable[tuple[str, str]]:
    for name, value in capture.headers:
        lowered = name.lower()
        if lowered == "x-robots-tag":
            yield from _of_agent(value)
        elif lowered in ("tdm-reservation", "tdm-policy", "content-usage", "content-signal"):
            yield lowered, value


def _of_agent(value: str) -> Iterable[tuple[str, str]]:
    """A header may name the agent that it is for: `otherbot: noindex` does not concern us, `unavailable_after: …` names none."""
    agent, colon, rest = value.partition(":")
    named = colon and re.fullmatch(r"[A-Za-z][\w-]*", agent.strip()) and agent.strip().lower() not in ("unavailable_after", "max-snippet", "max-image-preview")
    if not named:
        yield "robots", value
    elif agent.strip().lower() in _AGENTS:
        yield "robots", rest


def _meta_pairs(body: bytes) -> Iterable[tuple[str, str]]:
    for match in _META.finditer(_without_comments(body[:_HEAD_BYTES])):
        found = {k.lower(): unescape(a or b or c) for k, a, b, c in _ATTRIBUTE.findall(match[1].decode("utf-8", "replace"))}
        name = found.get("name", "").strip().lower()
        if name in _AGENTS:
            yield "robots", found.get("content", "")
        elif name in ("tdm-reservation", "tdm-policy"):
            yield name, found.get("content", "")


def _without_comments(head: bytes) -> bytes:
    # A regular expression would look for the end of each of a hundred thousand `<!--` anew.
    before, *rest = head.split(b"<!--")
    kept = [before]
    for part in rest:
        # Inside a comment another `<!--` means nothing.
        kept.append(part.partition(b"-->")[2])
    return b"".join(kept)


def _merged(pairs: Iterable[tuple[str, str]]) -> Usage:
    words: set[str] = set()
    dates = []
    for name, value in pairs:
        if name != "robots":
            words.add(f"{name}={_tidy(value)}" if name.startswith("tdm") else f"{name}: {_tidy(value)}")
            continue
        before, date = _split_date(value)
        dates += [date] if date else []
        words |= {word for part in before.split(",") for word in _directive(part.strip().lower())}
    until = min(dates, default=None)
    words |= {f"unavailable_after={until.isoformat()}"} if until else set()
    return Usage(words=tuple(sorted(words))[:40], unavailable_after=until)


def _directive(text: str) -> tuple[str, ...]:
    if text == "none":
        return ("noindex",)
    if re.fullmatch(r"max-snippet\s*:\s*0", text):
        return ("nosnippet",)
    # An old synonym of noarchive that the large engines still honour.
    return ("noarchive",) if text == "nocache" else ((text,) if text in _ROBOTS_WORDS else ())


def _split_date(value: str) -> tuple[str, datetime | None]:
    """The directives before `unavailable_after`, and its date (it may hold commas); None when it cannot be read."""
    match = re.search(r"unavailable_after\s*:\s*(.+)", value, re.IGNORECASE)
    return (value, None) if match is None else (value[: match.start()], _date(match[1].strip()))


def _date(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            parsed = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return None


def _tidy(value: str) -> str:
    return " ".join("".join(c for c in value if c.isprintable()).split())[:200]
