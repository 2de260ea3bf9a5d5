"""One page, decoded and parsed once: the tree that everything else reads, and what the page says of itself."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from igwire.text import clean_line

# Read by no one, and most of the bytes: the engine gets the page without them.
_UNREAD = ["script", "style", "svg", "template", "iframe", "canvas", "object"]
# Deep enough for every real layout of linked data; what is deeper is built to hurt.
_DEEPEST = 6
_MOST_NODES = 400
_TAGS = re.compile(r"<[^>]{1,300}>")
_BROKEN_DATE = re.compile(r'"(datePublished|dateModified)"\s*:\s*"([^"]{8,40})"')
# As a page's own program holds it, in JSON or in JSON inside of a string: "publishedAt":"2022-01-31T…". Without the P, which may
# be a capital: a pattern that begins with plain letters is found fast.
_STATED_DAY = re.compile(r"ubli(?:sh|cation)\w{0,20}\\?[\"']\s{0,3}:\s{0,3}\\?[\"']((?:19|20)\d\d-\d\d-\d\d)")
# Marks of encodings that are written with ASCII bytes, so that a page in them looks like UTF-8: ISO-2022, HZ, UTF-16.
_SEVEN_BIT = (b"\x1b$", b"\x1b(", b"~{", b"\x00")


def decode(body: bytes, content_type: str | None = None) -> str:
    """The page's text by the rules of browsers: byte-order mark, header, declaration; but valid UTF-8 is UTF-8 whatever is declared.

    What is neither declared nor UTF-8 is guessed from the bytes by charset-normalizer.
    """
    with suppress(UnicodeDecodeError):
        text = body.decode("utf-8-sig")
        if not text.isascii() or not any(mark in body for mark in _SEVEN_BIT):
            return text
    from w3lib.encoding import html_to_unicode

    return str(html_to_unicode(content_type, body, auto_detect_fun=_guess)[1])


def _guess(body: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:100_000]).best()
    return best.encoding if best else None


class Page:
    """A parsed page, asked for its metadata. The tree is read, never changed, but for `prune`."""

    def __init__(self, text: str) -> None:
        from selectolax.lexbor import LexborHTMLParser

        self._source = text
        self.tree: Any = LexborHTMLParser(text)
        self.root = self.tree.root
        self.metas = dict(self._metas())
        self.linked_data = list(self._linked_data())
        self.title = clean_line(self._first_text("title"), 1000)
        self.heading = clean_line(self._first_text("h1"), 1000)
        self.declared_language = self.attribute("html", "lang") or self.metas.get("content-language") or self.metas.get("og:locale")
        self.canonical = self.attribute('link[rel="canonical"]', "href")

    def attribute(self, selector: str, name: str) -> str | None:
        """The attribute `name` of the first element that `selector` finds and that has it."""
        return next((value for node in self.tree.css(selector) if (value := node.attributes.get(name))), None)

    def texts(self, selector: str, limit: int = 5) -> list[str]:
        """The clean texts of the first elements that `selector` finds."""
        found = (clean_line(node.text(separator=" "), 1000) for node in self.tree.css(selector)[:limit])
        return [text for text in found if text]

    def _first_text(self, selector: str) -> str:
        node = self.tree.css_first(selector)
        return node.text(separator=" ") if node is not None else ""

    def _metas(self) -> Iterator[tuple[str, str]]:
        # Reversed, so that the first of two equal names wins.
        for node in reversed(self.tree.css("meta[content]")):
            attributes = node.attributes
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or attributes.get("http-equiv")
            if name and attributes["content"]:
                yield name.strip().lower(), attributes["content"]

    def _linked_data(self) -> Iterator[dict[str, Any]]:
        for script in self.tree.css('script[type="application/ld+json"]'):
            text = script.text()
            try:
                yield from _nodes(json.loads(text.strip().removeprefix("<!--").removesuffix("-->").rstrip("; \n"), strict=False))
            except (ValueError, RecursionError):
                # One quotation mark too many in a headline breaks the whole, but not its dates.
                if dates := dict(reversed(_BROKEN_DATE.findall(text))):
                    yield {"@type": "Article", **dates}

    @cached_property
    def articles(self) -> list[dict[str, Any]]:
        """Nodes of the linked data that describe an article, a posting or the page; all nodes where none is typed so."""
        typed = [node for node in self.linked_data if _is_article(node)]
        return typed or [node for node in self.linked_data if "headline" in node or "datePublished" in node]

    @cached_property
    def body_text(self) -> str:
        """`articleBody` of the linked data, the longest one, without markup."""
        bodies = [node["articleBody"] for node in self.linked_data if isinstance(node.get("articleBody"), str)]
        longest = max(bodies, key=len, default="")
        return html.unescape(_TAGS.sub("\n", longest)) if "<" in longest or "&" in longest else longest

    @property
    def stated_day(self) -> str | None:
        """The day (YYYY-MM-DD) of publication that the data in the page's scripts name, if they name one only."""
        days = set(_STATED_DAY.findall(self._source))
        return days.pop() if len(days) == 1 else None

    @property
    def description(self) -> str:
        """What the page gives as its summary."""
        return next((self.metas[name] for name in ("description", "og:description", "twitter:description", "dc.description") if name in self.metas), "")

    def prune(self) -> None:
        """Take scripts, styles and what else nobody reads out of the tree."""
        self.tree.strip_tags(_UNREAD)

    def html(self) -> str:
        """The tree as well-formed HTML."""
        text: str = self.tree.html or ""
        return text


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    return any(isinstance(kind, str) and kind.endswith(("Article", "Posting", "Report")) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    waiting, left = [(value, 0)], _MOST_NODES
    while waiting and left:
        item, depth = waiting.pop(0)
        left -= 1
        if isinstance(item, dict):
            yield item
            item = [v for k, v in item.items() if isinstance(v, list | dict) and k not in ("author", "publisher", "image")]
        if isinstance(item, list) and depth < _DEEPEST:
            waiting.extend((inner, depth + 1) for inner in item[:100] if isinstance(inner, list | dict))
