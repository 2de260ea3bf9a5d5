"""Searching: median and 95th percentile of a page of hits, with snippets and facets, at two sizes of the archive.

The reference is the same query text as a bare `multi_match` over title and body, without snippets and facets.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from _articles import SUBJECTS, Writer
from _index import scratch
from _report import arguments, report
from elasticsearch import Elasticsearch, helpers

from igwire.index.document import project
from igwire.search.reader import Reader
from igwire.search.request import SearchRequest

FULL, QUICK = (10_000, 200_000), (1_000, 5_000)
QUERIES, WARM_UP = 200, 20


def main() -> None:
    options = arguments(__doc__)
    sizes, count = (QUICK, 60) if options.quick else (FULL, QUERIES)
    rows: list[dict[str, object]] = []
    with scratch() as (client, prefix):
        writer, held = Writer(), 0
        made = writer.articles(sizes[-1])
        for size in sizes:
            fill(client, prefix, made, size - held)
            held = size
            rows.append(measure(client, prefix, size, queries(writer, count)))
    last = rows[-1]
    report(
        "search", rows, share=float(last["bare_median_ms"]) / float(last["median_ms"]), reference="a bare multi_match without snippets and facets",
        p95_ms=last["p95_ms"], median_ms=last["median_ms"], documents=last["documents"],
    )  # fmt: skip


def fill(client: Elasticsearch, prefix: str, made: object, count: int) -> None:
    actions = ({"_id": context.doc_id, "_source": project(enriched, context)} for (enriched, context), _ in zip(made, range(count), strict=False))
    for _ in helpers.streaming_bulk(client, actions, index=f"{prefix}-articles-write"):
        pass
    client.indices.refresh(index=f"{prefix}-articles")


def queries(writer: Writer, count: int) -> list[SearchRequest]:
    """What people ask: one to three words, now and then a phrase, a sentence, a date or newest first."""
    draw = random.Random(3)
    asked = []
    for number in range(count):
        words = [draw.choice(SUBJECTS), *writer.words(draw.randint(0, 2))]
        if number % 10 == 0:
            words = ["what", "is", "the", *writer.words(6)]
        text = f'"{" ".join(words[:2])}"' if number % 7 == 0 else " ".join(words)
        asked.append(SearchRequest(text=text, sort="newest" if number % 5 == 0 else "relevance"))
    return asked


def measure(client: Elasticsearch, prefix: str, size: int, asked: list[SearchRequest]) -> dict[str, object]:
    reader = Reader(client, prefix)
    for request in asked[:WARM_UP]:
        reader.search(request)
    page, bare = [], []
    for request in asked:
        page.append(milliseconds(lambda request=request: reader.search(request)))
        query = {"multi_match": {"query": request.text, "fields": ["title", "body"]}}
        bare.append(milliseconds(lambda query=query: client.search(index=f"{prefix}-articles", query=query, source=False)))
    return {
        "documents": size, "queries": len(asked), "median_ms": round(statistics.median(page), 1), "p95_ms": round(percentile(page, 95), 1),
        "bare_median_ms": round(statistics.median(bare), 1), "bare_p95_ms": round(percentile(bare, 95), 1),
    }  # fmt: skip


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100)[share - 1]


if __name__ == "__main__":
    main()
