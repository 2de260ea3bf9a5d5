"""One hand-written fake per port: they do what the real ones promise, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from igwire.errors import FetchError, Unavailable
from igwire.fetch.redirects import Hops, next_hop
from igwire.model import Capture, WriteAction, WriteResult


class FakeClock:
    """Stands still until somebody sleeps or moves it."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


class FakeFetcher:
    """Answers from a table: URL → status and body, or the error to raise. Unknown URLs answer 404; redirects are followed as the client does."""

    def __init__(self, clock: FakeClock, answers: dict[str, object] | None = None) -> None:
        self.clock = clock
        self.answers = answers or {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = 0, deadline_s: float = 0, came: Hops = (), across: bool = False,
        https_only: bool = False,
    ) -> Capture:  # fmt: skip
        self.asked.append((url, dict(headers or {})))
        answer = self.answers.get(url, (404, b""))
        if isinstance(answer, Exception):
            raise answer
        status, body, *more = answer
        fields = tuple((more[0] if more else {"Content-Type": "text/html"}).items())
        if location := dict(fields).get("Location"):
            hops = (*came, (status, url))
            target = next_hop(hops, location, across=across, https_only=https_only)
            return self.get(target, headers=headers, came=hops, across=across, https_only=https_only)
        requested = came[0][1] if came else url
        return Capture(requested_url=requested, final_url=url, fetched_at=self.clock.now(), status=status, headers=fields, body=body, wire=body, redirects=came)

    def pages(self) -> list[str]:
        return [url for url, _ in self.asked if not url.endswith(("/robots.txt", "/feed"))]


class MemoryIndex:
    """An index that keeps versions as Elasticsearch does with external_gte; `away` and `busy` make it fail."""

    def __init__(self) -> None:
        self.documents: dict[str, dict] = {}
        self.versions: dict[str, int] = {}
        self.runs: dict[str, dict] = {}
        self.sources: dict[str, dict] = {}
        self.revisions: dict[str, dict] = {}
        self.coverage: dict[str, dict] = {}
        self.targets: dict[str, dict[str, dict]] = {}
        self.away = False
        self.refuse: set[str] = set()
        self.writes = 0
        self.lost_after: int | None = None
        self.meanwhile: Callable[[], object] | None = None

    def write(self, actions: Iterable[WriteAction], index: str | None = None) -> Iterator[WriteResult]:
        if self.away:
            raise Unavailable("Elasticsearch does not answer")
        if self.meanwhile is not None:
            # What somebody else does while the server is at work; once.
            others, self.meanwhile = self.meanwhile, None
            others()
        for action in actions:
            if self.lost_after is not None and self.writes >= self.lost_after:
                raise Unavailable("connection lost in the middle of a bulk")
            self.writes += 1
            yield self._put(action, index)

    def remove(self, versions: Mapping[str, int], kind: str = "articles") -> None:
        if self.away:
            raise Unavailable("Elasticsearch does not answer")
        for doc_id, version in versions.items():
            if kind == "revisions":
                self.revisions.pop(doc_id, None)
                continue
            for held in (self.documents, *self.targets.values()):
                held.pop(doc_id, None)
            self.versions[doc_id] = max(version, self.versions.get(doc_id, 0))

    def reveal(self) -> None:
        if self.away:
            raise Unavailable("Elasticsearch does not answer")

    def _put(self, action: WriteAction, index: str | None) -> WriteResult:
        if index in ("runs", "sources", "revisions", "coverage"):
            getattr(self, index)[action.doc_id] = action.body
            return WriteResult(doc_id=action.doc_id, version=action.version, outcome="acked")
        if action.doc_id in self.refuse:
            return WriteResult(doc_id=action.doc_id, version=action.version, outcome="refused", reason="strict_dynamic_mapping_exception")
        if index is not None:
            self.targets.setdefault(index, {})[action.doc_id] = action.body
            return WriteResult(doc_id=action.doc_id, version=action.version, outcome="acked")
        if self.versions.get(action.doc_id, 0) > action.version:
            return WriteResult(doc_id=action.doc_id, version=action.version, outcome="superseded")
        self.documents[action.doc_id], self.versions[action.doc_id] = action.body, action.version
        return WriteResult(doc_id=action.doc_id, version=action.version, outcome="acked")


def failing(url: str, reason: str) -> FetchError:
    return FetchError(url, reason, "as the test wants it")


class FakeCourier:
    """Keeps what it is given; `away` names targets that take nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []
        self.away: set[str] = set()

    def send(self, target: str, message: object) -> None:
        if target in self.away:
            raise Unavailable(f"{target} did not take the message")
        self.sent.append((target, message))
