"""Taking content encodings off a body, with a cap that holds while it is done, so that a bomb never unfolds."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from igwire.errors import FetchError

# Two encodings on top of each other happen by misconfiguration; more are an attack.
_MAX_STACKED = 2
# Fed in small pieces, a decoder cannot produce more than this times its ratio before the cap is looked at.
_PIECE = 16 * 1024

_KNOWN = {"gzip", "x-gzip", "deflate", "br", "zstd"}


def decode(wire: bytes, encoding: str | None, *, max_bytes: int, url: str = "") -> bytes:
    """The body without its content encodings (the header's value, or None).

    Raises FetchError `decode_error` (unknown, stacked too high, broken, cut short) or `too_large`.
    """
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    names = [name for name in names if name and name != "identity"]
    if unknown := [name for name in names if name not in _KNOWN]:
        raise FetchError(url, "decode_error", f"unknown content encoding {unknown[0][:40]!r}")
    if len(names) > _MAX_STACKED:
        raise FetchError(url, "decode_error", f"{len(names)} content encodings on top of each other")
    body = wire
    for name in reversed(names):
        body = _undo(name, body, max_bytes, url) if body else body
    if len(body) > max_bytes:
        raise FetchError(url, "too_large", f"more than {max_bytes} bytes")
    return body


def _undo(name: str, body: bytes, max_bytes: int, url: str) -> bytes:
    try:
        return _inflate(*_decoder(name, body), body, max_bytes, url)
    except FetchError:
        raise
    # Each library has an error class of its own, and none of them derives from another's.
    except Exception as error:
        raise FetchError(url, "decode_error", f"broken {name}: {error}") from error


def _decoder(name: str, body: bytes) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
    """A decoder's step, and whether it has seen the end."""
    if name in ("gzip", "x-gzip"):
        gzip = zlib.decompressobj(wbits=31)
        return gzip.decompress, lambda: gzip.eof
    if name == "deflate":
        # RFC 9110 says zlib, many servers send it raw.
        raw = zlib.decompressobj(wbits=15 if body[0] & 0x0F == 8 and len(body) > 1 and (body[0] * 256 + body[1]) % 31 == 0 else -15)
        return raw.decompress, lambda: raw.eof
    if name == "br":
        import brotli

        br = brotli.Decompressor()
        return br.process, br.is_finished
    zstd: Any = _zstd().ZstdDecompressor()
    return zstd.decompress, lambda: zstd.eof


def _zstd() -> Any:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return zstd


def _inflate(step: Callable[[bytes], bytes], ended: Callable[[], bool], body: bytes, max_bytes: int, url: str) -> bytes:
    out, size = [], 0
    for start in range(0, len(body), _PIECE):
        piece = step(body[start : start + _PIECE])
        size += len(piece)
        if size > max_bytes:
            raise FetchError(url, "too_large", f"decodes to more than {max_bytes} bytes")
        out.append(piece)
        if ended():
            break
    if not ended():
        raise FetchError(url, "decode_error", "the encoded body ends too early")
    return b"".join(out)
