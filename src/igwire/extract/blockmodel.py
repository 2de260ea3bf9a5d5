"""The trained judge of blocks: which lines of a page belong to its article.

Oblivious decision trees (Prokhorenkova et al., NeurIPS 2018: every level of a tree asks one question), trained by
`scripts/train_blocks.py` and read here with numpy alone; how they were trained and what they reach is in
docs/decisions/0007-article-text.md. `model.json` holds the words' weights and the trees.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from igwire.extract.blocks import Block
from igwire.extract.features import Hints, matrix


class BlockModel:
    """Weights of class names and words, and trees as arrays: columns and borders (trees x depth), leaves (trees x 2**depth)."""

    def __init__(self, data: dict[str, Any]) -> None:
        import numpy as np

        self.version: str = data["version"]
        self.classes: dict[str, float] = data["classes"]
        self.words: dict[str, float] = data["words"]
        # A row a level of the trees, a column a tree.
        self._columns = np.asarray(data["columns"], dtype=np.int32).T.copy()
        self._borders = np.asarray(data["borders"], dtype=np.float32).T.copy()
        self._leaves = np.asarray(data["leaves"], dtype=np.float32)
        self._bias = float(data["bias"])

    def table(self, blocks: list[Block], hints: Hints) -> Any:
        """The features of the blocks, a row each."""
        return matrix(blocks, hints, self.classes, self.words)

    def chances(self, table: Any) -> Any:
        """For each row the probability (0..1) that its block belongs to the article."""
        import numpy as np

        leaf = np.zeros((len(table), len(self._leaves)), dtype=np.int32)
        for level, (columns, borders) in enumerate(zip(self._columns, self._borders, strict=True)):
            leaf |= (table[:, columns] > borders).astype(np.int32) << level
        score = self._leaves[np.arange(len(self._leaves)), leaf].sum(axis=1) + self._bias
        return 1.0 / (1.0 + np.exp(-score))


@lru_cache(maxsize=1)
def load() -> BlockModel:
    """The model that ships with igwire."""
    return BlockModel(json.loads(files("igwire.extract").joinpath("model.json").read_text("utf-8")))
