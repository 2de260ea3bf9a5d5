"""The document that Elasticsearch gets: a pure function of article, tags and context."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from igwire import schema
from igwire.model import Article, CopyFacts, DocumentContext, EnrichedArticle, Mention, Tags
from igwire.text import word_count
from igwire.urls import domain_of, host_of

# Companies and media are organisations to somebody who filters by organisation (see decision in house terms).
_FACETS = {"company": "organisation", "media": "organisation"}
# Elasticsearch refuses more than 10,000 nested objects in one document; no article needs a tenth of it.
_MAX_MENTIONS = 1000
# Lists of thousands of links are no citations; real articles have under a hundred.
_MAX_LINKS = 500
# More copied sentences than any article has; a book-long report is named by its sources, not by each sentence.
_MAX_SENTENCES = 1000
# What an article of the usual length names so often, it is about.
_OFTEN = 3


def project(enriched: EnrichedArticle, context: DocumentContext) -> dict[str, Any]:
    """The document as JSON-like data; empty fields are left out, so equal inputs give equal documents."""
    article, tags = enriched.article, enriched.tags
    fields = {
        **_identity(article, context), **_times(article, context), **_texts(article, context), **_provenance(article, tags, context), **_entities(tags),
        **_statements(article, tags), **_copies(context),
    }  # fmt: skip
    return _without_empty(fields)


def document_hash(document: dict[str, Any]) -> str:
    """SHA-256 (hex) of the document's canonical JSON, as it is sent or as Elasticsearch gives it back.

    The stemmed twins are left out: they repeat the text, and are no part of the source.
    """
    kept = {name: value for name, value in document.items() if name != "stemmed"}
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _identity(article: Article, context: DocumentContext) -> dict[str, Any]:
    source, host = context.source, host_of(article.url)
    return {
        "doc_id": context.doc_id, "schema_version": schema.VERSION, "url": article.url, "requested_url": context.requested_url,
        "hostname": host, "domain": domain_of(host), "feeds": list(context.feeds),
        "source": {"id": source.id, "title": source.title, "kind": source.kind, "country": source.country, "region": source.region},
        "page": {"state": page.state, "since": page.since.isoformat() if page.since else None, "moved_to": page.moved_to} if (page := context.page) else None,
        "document_type": article.document_type, "content_hash": article.content_hash, "revision": context.revision,
    }  # fmt: skip


def _times(article: Article, context: DocumentContext) -> dict[str, Any]:
    date, changed = article.published, article.modified
    return {
        "@timestamp": date.value if date else context.fetched_at.isoformat(), "published_at": date.value if date else None,
        "published_day": date.day.isoformat() if date else None, "published_precision": date.precision if date else None,
        "published_from": date.origin if date else None, "modified_at": changed.value if changed else None,
        "first_seen_at": context.first_seen_at.isoformat(), "fetched_at": context.fetched_at.isoformat(), "revised_at": context.revised_at.isoformat(),
    }  # fmt: skip


def _texts(article: Article, context: DocumentContext) -> dict[str, Any]:
    twin = schema.twin_of(article.language)
    return {
        "title": article.title, "summary": article.summary, "body": article.text, "authors": list(article.authors), "aliases": list(context.aliases),
        "stemmed": {twin: {"title": article.title, "summary": article.summary, "body": article.text}} if twin else None, "language": article.language,
        "language_confidence": article.language_confidence, "section": article.section, "keywords": list(article.keywords), "image": article.image,
        "word_count": word_count(article.text), "links": list(article.links[:_MAX_LINKS]), "structure": [asdict(mark) for mark in article.structure],
    }  # fmt: skip


def _provenance(article: Article, tags: Tags, context: DocumentContext) -> dict[str, Any]:
    quality, raw = article.quality, context.raw
    return {
        "licence": article.licence or context.source.licence, "rights": "metadata" if "nosnippet" in context.usage else context.source.rights,
        "usage": list(context.usage),
        "quality": {"confidence": quality.confidence, "flags": list(quality.flags), "extractor": quality.extractor},
        "ingest": {"run_id": context.run_id, "mode": context.mode, "extractor": article.stamp, "tagger": tags.stamp},
        "raw": {"segment": raw.segment, "offset": raw.offset, "length": raw.length} if raw else None,
    }  # fmt: skip


def _entities(tags: Tags) -> dict[str, Any]:
    names: dict[str, set[str]] = {}
    for mention in tags.mentions:
        names.setdefault(_FACETS.get(mention.type, mention.type), set()).add(mention.name or mention.surface)
    everything = set().union(*names.values()) if names else set()
    entities: dict[str, Any] = {kind: sorted(found) for kind, found in names.items()}
    entities |= {"all": sorted(everything), "id": _sorted(m.entity for m in tags.mentions), "qid": _sorted(m.qid for m in tags.mentions)}
    entities["main"] = _main(tags.mentions)
    return {
        "entities": {**entities, "count": len(everything)}, "entity_mentions": [_mention(m) for m in tags.mentions[:_MAX_MENTIONS]],
        "countries": list(tags.countries), "topics": [topic["topic"] for topic in tags.topics], "topic_scores": list(tags.topics),
    }  # fmt: skip


def _statements(article: Article, tags: Tags) -> dict[str, Any]:
    """Who is quoted with what, and who is said to hold which role."""
    quotes = [{"text": article.text[quote["start"] : quote["end"]], **quote} for quote in tags.quotes[:_MAX_MENTIONS]]
    return {"quotes": quotes, "speakers": sorted({quote["speaker"] for quote in quotes if quote["speaker"]}), "roles": list(tags.roles[:_MAX_MENTIONS])}


def _main(mentions: Sequence[Mention]) -> list[str]:
    """Ids of the linked entities that the article is mostly about: named in the title, or again and again."""
    counts = Counter(m.entity for m in mentions if m.entity)
    in_title = {m.entity for m in mentions if m.entity and m.field == "title"}
    return sorted(in_title | {entity for entity, count in counts.items() if count >= _OFTEN})


def _copies(context: DocumentContext) -> dict[str, Any]:
    """A document that was not compared yet is a cluster of its own: results collapse on the cluster, so that every document has one."""
    found = context.copies or CopyFacts(cluster=context.doc_id)
    sentences = [{"start": s.start, "end": s.end, "first": s.first} for s in found.sentences[:_MAX_SENTENCES]]
    return {
        "cluster": {"id": found.cluster, "role": found.role, "of": found.of}, "copied_share": found.share or None,
        "copied_from": list(found.copied_from), "copied_sentences": sentences,
        "syndication": {"kind": credit.kind, "agency": credit.agency} if (credit := context.syndication) else None,
    }  # fmt: skip


def _sorted(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "surface": mention.surface, "type": mention.type, "entity": mention.entity, "name": mention.name, "qid": mention.qid, "field": mention.field,
        "start": mention.start, "end": mention.end, "score": mention.score, "why": mention.why,
    }  # fmt: skip


def _without_empty(value: dict[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, inner in value.items():
        kind = type(inner)
        if kind is dict:
            inner = _without_empty(inner)
        elif kind is list and inner and type(inner[0]) is dict:
            # Lists are made above, of one kind of thing each.
            inner = [_without_empty(one) for one in inner]
        # Zero and False say something; what is equal to zero is neither of the empty ones.
        if inner or inner == 0:
            cleaned[name] = inner
    return cleaned
