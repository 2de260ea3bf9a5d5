"""Which half of the truth a line belongs to: rules are written against one half and measured on the other, unseen one."""

from __future__ import annotations

from hashlib import sha256

# The languages that the rules were first written for, and those that the catalogue brought later. Each group has floors of its own.
FIRST, FURTHER = ("en", "fr", "es", "ar", "zh", "ru"), ("de", "pt", "it")


def half(line_id: str) -> str:
    """`dev` or `test`, by the last bit of the id's SHA-256: fixed before any rule was written, and the same for ever."""
    return "dev" if sha256(line_id.encode()).digest()[-1] & 1 == 0 else "test"
