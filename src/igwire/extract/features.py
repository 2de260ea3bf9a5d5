"""What tells an article's blocks from the rest of a page, as numbers: one row a block.

Nothing here knows a language or a site: the words that matter, and how much, are the trained model's data (`blockmodel`).
The features are those of boilerplate removal since Kohlschütter et al. (WSDM 2010): density of text and links, place in the
page and in the tree; added are what the engine found, and how a block's neighbours look.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from igwire.extract.blocks import Block, Frame, tokens_of

Words = Mapping[str, float]
_SENTENCE_END = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]]*$")
_CLOCK_OR_YEAR = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d\d\b")
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 5}
_FURNITURE = frozenset(("nav", "footer", "aside", "form", "button", "label", "menu", "dialog", "fieldset"))
_LISTS = frozenset(("li", "dd", "dt"))
_INSIDE = ("article", "main", "figure", "li", "td", "blockquote")
# A class name tells little by itself once it is longer than this many words; the sum is kept in bounds.
_BOUND = 6.0
# Longer blocks are told by other means than their single words.
_WORDY = 60
_SHARES = (0.2, 0.5, 0.8)
_FAR = 15
_LEVELS = 5
# Columns of a row that are also given for the two blocks before and after.
_NEIGHBOURLY = (0, 2, 5, 16, 21, 22, 23, 24, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What else the page says of its article: its title, its linked data's body, its description, the engine's text."""

    title: str = ""
    body: str = ""
    description: str = ""
    engine: str = ""


def triples(tokens: Sequence[str]) -> list[str]:
    """Overlapping runs of three words; the whole where it is shorter."""
    return [" ".join(tokens[i : i + 3]) for i in range(max(len(tokens) - 2, 1))] if tokens else []


def matrix(blocks: list[Block], hints: Hints, classes: Words, words: Words) -> Any:
    """An array of float32, a row a block, columns as described by the functions below."""
    import numpy as np

    page = _PageView(blocks, hints, classes)
    rows = [_text_row(block, words) + page.hint_row(block) + page.frame_row(block.frame) + page.place_row(i, block) for i, block in enumerate(blocks)]
    table = np.asarray(rows, dtype=np.float32)
    return np.hstack([table, *(_shifted(table[:, _NEIGHBOURLY], by) for by in (1, -1, 2, -2))])


def _shifted(table: Any, by: int) -> Any:
    import numpy as np

    out = np.full_like(table, -1.0)
    if abs(by) < len(table):
        if by > 0:
            out[by:] = table[:-by]
        else:
            out[:by] = table[-by:]
    return out


def _text_row(block: Block, words: Words) -> list[float]:
    """21 columns: what the block's own text looks like."""
    text, tokens = block.text, block.tokens
    size, count = len(text), len(tokens)
    short = count <= _WORDY
    # In the order of the text: a sum in the order of a set differs in its last digits from process to process.
    known = [words.get(word, 0.0) for word in dict.fromkeys(tokens)] if short else []
    spaced = text.split()[:30] if short else []
    return [
        count, math.log1p(count), block.linked / size, len(block.links), sum(map(len, tokens)) / max(count, 1), _SENTENCE_END.search(text[-4:]) is not None,
        text[-1] == ":", text.count(",") / max(count, 1), sum(map(str.isdigit, text[:200])) / min(size, 200),
        sum(word[0].isupper() for word in spaced) / len(spaced) if spaced else 0.2, text[0].islower(), not text[0].isalnum(), "©" in text, "|" in text,
        "@" in text, count < 25 and _CLOCK_OR_YEAR.search(text) is not None,
        sum(known) / math.sqrt(len(known)) if known else 0.0, min(known, default=0.0), max(known, default=0.0), block.after_br, block.emphasised / size,
    ]  # fmt: skip


@dataclass(slots=True, eq=False)
class _Line:
    """A frame and its ancestors as numbers; `above` is its parent's."""

    above: _Line | None
    score: tuple[float, float, float, float]
    # Ancestors that are furniture; whether it stands in an article, a list and so on (_INSIDE).
    furniture: int
    inside: tuple[bool, ...]
    # Steps up to the first frame that holds so much of the page's sentences (_SHARES).
    far: tuple[int, ...]
    # Share of the page's sentences, of letters in links; letters a block, blocks.
    counts: tuple[float, float, float, float]


