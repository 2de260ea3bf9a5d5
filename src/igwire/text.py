"""Text hygiene: fetched text becomes safe to store, to index and to print. Nothing is ever cut but titles and names."""

from __future__ import annotations

import hashlib
import re
import unicodedata

# C0 and C1 controls but tab and newline; the two non-characters that XML and JSON consumers choke on.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_NEWLINES = re.compile("\r\n?|\x85|\u2028|\u2029")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Characters that turn the reading direction or hide: in one-line texts they only serve to deceive. The joiners U+200C and
# U+200D stay between letters of scripts that are written with them (Persian, Hindi, Sinhala …).
_DECEIVING = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
_LOOSE_JOINER = re.compile("(?<![\u0600-\u06ff\u0750-\u077f\u0900-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u06ff\u0750-\u077f\u0900-\u0dff])")
_SPACE = re.compile(r"\s+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W_]+")
# ASCII with a space in place of what is part of no word.
_ASCII_WORDS = "".join(chr(code) if _WORD.match(chr(code)) else " " for code in range(128))


def clean(text: str) -> str:
    """NFC text without controls, non-characters and lone surrogates (each becomes U+FFFD); newlines are \\n. Idempotent."""
    if text.isascii() and text.isprintable():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    text = _NEWLINES.sub("\n", text)
    return unicodedata.normalize("NFC", _CONTROLS.sub("", text))


def clean_line(text: str, limit: int) -> str:
    """One clean line of at most `limit` characters: for titles, names, guids."""
    line = _DECEIVING.sub("", clean(text))
    line = _LOOSE_JOINER.sub("", line)
    return _SPACE.sub(" ", line).strip()[:limit].rstrip()


def whole_number(written: str) -> int | None:
    """The number that ASCII digits write, at most 10^18; None for anything else. `int` refuses some of what `isdigit` takes: "²", a row of 5,000 digits."""
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if len(digits) <= 18 else 10**18


def content_hash(title: str | None, text: str) -> str:
    """SHA-256 (hex) of title and text: another value is another revision."""
    return hashlib.sha256(f"{title or ''}\x00{text}".encode()).hexdigest()


def word_count(text: str) -> int:
    """Words, and for scripts without spaces characters."""
    if text.isascii():
        # The same count, twenty times as fast: every article is counted.
        return len(text.translate(_ASCII_WORDS).split())
    unspaced = len(_UNSPACED.findall(text))
    return unspaced + len(_WORD.findall(_UNSPACED.sub(" ", text) if unspaced else text))
