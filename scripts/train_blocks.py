"""Train and judge the model of blocks (src/igwire/extract/model.json); not part of igwire, needs `pip install catboost scikit-learn`.

Usage: python scripts/train_blocks.py FOLDER... [--out model.json] [--version N]
Each FOLDER is a set of pages with truth: `truth.jsonl` with one object a page (`file`, `domain`, `text`) and the files that it names.

First the folds: the pages of a domain are never on both sides, and each page sees the weights of names and words that all other
domains give. It prints the mean token F1 a set of trafilatura alone, of trafilatura with igwire's settings, and of igwire, each on
domains that the model has not seen, and for how many pages the engine was asked. Then, with --out, the model on all. Last line: the
same figures as one JSON object.
"""

from __future__ import annotations

import argparse
import bisect
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from sklearn.model_selection import GroupKFold
from trafilatura import bare_extraction

from igwire.extract.article import KEEP, Reading, decided
from igwire.extract.blocks import Block, tokens_of
from igwire.extract.features import matrix, with_engine
from igwire.extract.page import Page, decode

FOLDS = 4
# Ancestors whose class names are counted for a block.
LEVELS = 6
# Pages with fewer words are weighed as if they had as many, or toy pages would rule.
SMALL_PAGE = 50
# A class name or word must be seen on this many domains.
CLASS_DOMAINS, WORD_DOMAINS = 4, 8
TREES = {"iterations": 250, "depth": 6, "learning_rate": 0.1, "l2_leaf_reg": 6, "border_count": 48, "rsm": 0.3, "subsample": 0.7, "bootstrap_type": "Bernoulli", "leaf_estimation_iterations": 2, "random_seed": 1}  # fmt: skip


@dataclass
class Sample:
    """One page with its truth: `labels` are the share of each block that the truth holds, 0..1."""

    folder: str
    domain: str
    truth: str
    bare: str
    reading: Reading
    labels: list[float]
    # The features, with the engine not asked and asked; the text that a model made of them.
    table: Any = None
    asked: Any = None
    found: str = ""

    @property
    def blocks(self) -> list[Block]:
        return self.reading.blocks


@dataclass
class Counts:
    """What speaks for class names and words: tokens inside and outside of articles (as shares of their pages), and domains."""

    inside: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    said_inside: Counter[str] = field(default_factory=Counter)
    said_outside: Counter[str] = field(default_factory=Counter)

    def classes(self, out: Counts | None = None, names: Iterator[str] | None = None) -> dict[str, float | None]:
        """The weight of each name (of `names`) without what `out` adds; None where too few domains have it."""
        out, found = out or Counts(), {}
        for name in names or iter(self.domains):
            inside, outside = self.inside[name] - out.inside[name], self.outside[name] - out.outside[name]
            known = self.domains[name] - out.domains[name] >= CLASS_DOMAINS
            found[name] = round(math.log((inside + 0.3) / (outside + 0.3)), 2) if known else None
        return found

    def words(self, out: Counts | None = None, words: Iterator[str] | None = None) -> dict[str, float | None]:
        """As `classes`, for words; None also where a word says little."""
        out, found = out or Counts(), {}
        for word in words or iter(self.said_inside.keys() | self.said_outside.keys()):
            ins, outs = self.said_inside[word] - out.said_inside[word], self.said_outside[word] - out.said_outside[word]
            weight = math.log((ins + 1) / (outs + 1))
            found[word] = round(weight, 2) if ins + outs >= WORD_DOMAINS and abs(weight) >= 0.4 and not word.isdigit() else None
        return found


def known(weights: dict[str, float | None]) -> dict[str, float]:
    return {name: weights[name] for name in sorted(weights) if weights[name] is not None}


def samples(folder: Path) -> list[Sample]:
    out = []
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if not row.get("text") or row.get("page_type", "article") != "article":
            continue
        body = (folder / row["file"]).read_bytes()
        reading = Reading(Page(decode(body)))
        bare: Any = bare_extraction(body, url=row.get("url"), with_metadata=True)
        labels = labelled(reading.blocks, row["text"])
        out.append(Sample(folder.name, row["domain"], row["text"], (bare and bare.text) or "", reading, labels))
    return out


