"""A page as a list of text blocks: one walk over lexbor's tree, cut where a browser would begin a new line.

The tree is read, never changed. A block knows the element that holds it (its frame), and a frame its parent, so that what
judges a block can look at the whole page around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

# Elements whose text nobody reads.
_UNREAD = "script style noscript template svg iframe object select option textarea datalist canvas head math"
SKIPPED = frozenset(_UNREAD.split())
# Elements that begin a new line. `button` and `label` are inline to a browser, but never part of a sentence.
_LINES = (
    "html body div p section article main aside header footer nav h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tfoot tr td th caption "
    "blockquote pre figure figcaption form fieldset legend address details summary center hr hgroup button label video audio picture menu dialog"
)
BREAKING = frozenset(_LINES.split())
_EMPHASIS = frozenset(("b", "strong", "em", "i"))
# One token per character of scripts without spaces, else one per word.
_TOKEN = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_NAME = re.compile(r"[a-z]{3,}")
_CAMEL = re.compile(r"([a-z])([A-Z])")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Where sites say in words what an element is for.
_NAMING = ("class", "id", "itemprop", "role", "data-component", "data-testid")
# More words come from utility frameworks, which name how an element looks and not what it is for.
_NAMING_WORDS = 12
_NAMING_CHARS = 400
# Blocks with fewer words are seldom sentences; with a third of the letters in links they are lists of links.
GOOD_WORDS = 12


@dataclass(slots=True, eq=False)
class Frame:
    """An element that breaks lines. The counts are of everything inside it, in characters and blocks."""

    tag: str
    parent: Frame | None
    depth: int
    # Words of its class, id and roles.
    words: tuple[str, ...]
    # Tag and class as written: equal for the items of one list.
    kind: tuple[str, str | None]
    hidden: bool
    chars: int = 0
    linked: int = 0
    good: int = 0
    blocks: int = 0

    def ancestors(self) -> Iterator[Frame]:
        """This frame, its parent and so on up to the root."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


@dataclass(slots=True, eq=False)
class Block:
    """One line of text as a browser shows it."""

    text: str
    frame: Frame
    # Characters inside links and inside emphasis.
    linked: int
    emphasised: int
    # Addresses of its links as written, in order.
    links: list[str]
    # Whether a <br> and no element begins it.
    after_br: bool
    tokens: list[str] = field(default_factory=list)
    # Looks like a sentence or more.
    good: bool = False


def tokens_of(text: str) -> list[str]:
    """Lower-case words; characters for scripts that are written without spaces."""
    return _TOKEN.findall(text.lower())


@lru_cache(maxsize=4096)
def _named(naming: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(_NAME.findall(_CAMEL.sub(r"\1 \2", naming[:_NAMING_CHARS]).lower())))
    return words if len(words) <= _NAMING_WORDS else ()


class _Walk:
    """The walk's running line and the frame it is in."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.frames: list[Frame] = []
        self.frame: Frame | None = None
        self.pieces: list[str] = []
        self.linked = self.emphasised = self.deepest = 0
        self.links: list[str] = []
        self.after_br = self.in_link = self.in_emphasis = False
        # What to come back to: the node, whether it broke the line, and the state before it was entered.
        self.above: list[tuple[Any, bool, Frame | None, bool, bool]] = []

    def text(self, piece: str | None) -> None:
        if piece:
            self.pieces.append(piece)
            self.linked += len(piece.strip()) if self.in_link else 0
            self.emphasised += len(piece.strip()) if self.in_emphasis else 0

    def flush(self, *, br: bool = False) -> None:
        if self.pieces and self.frame is not None:
            text = " ".join("".join(self.pieces).split())
            if text:
                block = Block(text, self.frame, self.linked, self.emphasised, self.links, self.after_br, tokens_of(text))
                block.good = len(block.tokens) >= GOOD_WORDS and block.linked * 3 < len(text)
                self.blocks.append(block)
        if self.pieces:
            self.pieces, self.links = [], []
            self.linked = self.emphasised = 0
        self.after_br = br

    def enter(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.flush()
        parent = self.frame
        naming = " ".join([value for name in _NAMING if (value := attributes.get(name))])
        style = attributes.get("style")
        hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true" or bool(style and _HIDING.search(style))
        self.frame = Frame(
            tag,
            parent,
            parent.depth + 1 if parent else 0,
            _named(naming) if naming else (),
            (tag, attributes.get("class")),
            hidden or bool(parent and parent.hidden),
        )
        self.frames.append(self.frame)

    def visit(self, node: Any) -> Any:
        """Take in one node; its first child when it has one to go into."""
        tag = node.tag or "unknown"
        if tag == "-text":
            self.text(node.text_content)
        elif tag == "br":
            self.flush(br=True)
        elif tag[0] != "-" and tag not in SKIPPED:
            return self._open(node, tag)
        return None

    def _open(self, node: Any, tag: str) -> Any:
        inside, outside, breaks = node.child, self.frame, tag in BREAKING
        if breaks:
            self.enter(tag, node.attributes)
        if inside is None:
            self.frame = outside
            return None
        self.above.append((node, breaks, outside, self.in_link, self.in_emphasis))
        self.deepest = max(self.deepest, len(self.above))
        if tag == "a":
            self.in_link = True
            self.links.append(node.attributes.get("href") or "")
        self.in_emphasis = self.in_emphasis or tag in _EMPHASIS
        return inside

    def onward(self, node: Any) -> Any:
        """The node after `node` in reading order, leaving the elements that end in between; None at the end."""
        following = node.next if self.above else None
        while following is None and self.above:
            node, breaks, outside, self.in_link, self.in_emphasis = self.above.pop()
            if breaks:
                self.flush()
            self.frame = outside
            following = node.next if self.above else None
        return following


def cut(root: Any) -> list[Block]:
    """The blocks under lexbor's node `root`, in reading order, with the counts of their frames filled in."""
    return cut_with_depth(root)[0]


def cut_with_depth(root: Any) -> tuple[list[Block], int]:
    """The blocks, and how deep the tree is, in elements."""
    walk, node = _Walk(), root
    while node is not None:
        node = walk.visit(node) or walk.onward(node)
    _count(walk.blocks, walk.frames)
    return walk.blocks, walk.deepest


def _count(blocks: list[Block], frames: list[Frame]) -> None:
    for block in blocks:
        frame, size = block.frame, len(block.text)
        frame.chars += size
        frame.linked += block.linked
        frame.good += size if block.good else 0
        frame.blocks += 1
    # Children were entered after their parents.
    for frame in reversed(frames):
        if (parent := frame.parent) is not None and frame.blocks:
            parent.chars += frame.chars
            parent.linked += frame.linked
            parent.good += frame.good
            parent.blocks += frame.blocks
