"""Writing documents in bulk. One place retries, and it knows for every answer whether the document is there.

The client and its helpers retry nothing: their loops multiply, and miss rejected items (elasticsearch-py #864).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import orjson
from elasticsearch import ApiError, Elasticsearch, TransportError

from igwire import schema
from igwire.errors import Unavailable
from igwire.failpoints import reach
from igwire.index.migrate import REMEDY
from igwire.model import WriteAction, WriteResult
from igwire.ports import Clock

# Small bulks keep memory and the repeat after a fault small; larger ones are hardly faster for articles of 10 KB.
CHUNK_ACTIONS = 200
CHUNK_BYTES = 8 * 1024 * 1024
_TRIES = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_TIMEOUT_S = 60.0
# A merge of a large index takes minutes.
_MERGE_S = 1800.0
_BUSY = {429, 502, 503, 504}
# Documents of one request, each with its two lines: what to do, and the document.
_Chunk = list[tuple[WriteAction, bytes]]
_Ask = Callable[[_Chunk], Any]


def item_outcome(status: int) -> str:
    """acked, superseded, retry or refused: what one item's status means."""
    if status in (200, 201):
        return "acked"
    if status == 409:
        return "superseded"
    return "retry" if status in _BUSY else "refused"


def request_outcome(error: Exception) -> str:
    """retry, split, stop: what a failed bulk request means for the documents in it."""
    if not isinstance(error, ApiError):
        return "retry"
    if error.status_code in _BUSY and "cluster_block" not in str(error):
        return "retry"
    return "split" if error.status_code in (400, 413) else "stop"


class BulkWriter:
    """See `ports.SearchIndex`. `index` None writes to `<prefix>-articles-write`, a kind of `schema.COMPONENTS` ("runs", "sources", "revisions", "coverage") to that kind's, else to the index of that name."""

    def __init__(self, client: Elasticsearch, prefix: str, clock: Clock, *, tries: int = _TRIES, draw: Callable[[], float] = random.random) -> None:
        self._client = client.options(max_retries=0, retry_on_timeout=False, request_timeout=_TIMEOUT_S)
        self._prefix = prefix
        self._clock = clock
        self._tries = tries
        self._draw = draw

    def write(self, actions: Iterable[WriteAction], index: str | None = None) -> Iterator[WriteResult]:
        """Send the actions; one result each. Raises Unavailable when no retry can help."""
        named = index is not None and index not in schema.COMPONENTS
        target = str(index) if named else f"{self._prefix}-{index or 'articles'}-write"
        ask = partial(self._request, target=target, require_alias=not named)
        # The server takes one request while the next one is built. What comes after its answer, repeats with it, is done here: one
        # request is all that outlives a caller who stops.
        with ThreadPoolExecutor(1, thread_name_prefix="bulk") as sender:
            running: tuple[_Chunk, Callable[[], Any]] | None = None
            for chunk, refused in _chunks(actions):
                if running is not None:
                    yield from self._settle(*running, ask, target)
                running = (chunk, sender.submit(ask, chunk).result) if chunk else None
                yield from refused
            if running is not None:
                yield from self._settle(*running, ask, target)

    def remove(self, versions: Mapping[str, int], kind: str = "articles") -> None:
        """Take documents out of every version of the index. Raises Unavailable.

        Nothing finds them from then on; the server's files lose them with the merge that is asked for here, or, where it still keeps
        history for its own recovery, with the one of the weekly care (`tending.Tended.expunge`).

        The version keeps a slow worker's older copy out for `index.gc_deletes` (a minute); the ledger's tombstone does after that.
        """
        try:
            for index in self._client.indices.get(index=f"{self._prefix}-{kind}-v*"):
                for chunk in _sliced(sorted(versions.items())):
                    self._delete(index, dict(chunk))
                # Segments are rewritten without deleted documents only when asked, and then from 10 % of deletions on.
                # History for a copy's recovery holds them back for hours; a copy can be made from the files as well (lease renewed within 30 s).
                history = {"index.merge.policy.expunge_deletes_allowed": 0, "index.soft_deletes.retention_lease.period": "1ms"}
                self._client.indices.put_settings(index=index, settings=history)
                self._client.indices.flush(index=index, wait_if_ongoing=True, force=True)
                self._client.options(request_timeout=_MERGE_S).indices.forcemerge(index=index, only_expunge_deletes=True)
                self._client.indices.refresh(index=index)
        except (ApiError, TransportError) as error:
            raise Unavailable(f"Elasticsearch does not remove {len(versions)} documents now: {str(error)[:300]}") from error

    def reveal(self) -> None:
        """Let searches find at once what was written, not within the index's refresh interval. Raises Unavailable."""
        try:
            self._client.indices.refresh(index=f"{self._prefix}-articles")
        except (ApiError, TransportError) as error:
            raise Unavailable(f"Elasticsearch does not refresh {self._prefix}-articles now: {str(error)[:300]}") from error

    def _delete(self, index: str, versions: Mapping[str, int]) -> None:
        lines: list[dict[str, Any]] = [{"delete": {"_id": name, "version": version, "version_type": "external_gte"}} for name, version in versions.items()]
        results = self._bulk_delete(index, lines)
        # A newer version than the ledger ever sent (the ledger was lost) goes all the same.
        if conflicts := [{"delete": {"_id": result["_id"]}} for result in results if result["status"] == 409]:
            results = [result for result in results if result["status"] != 409] + self._bulk_delete(index, conflicts)
        if left := [result for result in results if result["status"] not in (200, 404)]:
            raise Unavailable(f"Elasticsearch did not remove {len(left)} documents from {index}: {left[0]}")

    def _bulk_delete(self, index: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = self._client.bulk(index=index, operations=lines, filter_path=["items.*.status", "items.*._id", "items.*.error.reason"])
        return [item["delete"] for item in answer["items"]]

    def _settle(self, chunk: _Chunk, first: Callable[[], Any], ask: _Ask, target: str) -> Iterator[WriteResult]:
        """The results of a chunk by the answer that `first` gives to it; what the server does not take now is sent again."""
        left, reason = chunk, ""
        for attempt in range(self._tries):
            if not left:
                return
            if attempt:
                self._clock.sleep(self._wait(attempt))
            try:
                answer = ask(left) if attempt else first()
            except (ApiError, TransportError) as error:
                kind, reason = request_outcome(error), str(error)[:500]
                if kind == "split":
                    yield from self._split(left, ask, target, reason)
                    return
                if kind == "stop":
                    raise Unavailable(f"Elasticsearch refuses to write to {target}: {reason}{_remedy(getattr(error, 'status_code', 0), reason)}") from error
                continue
            again = []
            for (action, lines), item in zip(left, answer["items"], strict=True):
                result = item["index"]
                outcome = item_outcome(result["status"])
                if outcome == "retry":
                    reason = _reason(result)
                    again.append((action, lines))
                    continue
                if result["status"] in (401, 403, 404):
                    raise Unavailable(f"Elasticsearch refuses to write to {target}: {_reason(result)}{_remedy(result['status'], _reason(result))}")
                yield WriteResult(doc_id=action.doc_id, version=action.version, outcome=outcome, reason=_reason(result) if outcome == "refused" else "")
            left = again
        yield from (WriteResult(doc_id=a.doc_id, version=a.version, outcome="undecided", reason=reason) for a, _ in left)

    def _split(self, chunk: _Chunk, ask: _Ask, target: str, reason: str) -> Iterator[WriteResult]:
        """Halve until the document that poisons the request stands alone."""
        if len(chunk) == 1:
            yield _refused(chunk[0][0], reason)
            return
        middle = len(chunk) // 2
        for half in (chunk[:middle], chunk[middle:]):
            yield from self._settle(half, partial(ask, half), ask, target)

    def _request(self, chunk: _Chunk, *, target: str, require_alias: bool) -> Any:
        fields = ["errors", "items.*._id", "items.*.status", "items.*.error.type", "items.*.error.reason", "items.*.error.caused_by.reason"]
        # Both lines of a document are one piece of bytes, which the client's types do not know and its serialiser sends as it is.
        operations: list[Any] = [lines for _, lines in chunk]
        answer = self._client.bulk(index=target, operations=operations, require_alias=require_alias, filter_path=fields)
        reach("bulk_sent")
        return answer

    def _wait(self, attempt: int) -> float:
        # Full jitter: waiting workers must not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
        return float(self._draw() * min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S))


