"""robots.txt by RFC 9309, through Protego. Pure: what is fetched and kept when is the pipeline's business.

Protego reads the file and matches paths. Around it: which group is ours is decided here, by whole product tokens (Protego also
takes "news" for "newsbot"), and what would mislead it is taken off first (byte-order mark, records that no robots standard knows,
line separators that are none in a robots file, a last line that the size limit cut in two).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

# Product token in robots files, and the size that must be read at least (RFC 9309 section 2.5).
TOKEN = "igwire"
# RFC 9309 section 2.4: a robots file is not used longer than a day; one that could not be had is asked for again sooner.
_FRESH, _RETRY = timedelta(hours=24), timedelta(hours=1)
_MAX_BYTES = 512 * 1024
# Records that mean something to us or to Protego, with the misspellings that it reads; others must not end a group (section 2.2.4).
_KNOWN = re.compile(
    r"\s*(?:user[- ]?agent|allow|dis+al+[ao]w|diasllow|crawl[- ]delay|request[- ]rate|visit[- ]time|site-?maps?|host)\b[ \t]*[: \t]", re.IGNORECASE
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin for one agent.

    `unreachable`: the server could not be asked (5xx, 429, no answer), so everything is forbidden. `sitemaps`: as the file lists them.
    """

    unreachable: bool
    sitemaps: tuple[str, ...] = ()
    _file: Any = None
    # Protego's rule set of the agent's group, None where no group is meant for it.
    _group: Any = None

    @classmethod
    def parse(cls, body: bytes, status: int, agent: str = TOKEN) -> Robots:
        """Rules from the answer to /robots.txt; `status` 0 = no answer. A 4xx answer (but 429) allows everything.

        `agent`: a product token, or a whole User-Agent header, whose tokens are then looked for.
        """
        if not answered(status):
            return cls(unreachable=True)
        if status >= 300:
            return cls(unreachable=False)
        from protego import Protego

        file = Protego.parse(_readable(body))
        return cls(unreachable=False, sitemaps=tuple(file.sitemaps), _file=file, _group=_group_of(file, agent))

    def allowed(self, url: str) -> tuple[bool, str | None]:
        """Whether the agent may fetch the URL, and the reason when not."""
        if self.unreachable:
            return False, "robots_unreachable"
        # The file itself may always be asked for (section 2.2.2).
        if self._group is None or urlsplit(url).path == "/robots.txt" or self._group.can_fetch(url):
            return True, None
        return False, "robots"

    def rule(self, url: str) -> str | None:
        """The line that decides about the URL, such as "Disallow: /search"; None when no rule matches it."""
        from protego._utils import _quote_path

        path = _quote_path(url)
        for field, pattern in self._group._rules if self._group is not None else ():
            if pattern.match(path):
                written = next((text for text, known in self._file._url_patterns.items() if known is pattern), pattern._pattern)
                return f"{field.capitalize()}: {written}"
        return None

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the site asks for, or None."""
        delay = self._group.crawl_delay if self._group is not None else None
        return float(delay) if delay is not None else None


def _readable(body: bytes) -> str:
    """The file's text as far as it must be read, without what is no record of a robots file."""
    lines = _LINE_END.split(body[:_MAX_BYTES].decode("utf-8-sig", "replace"))
    if len(body) > _MAX_BYTES:
        # Half of "Disallow: /private" would forbid much more.
        lines.pop()
    # Protego splits at every line separator of Unicode; here they are part of a line.
    return "\n".join(" ".join(line.splitlines()) for line in lines if _KNOWN.match(line))


def _group_of(file: Any, agent: str) -> Any:
    """Protego's rule set for the agent: the group of its longest product token, else the one for "*", else None."""
    groups = file._user_agents
    tokens = {word.lower() for word in _WORD.findall(agent)}
    named = [(name, rules) for name, rules in groups.items() if _token(name) in tokens]
    if not named:
        return groups.get("*")
    longest = max(len(_token(name)) for name, _ in named)
    return _merged([rules for name, rules in named if len(_token(name)) == longest])


def _token(name: str) -> str:
    """The product token of a User-agent line: what stands before a version, as in "foobot/1.2"."""
    match = _WORD.match(name)
    return match[0].lower() if match else ""


def _merged(groups: list[Any]) -> Any:
    """Groups whose names differ only by version are one (section 2.2.1)."""
    first = groups[0]
    for other in groups[1:]:
        first._rules.extend(rule for rule in other._rules if rule not in first._rules)
    first.finalize_rules()
    return first


def answered(status: int) -> bool:
    """Whether an answer with this status says what the site wants; none (0), 5xx and 429 say nothing."""
    return status != 0 and status < 500 and status != 429


def is_fresh(fetched_at: datetime, status: int, now: datetime) -> bool:
    """Whether a stored answer to /robots.txt may still be used; `status` 0 = there was none."""
    return now - fetched_at < (_FRESH if answered(status) else _RETRY)
