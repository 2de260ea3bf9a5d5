"""What tells an article's blocks from the rest of a page, as numbers: one row a block.

Nothing here knows a language or a site: the words that matter, and how much, are the trained model's data (`blockmodel`).
The features are those of boilerplate removal since Kohlschütter et al. (WSDM 2010): density of text and links, place in the
page and in the tree; added are how a block's neighbours look, and what the engine found where it was asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from typing import Any

from igwire.extract.blocks import Block, Frame, tokens_of

Words = Mapping[str, float]
Run = tuple[str, ...]
_SENTENCE_END = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]]*$")
_CLOCK_OR_YEAR = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d\d\b")
_DIGIT = re.compile(r"\d")
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
_BESIDE = (1, -1, 2, -2)
# The two columns of what the engine found, and what stands there while it was not asked.
_ENGINE, _ENGINE_SIZE, _NOT_ASKED = 21, 29, -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What else the page says of its article: its title, its linked data's body, its description."""

    title: str = ""
    body: str = ""
    description: str = ""


def runs_of(tokens: Sequence[str]) -> list[Run]:
    """Overlapping runs of three words; the whole where it is shorter."""
    return list(zip(tokens, tokens[1:], tokens[2:], strict=False)) if len(tokens) > 2 else [tuple(tokens)] if tokens else []


def matrix(blocks: list[Block], hints: Hints, classes: Words, words: Words) -> Any:
    """An array of float32, a row a block, columns as described by the functions below; the engine counts as not asked."""
    import numpy as np

    rows = [_text_row(block, words) for block in blocks]
    table = np.hstack([np.asarray(rows), _hints(blocks, hints), _frames(blocks, classes), _places(blocks)]).astype(np.float32)
    return np.hstack([table, *(_shifted(table[:, _NEIGHBOURLY], by) for by in _BESIDE)])


def with_engine(table: Any, blocks: list[Block], engine: str) -> Any:
    """The table of `matrix` with what the engine's text holds of each block."""
    import numpy as np

    tokens = tokens_of(engine)
    runs, words = frozenset(runs_of(tokens)), frozenset(tokens)
    found = np.asarray([_in_engine(block, runs, words) for block in blocks], dtype=np.float32)[:, None]
    out = table.copy()
    own = out.shape[1] - len(_BESIDE) * len(_NEIGHBOURLY)
    out[:, _ENGINE], out[:, _ENGINE_SIZE] = found[:, 0], len(runs)
    for number, by in enumerate(_BESIDE):
        out[:, own + number * len(_NEIGHBOURLY) + _NEIGHBOURLY.index(_ENGINE)] = _shifted(found, by)[:, 0]
    return out


def _in_engine(block: Block, runs: frozenset[Run], words: frozenset[str]) -> float:
    if len(block.tokens) >= 3:
        return max(_share(runs_of(block.tokens), runs), 0.0)
    return 0.5 if block.tokens and words.issuperset(block.tokens) else 0.0


def _shifted(table: Any, by: int) -> Any:
    import numpy as np

    out = np.full_like(table, -1.0)
    if abs(by) < len(table):
        if by > 0:
            out[by:] = table[:-by]
        else:
            out[:by] = table[-by:]
    return out


def _text_row(block: Block, words: Words) -> tuple[float, ...]:
    """21 columns: what the block's own text looks like."""
    text, tokens = block.text, block.tokens
    size, count, head = len(text), len(tokens), text[:200]
    short = count <= _WORDY
    # In the order of the text: a sum in the order of a set differs in its last digits from process to process.
    known = [words.get(word, 0.0) for word in dict.fromkeys(tokens)] if short and count else ()
    first = [word[0] for word in text.split(None, 30)[:30]] if short else ()
    return (
        count, log1p(count), block.linked / size, len(block.links), len("".join(tokens)) / (count or 1), _SENTENCE_END.search(text[-4:]) is not None,
        text[-1] == ":", text.count(",") / (count or 1), len(_DIGIT.findall(head)) / len(head),
        sum(map(str.isupper, first)) / len(first) if first else 0.2, text[0].islower(), not text[0].isalnum(), "©" in text, "|" in text,
        "@" in text, count < 25 and _CLOCK_OR_YEAR.search(text) is not None,
        sum(known) / sqrt(len(known)) if known else 0.0, min(known, default=0.0), max(known, default=0.0), block.after_br, block.emphasised / size,
    )  # fmt: skip


def _hints(blocks: list[Block], hints: Hints) -> Any:
    """9 columns: what the engine found, the tag, how much of the block the title, linked data and description hold."""
    import numpy as np

    title = frozenset(tokens_of(hints.title))
    body, description = (frozenset(runs_of(tokens_of(text))) for text in (hints.body, hints.description))
    rows = []
    for block in blocks:
        tag, count = block.frame.tag, len(block.tokens)
        shared = len(title.intersection(block.tokens))
        runs = runs_of(block.tokens) if body or description else []
        different = len(set(block.tokens)) if shared else 1
        rows.append(
            (
                _NOT_ASKED, _HEADINGS.get(tag, 0), tag == "p", tag in _LISTS, shared / max(len(title), 1), shared / different if count else 0.0,
                _share(runs, body), _share(runs, description), _NOT_ASKED,
            )
        )  # fmt: skip
    return np.asarray(rows)


def _share(runs: list[Run], known: frozenset[Run]) -> float:
    return sum(map(known.__contains__, runs)) / len(runs) if known and runs else -1.0


