"""What must not be kept again: answers that list erased articles, because feeds and archives carry their texts."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass

from igwire.ledger import erasures
from igwire.ledger.database import Ledger
from igwire.model import Capture
from igwire.urls import document_id

# An address as it stands in XML, HTML or JSON (where the slash may be escaped).
_ADDRESS = re.compile(rb"https?:(?:\\?/){2}[^\s\"'<>\\\x00-\x20]+(?:\\/[^\s\"'<>\\\x00-\x20]*)*")


@dataclass(frozen=True, slots=True)
class Erased:
    """Ids of erased addresses, and erased sources."""

    ids: Collection[str]
    sources: Collection[str] = ()
    # Addresses as they were printed, as far as they are still known.
    urls: Collection[str] = ()

    @classmethod
    def load(cls, ledger: Ledger) -> Erased:
        """Everything that was ever erased."""
        with ledger.reading() as conn:
            rows = erasures.all_rows(conn)
        return cls({row.id for row in rows}, {row.id.removeprefix(erasures.SOURCE) for row in rows if row.id.startswith(erasures.SOURCE)})

    def listed_in(self, capture: Capture, source_id: str) -> bool:
        """Whether an answer of that source names something erased; it is then not to be kept."""
        if not self.ids:
            return False
        if source_id in self.sources or any(url.encode() in capture.body for url in self.urls):
            return True
        return any(_identity(found) in self.ids for found in set(_ADDRESS.findall(capture.body)))


def _identity(address: bytes) -> str:
    text = html.unescape(address.replace(b"\\/", b"/").decode("utf-8", "replace"))
    try:
        return document_id(text.removesuffix("]]"))
    except Exception:  # What no address can be has no identity.
        return ""
