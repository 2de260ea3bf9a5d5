"""robots.txt by RFC 9309, through Protego. Pure: what is fetched and kept when is the pipeline's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Product token in robots files, and the size that must be read at least (RFC 9309 section 2.5).
TOKEN = "igwire"
_MAX_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin. `unreachable`: the server could not be asked (5xx, 429, no answer), so everything is forbidden."""

    unreachable: bool
    _rules: Any = None

    @classmethod
    def parse(cls, body: bytes, status: int) -> Robots:
        """Rules from the answer to /robots.txt; `status` 0 = no answer. A 4xx answer (but 429) allows everything."""
        if status == 0 or status >= 500 or status == 429:
            return cls(unreachable=True)
        if status >= 300:
            return cls(unreachable=False)
        from protego import Protego

        # A byte-order mark would hide the first rule from Protego.
        return cls(unreachable=False, _rules=Protego.parse(body[:_MAX_BYTES].decode("utf-8-sig", "replace")))

    def allowed(self, url: str) -> tuple[bool, str | None]:
        """Whether igwire may fetch the URL, and the reason when not."""
        if self.unreachable:
            return False, "robots_unreachable"
        if self._rules is None or self._rules.can_fetch(url, TOKEN):
            return True, None
        return False, "robots"

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the site asks for, or None."""
        delay = self._rules.crawl_delay(TOKEN) if self._rules is not None else None
        return float(delay) if delay is not None else None