def _frames(blocks: list[Block], classes: Words) -> Any:
    """42 columns: the element that holds the block, its class names and its ancestors."""
    import numpy as np

    frames, holders = _listed(blocks)
    at = {id(frame): number for number, frame in enumerate(frames)}
    up = np.asarray([at[id(frame.parent)] if frame.parent else number for number, frame in enumerate(frames)])
    sums = np.asarray([(f.depth, f.chars, f.linked, f.good, f.blocks, f.hidden) for f in frames], dtype=np.float64)
    depth, chars, linked, good, held, hidden = sums.T
    all_good, total = max(sum(len(b.text) for b in blocks if b.good), 1), sum(len(b.text) for b in blocks) or 1
    own, line = _lines(frames, up, depth, good, all_good, classes)
    counts = np.column_stack([good / all_good, linked / np.maximum(chars, 1), chars / np.maximum(held, 1), held])
    nearest = [np.arange(len(frames))]
    while len(nearest) < _LEVELS:
        nearest.append(up[nearest[-1]])
    before, far = line[:, :10], line[:, 10:]
    rows = np.column_stack([own, before[:, :3], own[nearest[1]], own[nearest[2]], before[:, 3:], hidden, depth, far, *(counts[level] for level in nearest)])
    kinds = _kinds(blocks, total)
    return np.column_stack([rows[holders, :15], kinds, rows[holders, 15:]])


def _listed(blocks: list[Block]) -> tuple[list[Frame], list[int]]:
    """The frames of the blocks and all their ancestors, each after its parent, and for each block the number of its own."""
    at: dict[int, int] = {}
    frames: list[Frame] = []
    for block in blocks:
        line: list[Frame] = []
        frame: Frame | None = block.frame
        while frame is not None and id(frame) not in at:
            line.append(frame)
            frame = frame.parent
        for new in reversed(line):
            at[id(new)] = len(frames)
            frames.append(new)
    return frames, [at[id(block.frame)] for block in blocks]


def _lines(frames: list[Frame], up: Any, depth: Any, good: Any, all_good: int, classes: Words) -> tuple[Any, Any]:
    """How much each frame's names speak for an article, and 13 columns of its line of ancestors, told from the root down:

    the lowest, highest and sum of those, ancestors that are furniture, whether one is an article, a list and so on (`_INSIDE`),
    steps up to the first that holds so much of the page's sentences (`_SHARES`).
    """
    import numpy as np

    own = _scores(frames, classes)
    tags = [frame.tag for frame in frames]
    inside = np.asarray([[name == tag for name in _INSIDE] for tag in tags], dtype=np.float64)
    least, added = np.column_stack([own, -own, -inside]), np.column_stack([own, [tag in _FURNITURE for tag in tags]])
    holds = good[:, None] >= np.asarray(_SHARES) * all_good
    far = np.where(holds, 0, _FAR)
    by_depth = np.argsort(depth, kind="stable")
    for level in np.split(by_depth, np.flatnonzero(np.diff(depth[by_depth])) + 1)[1:]:
        above = up[level]
        least[level] = np.minimum(least[level], least[above])
        added[level] += added[above]
        far[level] = np.where(holds[level], 0, np.minimum(far[above] + 1, _FAR))
    return own, np.column_stack([least[:, 0], -least[:, 1], added, -least[:, 2:], far])


def _scores(frames: list[Frame], classes: Words) -> Any:
    """How much the class names and the tag of each frame speak for an article."""
    import numpy as np

    known: dict[tuple[str, tuple[str, ...]], float] = {}
    for frame in frames:
        if (names := (frame.tag, frame.words)) not in known:
            found = sum([classes.get(word, 0.0) for word in frame.words]) + classes.get(f"<{frame.tag}>", 0.0)
            known[names] = max(-_BOUND, min(_BOUND, found))
    return np.asarray([known[frame.tag, frame.words] for frame in frames])


def _kinds(blocks: list[Block], total: int) -> Any:
    """4 columns: of all blocks whose elements and parents look the same, their number, words each, letters in links, share of the page."""
    import numpy as np

    sums: dict[Any, list[int]] = {}
    mine = []
    for block in blocks:
        frame = block.frame
        found = sums.setdefault((frame.kind, frame.parent.kind if frame.parent else None), [0, 0, 0, 0])
        found[0] += 1
        found[1] += len(block.tokens)
        found[2] += block.linked
        found[3] += len(block.text)
        mine.append(found)
    count, words, linked, chars = np.asarray(mine, dtype=np.float64).T
    return np.column_stack([count, words / count, linked / np.maximum(chars, 1), chars / total])


def _places(blocks: list[Block]) -> Any:
    """11 columns: where the block stands among the others."""
    import numpy as np

    count = len(blocks)
    at = np.arange(count)
    size, good = np.asarray([len(b.text) for b in blocks], dtype=np.float64), np.asarray([b.good for b in blocks])
    seen, seen_good = np.cumsum(size), np.cumsum(size * good)
    total, all_good = seen[-1] or 1, seen_good[-1]
    before = np.concatenate([[-1], np.maximum.accumulate(np.where(good, at, -1))[:-1]])
    after = np.concatenate([np.minimum.accumulate(np.where(good, at, count)[::-1])[::-1][1:], [count]])
    heading = np.maximum.accumulate(np.where([b.frame.tag == "h1" for b in blocks], at, -1))
    texts = Counter(b.text for b in blocks)
    whole = np.ones(count)
    return np.column_stack([
        at / count, whole * count, (seen - size) / total, (seen_good - size * good) / max(all_good, 1), 1 - seen_good / max(all_good, 1),
        np.where(before >= 0, at - before, -1), np.where(after < count, after - at, -1), np.where(heading >= 0, at - heading, -1),
        [texts[b.text] for b in blocks], whole * all_good, whole * (all_good / total),
    ])  # fmt: skip
