"""What a page is before it is parsed, and how far an extraction is to be trusted. Pure functions of bytes and texts."""

from __future__ import annotations

import re

from igwire.text import word_count

# The guard rails of docs/decisions: beyond them lxml drops content silently or needs more than quadratic time.
MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 250
MAX_TAGS = 60_000
MAX_LINKS = 5_000
MAX_TAG_BYTES = 1024 * 1024
MAX_ATTRIBUTES = 5_000
# Shorter texts are teasers, captions or notices; they are kept and flagged.
SHORT_WORDS = 60

# Elements that must be closed: for all others browsers close by rule, and counting would invent depth.
_NESTING = re.compile(
    rb"<(/?)(?:div|span|section|article|main|table|tbody|tr|td|ul|ol|blockquote|font|b|i|em|strong|center|form|dl|aside|header|footer|nav|figure|a)\b",
    re.IGNORECASE,
)
_LINK = re.compile(rb"<a\s", re.IGNORECASE)
_MAGIC = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def refusal(body: bytes, content_type: str | None) -> tuple[str, str] | None:
    """(status, reason) when the body must not be parsed, else None. One linear pass over the bytes."""
    if not body.strip():
        return "rejected", "empty"
    if len(body) > MAX_BYTES:
        return "rejected", "too_large"
    if not _is_markup(body, content_type):
        return "rejected", "not_html"
    return _too_hard(body)


def _is_markup(body: bytes, content_type: str | None) -> bool:
    head = body[:1024]
    if head.lstrip().startswith(_MAGIC) or (b"\x00" in head and not head.startswith(_UTF16)):
        return False
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind.startswith(("image/", "audio/", "video/", "application/pdf", "application/zip")) and b"<" not in head:
        return False
    return b"<" in body or body.startswith(_UTF16)


def _too_hard(body: bytes) -> tuple[str, str] | None:
    depth = deepest = 0
    for match in _NESTING.finditer(body):
        depth = max(depth - 1, 0) if match.group(1) else depth + 1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        return "failed", "too_deep"
    if body.count(b"<") > MAX_TAGS * 2 or sum(1 for _ in _LINK.finditer(body)) > MAX_LINKS or _has_monster_tag(body):
        return "failed", "too_complex"
    return None


def _has_monster_tag(body: bytes) -> bool:
    for piece in body.split(b">"):
        size = len(piece) - max(piece.find(b"<"), 0)
        if size > MAX_TAG_BYTES or (size > 20_000 and piece.count(b"=") > MAX_ATTRIBUTES):
            return True
    return False


def flags_of(text: str, *, has_date: bool, has_title: bool, page: bytes) -> tuple[str, ...]:
    """What a reader should know of the extraction, in words."""
    flags = []
    if word_count(text) < SHORT_WORDS:
        flags.append("too_short")
    if not has_date:
        flags.append("no_date")
    if not has_title:
        flags.append("no_title")
    if _looks_paywalled(page):
        flags.append("paywall")
    return tuple(flags)


# schema.org's own word for it: https://schema.org/isAccessibleForFree
_PAYWALL = re.compile(rb'"isAccessibleForFree"\s*:\s*"?false', re.IGNORECASE)


def _looks_paywalled(page: bytes) -> bool:
    return _PAYWALL.search(page) is not None


def confidence(flags: tuple[str, ...], extractor: str) -> float:
    """0..1: each flag costs, a fall-back costs; a first rule, to be measured in issue C's terms."""
    cost = {"too_short": 0.4, "no_date": 0.1, "no_title": 0.2, "paywall": 0.2}
    score = 1.0 - sum(cost.get(flag, 0) for flag in flags) - (0.0 if extractor == "trafilatura" else 0.2)
    return round(max(score, 0.05), 2)
