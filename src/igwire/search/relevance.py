"""Measures of a ranking against graded judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2


def ndcg(hits: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k` hits, 0 to 1 (Järvelin and Kekäläinen, 2002); gain = grade.

    Raises ValueError when no document is judged relevant: nothing can be said then.
    """
    best = _dcg(sorted(grades.values(), reverse=True)[:k])
    if not best:
        raise ValueError("no judged document is relevant")
    return _dcg([grades.get(doc, 0) for doc in hits[:k]]) / best


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 2) for rank, gain in enumerate(gains))