def _reason(result: dict[str, Any]) -> str:
    error = result.get("error", {})
    return f"{error.get('type')}: {error.get('reason')} {error.get('caused_by', {}).get('reason', '')}".strip()[:500]


def _remedy(status: int, reason: str) -> str:
    """What to do, as a sentence; empty where the reason says it. A full disk answers 403 too."""
    if "cluster_block" in reason:
        return ". Make room on its disk; it lifts the block by itself"
    return {401: f". {REMEDY}", 403: f". {REMEDY}", 404: ". Run `igwire index apply`."}.get(status, "")


def _chunks(actions: Iterable[WriteAction]) -> Iterator[tuple[_Chunk, list[WriteResult]]]:
    """What goes into one request, and what cannot be sent at all."""
    chunk: _Chunk = []
    refused: list[WriteResult] = []
    size = 0
    for action in actions:
        try:
            lines = _serialise(action)
        except (ValueError, TypeError) as error:
            refused.append(_refused(action, f"not serialisable: {error}"))
            continue
        if chunk and (len(chunk) >= CHUNK_ACTIONS or size + len(lines) > CHUNK_BYTES):
            yield chunk, refused
            chunk, refused, size = [], [], 0
        chunk.append((action, lines))
        size += len(lines)
    yield chunk, refused


def _sliced(pairs: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    return (pairs[start : start + CHUNK_ACTIONS] for start in range(0, len(pairs), CHUNK_ACTIONS))


def _serialise(action: WriteAction) -> bytes:
    """Both lines of the document. Raises ValueError or TypeError for what JSON does not hold."""
    body = orjson.dumps(action.body)
    if b"null" in body:
        # Perhaps a number that is none, which would go as null without a word: the strict encoder refuses it.
        json.dumps(action.body, allow_nan=False)
    return orjson.dumps({"index": {"_id": action.doc_id, "version": action.version, "version_type": "external_gte"}}) + b"\n" + body


def _refused(action: WriteAction, reason: str) -> WriteResult:
    return WriteResult(doc_id=action.doc_id, version=action.version, outcome="refused", reason=reason)