class _PageView:
    """One page's totals, asked for rows; frames and kinds are looked at once."""

    def __init__(self, blocks: list[Block], hints: Hints, classes: Words) -> None:
        self.blocks, self.classes = blocks, classes
        self.total = sum(len(b.text) for b in blocks) or 1
        self.good = sum(len(b.text) for b in blocks if b.good)
        self.title = frozenset(tokens_of(hints.title))
        self.body, self.description, self.engine = (frozenset(triples(tokens_of(t))) for t in (hints.body, hints.description, hints.engine))
        self.engine_words = frozenset(tokens_of(hints.engine))
        self.texts = Counter(b.text for b in blocks)
        self.kinds: dict[Any, list[int]] = {}
        for block in blocks:
            sums = self.kinds.setdefault(_kind(block.frame), [0, 0, 0, 0])
            for i, value in enumerate((1, len(block.tokens), block.linked, len(block.text))):
                sums[i] += value
        self._frames: dict[int, list[float]] = {}
        self._lines: dict[int, _Line] = {}
        self._seen = self._seen_good = 0
        self._last_good = self._heading = -1
        self._next_good = self._distances()

    def hint_row(self, block: Block) -> list[float]:
        """9 columns: the tag, and how much of the block the engine, title, linked data and description hold."""
        tokens = set(block.tokens)
        runs = triples(block.tokens)
        tag, shared = block.frame.tag, len(tokens & self.title)
        return [
            self._in_engine(block, runs), _HEADINGS.get(tag, 0), tag == "p", tag in _LISTS, shared / max(len(self.title), 1), shared / max(len(tokens), 1),
            _share(runs, self.body), _share(runs, self.description), len(self.engine),
        ]  # fmt: skip

    def _in_engine(self, block: Block, runs: list[str]) -> float:
        if len(block.tokens) >= 3:
            return max(_share(runs, self.engine), 0.0)
        return 0.5 if block.tokens and self.engine_words.issuperset(block.tokens) else 0.0

    def frame_row(self, frame: Frame) -> list[float]:
        """45 columns: the element, its class names and its ancestors."""
        if (row := self._frames.get(id(frame))) is None:
            row = self._frames[id(frame)] = self._frame_row(frame)
        return row

    def _frame_row(self, frame: Frame) -> list[float]:
        count, words, linked, chars = self.kinds[_kind(frame)]
        line = self._line(frame)
        nearest = [line]
        while len(nearest) < _LEVELS:
            nearest.append(nearest[-1].above or nearest[-1])
        return [
            *line.score, nearest[1].score[0], nearest[2].score[0], line.furniture, *line.inside,
            frame.hidden, frame.depth, count, words / count, linked / max(chars, 1), chars / self.total, *line.far, *(x for up in nearest for x in up.counts),
        ]  # fmt: skip

    def _line(self, frame: Frame) -> _Line:
        """What the frame and its ancestors are, each frame told from its parent's."""
        if (found := self._lines.get(id(frame))) is None:
            above, good, tag = self._line(frame.parent) if frame.parent else None, self.good or 1, frame.tag
            found = self._lines[id(frame)] = _Line(
                above=above,
                score=self._score(frame, above.score if above else None),
                furniture=(above.furniture if above else 0) + (tag in _FURNITURE),
                inside=tuple(name == tag or (above is not None and above.inside[i]) for i, name in enumerate(_INSIDE)),
                far=tuple(0 if frame.good >= share * good else min(above.far[i] + 1, _FAR) if above else _FAR for i, share in enumerate(_SHARES)),
                counts=(frame.good / good, frame.linked / max(frame.chars, 1), frame.chars / max(frame.blocks, 1), frame.blocks),
            )
        return found

    def _score(self, frame: Frame, above: tuple[float, float, float, float] | None) -> tuple[float, float, float, float]:
        """How much its class names speak for an article: own, lowest, highest and sum of the line of ancestors."""
        own = sum([self.classes.get(word, 0.0) for word in frame.words]) + self.classes.get(f"<{frame.tag}>", 0.0)
        own = max(-_BOUND, min(_BOUND, own))
        _, low, high, total = above or (0.0, own, own, 0.0)
        return own, min(own, low), max(own, high), total + own

    def place_row(self, index: int, block: Block) -> list[float]:
        """11 columns: where the block stands. Called in reading order."""
        good = self.good or 1
        if block.frame.tag == "h1":
            self._heading = index
        after = self._seen_good + (len(block.text) if block.good else 0)
        row = [
            index / len(self.blocks), len(self.blocks), self._seen / self.total, self._seen_good / good, 1 - after / good,
            index - self._last_good if self._last_good >= 0 else -1, self._next_good[index], index - self._heading if self._heading >= 0 else -1,
            self.texts[block.text], self.good, self.good / self.total,
        ]  # fmt: skip
        self._seen += len(block.text)
        self._seen_good = after
        if block.good:
            self._last_good = index
        return row

    def _distances(self) -> list[int]:
        out, following = [-1] * len(self.blocks), -1
        for i in range(len(self.blocks) - 1, -1, -1):
            out[i] = following - i if following >= 0 else -1
            if self.blocks[i].good:
                following = i
        return out


def _kind(frame: Frame) -> tuple[Any, Any]:
    return frame.kind, frame.parent.kind if frame.parent else None


def _share(runs: list[str], known: frozenset[str]) -> float:
    return sum(run in known for run in runs) / len(runs) if known and runs else -1.0
