"""What a page is before it is parsed, and how far an extraction is to be trusted. Pure functions of bytes and texts."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

from igwire.extract.blocks import Block, Frame
from igwire.extract.page import Page
from igwire.text import word_count

# The guard rails of docs/decisions: beyond them lxml drops content silently or needs more than quadratic time.
MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 250
# Counted in the bytes, scripts and unclosed tags included, before anything parses them: real pages stay far below.
MAX_OPEN_TAGS = 3_000
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
_LONG_TAG = re.compile(rb"<[a-z][^>]{20000,}", re.IGNORECASE)
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")
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


def is_pdf(body: bytes) -> bool:
    """Whether the bytes are a PDF, whatever they are called; some servers put a few bytes in front."""
    return b"%PDF-" in body[:1024] and b"<html" not in body[:1024].lower()


def _is_markup(body: bytes, content_type: str | None) -> bool:
    head = body[:1024]
    if head.lstrip().startswith(_MAGIC) or (b"\x00" in head and not head.startswith(_UTF16)):
        return False
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind.startswith(("image/", "audio/", "video/", "application/pdf", "application/zip")) and b"<" not in head:
        return False
    return b"<" in body or body.startswith(_UTF16)


def _too_hard(body: bytes) -> tuple[str, str] | None:
    tags = body.count(b"<")
    if tags > MAX_OPEN_TAGS and _open_tags(body) > MAX_OPEN_TAGS:
        return "failed", "too_deep"
    if tags > MAX_TAGS * 2 or (tags > MAX_LINKS and len(_LINK.findall(body)) > MAX_LINKS) or _has_monster_tag(body):
        return "failed", "too_complex"
    return None


def _open_tags(body: bytes) -> int:
    """How many elements are open at once at most."""
    heights = list(accumulate(-1 if slash else 1 for slash in _NESTING.findall(body)))
    # A stray closing tag closes nothing: depth counts from the lowest point so far.
    return max((height - min(floor, 0) for height, floor in zip(heights, accumulate(heights, min), strict=True)), default=0)


def _has_monster_tag(body: bytes) -> bool:
    return any(len(tag) > MAX_TAG_BYTES or tag.count(b"=") > MAX_ATTRIBUTES for tag in _LONG_TAG.findall(body))


# Elements whose lines are more than a paragraph.
_MARKS = {"li": "item", "dd": "item", "dt": "item", "blockquote": "quote", "td": "row", "th": "row", **{f"h{n}": "heading" for n in range(1, 7)}}
# How far up a line may stand from the element that gives it its kind: <li><div><p>, <blockquote><p>.
_NEAR = 3


def mark_of(frame: Frame) -> tuple[str, int] | None:
    """(kind, level) of a line held by `frame`, None for a plain paragraph."""
    for _, holder in zip(range(_NEAR), frame.ancestors(), strict=False):
        if kind := _MARKS.get(holder.tag):
            return kind, int(holder.tag[1]) if kind == "heading" else 0
    return None


# Lines that send the reader to another article or ask for a subscription, by how they begin. Only short lines with a link are judged by it.
_INVITES = re.compile(
    r"(?:read (?:also|more|next)|see also|also read|related|more on this|don't miss|lire aussi|à lire|voir aussi|lee también|lea también|le puede interesar|ver también|"
    r"lesen sie (?:auch|mehr)|siehe auch|mehr zum thema|leggi anche|leia (?:também|mais)|lees ook|читайте также|смотрите также|по теме|подписывайтесь|czytaj także|"
    r"اقرأ أيضا|اقرأ أيضًا|相关阅读|延伸阅读|関連記事|sign up|subscribe to|follow us)\b", re.IGNORECASE
)  # fmt: skip
_INVITATION_WORDS = 40


def invites(block: Block) -> bool:
    """Whether a line only invites to read or to subscribe to something else."""
    return bool(block.links) and len(block.tokens) <= _INVITATION_WORDS and _INVITES.match(block.text) is not None


def expected_f1(sizes: list[int], chances: Any, keep: float) -> float:
    """The token F1 that the kept blocks are expected to reach, 0..1, by the model's own chances; `sizes` in tokens."""
    import numpy as np

    weights, chances = np.asarray(sizes, dtype=np.float64), np.asarray(chances, dtype=np.float64)
    kept = chances >= keep
    hits, size = float((weights * chances)[kept].sum()), float(weights[kept].sum())
    whole = size + float((weights * chances).sum())
    return 2 * hits / whole if whole else 0.0


