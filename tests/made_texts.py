"""Texts made by chance for tests: sentences of the field's words, the same for the same seed."""

from __future__ import annotations

import random

_WORDS = [
    "registry",
    "root",
    "zone",
    "key",
    "board",
    "treaty",
    "cable",
    "operator",
    "court",
    "ruling",
    "member",
    "state",
    "ballot",
    "user",
    "name",
    "server",
    "address",
    "policy",
    "vote",
    "draft",
]


def sentences(seed: int, count: int = 24) -> list[str]:
    """`count` sentences of eleven words by chance, each unlike all others."""
    rng = random.Random(seed)
    return [f"The {' '.join(rng.choices(_WORDS, k=11))} of article {seed} line {n}." for n in range(count)]
