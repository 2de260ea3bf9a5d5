"""Indexing: documents per second of the index stage, against a bare `streaming_bulk` of the same documents into the same mapping.

The stage projects each article, hashes it and writes it with its version, one result a document; the reference sends the finished
documents as they are.
"""

from __future__ import annotations

from _articles import Writer
from _index import scratch
from _report import arguments, in_turns, memory_watched, report
from elasticsearch import Elasticsearch, helpers

from igwire.index.document import document_hash, project
from igwire.index.migrate import new_version
from igwire.index.writer import BulkWriter
from igwire.model import WriteAction
from igwire.wiring import SystemClock


def main() -> None:
    options = arguments(__doc__)
    count, rounds = (1_000, 3) if options.quick else (5_000, 5)
    articles = list(Writer().articles(count))
    documents = [project(enriched, context) for enriched, context in articles]
    with scratch() as (client, prefix), memory_watched() as memory:
        writer = BulkWriter(client, prefix, SystemClock())

        def stage() -> None:
            index = fresh(client, prefix)
            actions = (WriteAction(doc_id=context.doc_id, version=1, body=hashed(project(enriched, context))) for enriched, context in articles)
            check(sum(result.outcome == "acked" for result in writer.write(actions, index)), count)

        def bare() -> None:
            index = fresh(client, prefix)
            actions = ({"_id": document["doc_id"], "_source": document} for document in documents)
            check(sum(ok for ok, _ in helpers.streaming_bulk(client, actions, index=index, chunk_size=200)), count)

        stage()
        pair = in_turns(stage, bare, rounds=rounds)
    rows = [
        {"what": "igwire's index stage", "documents_per_s": count / min(pair.ours)},
        {"what": "bare streaming_bulk", "documents_per_s": count / min(pair.reference)},
    ]
    report(
        "index",
        rows,
        share=pair.share,
        reference="a bare streaming_bulk of the same documents",
        documents_per_s=round(count / min(pair.ours)),
        peak_mb=round(memory.peak_mb),
    )


def fresh(client: Elasticsearch, prefix: str) -> str:
    """A new, empty index in place of the last one."""
    name = new_version(client, prefix)
    for old in client.indices.get(index=f"{prefix}-articles-v*"):
        if old != name and not client.indices.exists_alias(index=old, name=f"{prefix}-articles"):
            client.indices.delete(index=old)
    return name


def hashed(document: dict) -> dict:
    """The document, after its hash was taken as the stage takes it."""
    document_hash(document)
    return document


def check(written: int, wanted: int) -> None:
    if written != wanted:
        raise SystemExit(f"{written} of {wanted} documents were written")


if __name__ == "__main__":
    main()
