"""Sealed segments on any fsspec URL (s3://bucket/raw, …): written whole, read in ranges, never appended to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from igwire.errors import ConfigError, Unavailable

Value = TypeVar("Value")


class Remote:
    """A folder on a remote file system. Every trouble of the service but a missing file raises Unavailable."""

    def __init__(self, url: str, **options: Any) -> None:
        import fsspec

        try:
            self._fs, self._root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise ConfigError(f"{url!r} (IGWIRE_RAW_URL, or the target of a backup) cannot be used: {error}. For s3:// install igwire[s3].") from error
        self._url = url

    def names(self, suffix: str) -> list[str]:
        """Paths below the folder (YYYY/MM/DD/name) that end in `suffix`, sorted."""
        found = self._ask(lambda: self._fs.glob(f"{self._root}/*/*/*/*{suffix}"))
        return sorted(path[len(self._root) :].lstrip("/") for path in found)

    def put(self, file: Path, name: str) -> None:
        """Store the file under `name`, whole or not at all."""
        self._ask(lambda: self._fs.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True))
        self._ask(lambda: self._fs.put_file(str(file), f"{self._root}/{name}"))
        stored = self._ask(lambda: self._fs.info(f"{self._root}/{name}"))["size"]
        if stored != file.stat().st_size:
            raise Unavailable(f"{self._url}/{name} holds {stored} bytes of {file.stat().st_size}; the local file is kept")

    def sizes(self, below: str) -> dict[str, int]:
        """Every file below a folder: path → size in bytes."""
        self._ask(self._fs.invalidate_cache)
        if not self._ask(lambda: self._fs.exists(f"{self._root}/{below}")):
            return {}
        found = self._ask(lambda: self._fs.find(f"{self._root}/{below}", detail=True))
        return {path[len(self._root) :].lstrip("/"): int(info["size"]) for path, info in found.items()}

    def size(self, name: str) -> int:
        """Bytes of one file."""
        return int(self._ask(lambda: self._fs.info(f"{self._root}/{name}"))["size"])

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; what was there is replaced."""
        self._ask(lambda: self._fs.mv(f"{self._root}/{old}", f"{self._root}/{new}"))

    def remove(self, name: str) -> None:
        """Delete a file."""
        self._ask(lambda: self._fs.rm_file(f"{self._root}/{name}"))

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return bool(self._ask(lambda: self._fs.exists(f"{self._root}/{name}")))

    def read(self, name: str, start: int, length: int) -> bytes:
        """A range of a file."""
        return bytes(self._ask(lambda: self._fs.cat_file(f"{self._root}/{name}", start=start, end=start + length)))

    def get(self, name: str, file: Path) -> None:
        """Fetch a whole file."""
        self._ask(lambda: self._fs.get_file(f"{self._root}/{name}", str(file)))

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A stream to read a file from start to end."""
        with self._ask(lambda: self._fs.open(f"{self._root}/{name}", "rb")) as stream:
            yield stream

    def _ask(self, what: Callable[[], Value]) -> Value:
        try:
            return what()
        except FileNotFoundError:
            raise
        # Each file system raises its own (botocore, aiohttp, OSError): to us they all mean "not now".
        except Exception as error:
            raise Unavailable(f"{self._url} does not answer: {type(error).__name__} {str(error)[:200]}") from error