# Words of the notices that stand where an article should: consent, then registration and payment. Six languages and English.
_CONSENT = re.compile(
    r"cookies? (?:policy|settings|preferences)|accept (?:all|cookies)|we (?:and our|use) (?:\d+ )?(?:partners|cookies)|consent|zustimmen|einwilligung|"
    r"accepter les cookies|consentement|aceptar (?:las )?cookies|consentimiento|файлы cookie|согласие|ملفات تعريف الارتباط|同意", re.IGNORECASE
)  # fmt: skip
_PAY = re.compile(
    r"subscribe (?:now |today )?to (?:continue|read)|subscribers? only|already a subscriber|to continue reading|for subscribers|abonnez-vous|réservé aux abonnés|"
    r"suscr[ií]bete para|solo para suscriptores|nur für abonnenten|jetzt weiterlesen|mit .{0,12}abo weiterlesen|для подписчиков|للمشتركين|订阅(?:后|以)", re.IGNORECASE
)  # fmt: skip
_UNFINISHED = re.compile(r"(?:…|\.\.\.|\[…\]|read more|weiterlesen|lire la suite|leer más|читать далее)\s*[»→>]?$", re.IGNORECASE)
# A third of an article's letters in links, and it is a list of articles.
_LINKY = 0.33
# Share of an article's lines that say what another line said.
_REPETITIVE = 0.2


def flags_of(text: str, kept: tuple[Block, ...], page: Page, *, has_date: bool, has_title: bool) -> tuple[str, ...]:
    """What a reader should know of the extraction, in words."""
    words = word_count(text)
    linked = sum(b.linked for b in kept) / max(len(text), 1)
    kinds = {kind for node in page.linked_data for kind in _listed(node.get("@type"))}
    lines = [b.text for b in kept]
    checks = {
        "paywall": _says_paid(page) or (words < 4 * SHORT_WORDS and _PAY.search(text) is not None),
        "consent_wall": words < 2 * SHORT_WORDS and len(_CONSENT.findall(text)) > 1,
        "teaser": words < 2 * SHORT_WORDS and _UNFINISHED.search(text) is not None,
        "list_page": linked > _LINKY and len(kept) > 5,
        "live_blog": "LiveBlogPosting" in kinds,
        "gallery": bool(kinds & {"ImageGallery", "MediaGallery"}),
        "link_density": linked > _LINKY,
        "repeated_blocks": len(lines) > 5 and 1 - len(set(lines)) / len(lines) > _REPETITIVE,
    }
    return plain_flags(text, has_date=has_date, has_title=has_title) + tuple(name for name, holds in checks.items() if holds)


def plain_flags(text: str, *, has_date: bool, has_title: bool) -> tuple[str, ...]:
    """The flags of a text of any kind."""
    checks = {"too_short": word_count(text) < SHORT_WORDS, "no_date": not has_date, "no_title": not has_title}
    return tuple(name for name, holds in checks.items() if holds)


def _listed(value: Any) -> list[str]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]


def _says_paid(page: Page) -> bool:
    """schema.org's own word for it: https://schema.org/isAccessibleForFree."""
    return any(str(node.get("isAccessibleForFree")).lower() == "false" for node in page.articles)


# A text that the page did not show, but its linked data or the feed: usually right, often a summary.
FALL_BACK = 0.6
# Chosen by a rule that somebody wrote for the site and checked.
RULED = 0.95
# What a flag leaves of the confidence.
_LEFT = {"too_short": 0.6, "no_title": 0.9, "paywall": 0.8, "consent_wall": 0.2, "teaser": 0.7, "list_page": 0.5, "repeated_blocks": 0.8}


def confidence(found: float, flags: tuple[str, ...]) -> float:
    """0..1: the expected token F1 of the text, lowered by what the flags say."""
    for flag in flags:
        found *= _LEFT.get(flag, 1.0)
    return round(max(found, 0.05), 2)
