"""What is known of an article beside its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from igwire.model import FeedEntry


@dataclass(frozen=True, slots=True)
class Given:
    """The final URL, what the feed said, when it was fetched (aware), and the IANA zone of dates printed without one."""

    url: str
    entry: FeedEntry | None
    fetched_at: datetime
    timezone: str | None
