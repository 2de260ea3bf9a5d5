"""What the templates are given: texts made safe, and the parts of an article put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from igwire.search.called import LANGUAGES
from igwire.worddiff import Part, ends, word_diff

_RTL = {"ar", "fa", "he", "ur", "ps", "yi", "ckb", "sd", "ug"}
# Revisions whose differences one page works out; comparing costs time.
_COMPARED = 5
# Characters of a pair of texts beyond which only the numbers of words are told: the comparison is quadratic at worst.
_COMPARABLE = 60_000


def snippet(text: str) -> Markup:
    """A highlight as it may stand in a page: Elasticsearch has escaped it (encoder html), only its own marks are markup.

    Escaped again and the marks restored, so that a server with another setting cannot smuggle markup in.
    """
    before, *rest = text.split("<mark>")
    shown = escape(Markup(before).unescape())
    for part in rest:
        inside, _, after = part.partition("</mark>")
        shown += Markup("<mark>") + escape(Markup(inside).unescape()) + Markup("</mark>") + escape(Markup(after).unescape())
    return shown


def sentence(text: str) -> str:
    """With a capital at its start, as messages stand on a page."""
    return text[:1].upper() + text[1:]


def safe_link(url: str | None) -> str:
    """The address if a browser may follow it, else an empty one."""
    return url if url and url.startswith(("http://", "https://")) else ""


def direction(language: str | None) -> str:
    """rtl or ltr."""
    return "rtl" if language in _RTL else "ltr"


def language_name(code: str | None) -> str:
    """The English name of a language (endonyms would help those who read them; the page itself is English), or its code."""
    return LANGUAGES.get(code or "und", code or "")


def marked(document: Mapping[str, Any], field: str = "text") -> Markup:
    """The body (or title) with its mentions marked by their offsets; everything else is escaped."""
    text = document.get("body" if field == "text" else "title") or ""
    out, at = Markup(""), 0
    for mention in sorted(document.get("entity_mentions", []), key=lambda m: m["start"]):
        start, end = mention["start"], mention["end"]
        if mention["field"] != field or start < at or end > len(text):
            continue
        tip = f"{mention.get('name') or mention['surface']} ({mention['type']}{', ' + mention['qid'] if mention.get('qid') else ''}): {mention['why']}"
        kind = "linked" if mention.get("entity") else "unlinked"
        out += escape(text[at:start]) + Markup('<mark class="entity {} {}" title="{}">{}</mark>').format(mention["type"], kind, tip, text[start:end])
        at = end
    return out + escape(text[at:])


def paragraphs(document: Mapping[str, Any]) -> list[Markup]:
    """The body's paragraphs, mentions marked; the marks never span two, since names do not."""
    return [Markup(line) for line in str(marked(document)).split("\n") if line.strip()]


@dataclass(slots=True)
class Named:
    """One entity of an article: how often it stands there, as what, and why it was tagged."""

    name: str
    type: str
    entity: str = ""
    qid: str = ""
    times: int = 0
    surfaces: list[str] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)


def named(document: Mapping[str, Any]) -> list[Named]:
    """The entities of an article, linked ones first, then by how often they are named."""
    found: dict[tuple[str, str], Named] = {}
    for mention in document.get("entity_mentions", []):
        name = mention.get("name") or mention["surface"]
        one = found.setdefault(
            (mention.get("entity") or name, mention["type"]), Named(name, mention["type"], mention.get("entity") or "", mention.get("qid") or "")
        )
        one.times += 1
        _note(one.surfaces, mention["surface"])
        # The version of the knowledge base is the same for all, and stands below once.
        _note(one.whys, (mention.get("why") or "").partition("; kb ")[0])
    return sorted(found.values(), key=lambda one: (not one.entity, -one.times, one.name))


def _note(listed: list[str], value: str, most: int = 3) -> None:
    if value and value not in listed and len(listed) < most:
        listed.append(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a text; `parts`: what is different from the one before, empty for the first or when it may not be shown."""

    revision: int
    seen_at: str
    title: str
    added: int = 0
    removed: int = 0
    parts: tuple[Part, ...] = ()


def versions(revisions: Sequence[Mapping[str, Any]], *, text_visible: bool) -> list[Version]:
    """The history of an article, the newest first."""
    pairs = list(zip([None, *revisions], revisions, strict=False))
    compared = pairs[-_COMPARED:] if text_visible else []
    return [_version(before, now, text_visible=(before, now) in compared) for before, now in reversed(pairs)]


def _version(before: Mapping[str, Any] | None, now: Mapping[str, Any], *, text_visible: bool) -> Version:
    changes = now.get("changes") or {}
    old, new = (f"{one.get('title') or ''}\n{one.get('body') or ''}" if one else "" for one in (before, now))
    parts: Sequence[Part] = word_diff(old, new) if before and text_visible and len(old) + len(new) <= _COMPARABLE else ()
    return Version(
        revision=now["revision"], seen_at=now["@timestamp"], title=now.get("title") or "", added=changes.get("added", 0), removed=changes.get("removed", 0),
        parts=tuple(Part(part.kind, ends(part.text) if part.kind == "same" else part.text) for part in parts),
    )  # fmt: skip