def labelled(blocks: list[Block], truth: str) -> list[float]:
    """The share of each block's runs of four words that the truth holds; short blocks and copies are told by their neighbours."""
    tokens = tokens_of(truth)
    runs = {n: {" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1)} for n in (1, 2, 3, 4)}
    labels = [_held(block.tokens, runs) for block in blocks]
    long = [i for i, block in enumerate(blocks) if len(block.tokens) >= 4]
    first: dict[str, Any] = {}
    for i, block in enumerate(blocks):
        if len(block.tokens) < 4:
            at = bisect.bisect(long, i)
            near = [labels[j] for j in long[max(at - 1, 0) : at + 1] if abs(j - i) <= 6]
            labels[i] *= max(near, default=0.0) * (1.0 if len(near) == 2 and min(near) > 0.5 else 0.6)
        elif len(block.tokens) >= 8 and first.setdefault(block.text, block.frame.parent) is not block.frame.parent:
            labels[i] = 0.0
    return labels


def _held(tokens: list[str], runs: dict[int, set[str]]) -> float:
    size = min(len(tokens), 4)
    if not size:
        return 0.0
    mine = [" ".join(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]
    return sum(run in runs[size] for run in mine) / len(mine)


def counted(pages: list[Sample]) -> dict[str, Counts]:
    """Counts a domain, so that a page can be shown what all other domains say."""
    out: dict[str, Counts] = {}
    for page in pages:
        counts = out.setdefault(page.domain, Counts())
        sides = (Counter[str](), Counter[str]())
        for block, label in zip(page.blocks, page.labels, strict=True):
            names = {n for _, frame in zip(range(LEVELS), block.frame.ancestors(), strict=False) for n in (*frame.words, f"<{frame.tag}>")}
            for name in names:
                sides[label < 0.5][name] += len(block.tokens)
            if len(block.tokens) <= 60 and not 0.3 < label < 0.7:
                said = counts.said_inside if label >= 0.5 else counts.said_outside
                said.update({word: 1 for word in block.tokens if word not in said})
        for side, total in zip(sides, (counts.inside, counts.outside), strict=True):
            whole = sum(len(b.tokens) for b, label in zip(page.blocks, page.labels, strict=True) if (label < 0.5) == (side is sides[1])) or 1
            total.update({name: tokens / whole for name, tokens in side.items()})
        counts.domains.update({name: 1 for name in sides[0].keys() | sides[1].keys() if name not in counts.domains})
    return out


def summed(parts: dict[str, Counts]) -> Counts:
    whole = Counts()
    for part in parts.values():
        for name in vars(whole):
            getattr(whole, name).update(getattr(part, name))
    return whole


def tabled(pages: list[Sample]) -> tuple[dict[str, float], dict[str, float]]:
    """Fill in the tables of the pages, each with the weights that all other domains give; weights of all names and words."""
    parts = counted(pages)
    whole = summed(parts)
    classes, words = whole.classes(), whole.words()
    by_domain: dict[str, list[Sample]] = {}
    for page in pages:
        by_domain.setdefault(page.domain, []).append(page)
    for domain, part in parts.items():
        theirs = {**classes, **whole.classes(part, iter(part.domains))}
        said = {**words, **whole.words(part, iter(part.said_inside.keys() | part.said_outside.keys()))}
        others = known(theirs), known(said)
        for page in by_domain[domain]:
            page.table = matrix(page.blocks, page.reading.hints(), *others)
            page.asked = with_engine(page.table, page.blocks, page.reading.engine_text)
    return known(classes), known(words)


def fitted(pages: list[Sample]) -> CatBoostClassifier:
    """The trees. They see each page twice, with and without what the engine found, since it is asked only where they are unsure."""
    table = np.vstack([*(page.table for page in pages), *(page.asked for page in pages)])
    labels = np.concatenate([page.labels for page in pages] * 2)
    weights = np.concatenate([_weights(page) for page in pages] * 2)
    both, split = np.vstack([table, table]), np.concatenate([weights * labels, weights * (1 - labels)])
    answers = np.concatenate([np.ones(len(labels)), np.zeros(len(labels))])
    used = split > 1e-6
    trees = CatBoostClassifier(**TREES, thread_count=2, verbose=False, allow_writing_files=False)
    trees.fit(Pool(both[used], answers[used], weight=split[used]))
    return trees


def _weights(page: Sample) -> Any:
    size = max(len(tokens_of(page.truth)), SMALL_PAGE)
    return np.minimum(np.array([len(b.tokens) for b in page.blocks]) / size, 1) + 0.002


def exported(trees: CatBoostClassifier, classes: dict[str, float], words: dict[str, float], version: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        trees.save_model(f"{folder}/m.json", format="json")
        dump = json.loads(Path(folder, "m.json").read_text("utf-8"))
    grown = dump["oblivious_trees"]
    return {
        "version": version, "bias": dump["scale_and_bias"][1][0], "classes": classes, "words": words,
        "columns": [[s["float_feature_index"] for s in tree["splits"]] for tree in grown],
        "borders": [[round(s["border"], 4) for s in tree["splits"]] for tree in grown],
        "leaves": [[round(v, 4) for v in tree["leaf_values"]] for tree in grown],
    }  # fmt: skip


def f1(found: str, truth: str) -> float:
    a, b = Counter(tokens_of(found)), Counter(tokens_of(truth))
    shared = sum((a & b).values())
    return 2 * shared / (a.total() + b.total()) if shared else float(not a and not b)


def judged(pages: list[Sample]) -> dict[str, dict[str, float]]:
    asked: set[int] = set()
    for train, test in GroupKFold(FOLDS).split(pages, groups=[page.domain for page in pages]):
        trees = fitted([pages[i] for i in train])
        for i in test:
            calls: list[Any] = []

            def chances_of(table: Any, trees: Any = trees, calls: list[Any] = calls) -> Any:
                calls.append(table)
                return trees.predict_proba(table)[:, 1]

            pages[i].found = decided(pages[i].reading, pages[i].table, chances_of).text
            asked |= {i} if len(calls) > 1 else set()
    out: dict[str, dict[str, float]] = {}
    for folder in sorted({page.folder for page in pages}):
        mine = [page for page in pages if page.folder == folder]
        texts = {"bare": [p.bare for p in mine], "engine": [p.reading.engine_text for p in mine], "igwire": [p.found for p in mine]}
        out[folder] = {name: sum(f1(t, p.truth) for t, p in zip(found, mine, strict=True)) / len(mine) for name, found in texts.items()}
        out[folder]["asked"] = sum(pages[i].folder == folder for i in asked) / len(mine)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--version", default="1")
    args = parser.parse_args()
    pages = [page for folder in args.folders for page in samples(folder) if page.blocks]
    classes, words = tabled(pages)
    print(f"{len(pages)} pages, blocks kept at {KEEP}")
    figures = judged(pages)
    for folder, row in figures.items():
        print(f"{folder:20}", *(f"{name} {value:.3f}" for name, value in row.items()))
    if args.out:
        args.out.write_text(json.dumps(exported(fitted(pages), classes, words, args.version), ensure_ascii=False, separators=(",", ":")), "utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
