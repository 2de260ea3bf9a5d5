"""Tagging one article: names found, linked where something supports it, recognised where nobody knows them; the reason of every tag kept.

title, text ─ match ─▶ hits ─ link (by context) ─▶ linked mentions ─╮
            ╰ recognise (rules, and a model where one is set) ──────┴▶ merged: links, then rules' own words, then the model, then weak rules
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from igwire.enrich.acronyms import Definition, definitions, occurrences
from igwire.enrich.curation import Curator
from igwire.enrich.engines import Engine, merged
from igwire.enrich.fold import Folded, fold
from igwire.enrich.instruments import instruments
from igwire.enrich.link import Context, Link
from igwire.enrich.match import Hit, Matcher
from igwire.enrich.names import Found, Span
from igwire.enrich.quotes import QuoteFinder
from igwire.enrich.recognise import Recogniser
from igwire.enrich.roles import RoleFinder
from igwire.enrich.scripts import other_scripts
from igwire.enrich.speakers import speakers
from igwire.enrich.topics import Named, TopicFinder
from igwire.enrich.vocabulary import Vocabulary, folded
from igwire.kb import KnowledgeBase, topics
from igwire.kb.curation import Decisions
from igwire.kb.lexicon import Lexicon
from igwire.model import Mention, Tags

# Raised when the same text may be tagged otherwise; with the knowledge base's version it tells what is stale.
_GENERATION = 3
# Nearly as sure as a title before a name.
_DEFINED = 0.88
_WORDS = re.compile(r"[^\W\d_][\w’'-]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over a document, for all that is made of it: fields in order, their hits, links by hit, and acronyms that it defines."""

    fields: tuple[tuple[str, str], ...]
    folded: tuple[Folded, ...]
    hits: tuple[Sequence[Hit], ...]
    links: tuple[Sequence[tuple[Hit, Link]], ...]
    found: tuple[Sequence[Found], ...]
    mentions: tuple[Mention, ...]


class Tagger:
    """Tags texts by one knowledge base. Pure: the same text gives the same tags."""

    def __init__(self, kb: KnowledgeBase, *, lexicon: Lexicon | None = None, engine: Engine | None = None, decisions: Decisions | None = None) -> None:
        self._kb = kb
        self._lexicon = lexicon or Lexicon()
        self._engine = engine
        model = f" {engine.name}" if engine else ""
        self._topics = topics.load()
        self._curator = Curator(decisions or Decisions(), kb)
        self.stamp = f"igwire-tag/{_GENERATION} kb/{kb.version} topics/{self._topics.version}{model}{self._curator.stamp}"

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._kb, self._lexicon.cities)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._lexicon)

    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser(self._vocabulary)

    @cached_property
    def _topic_finder(self) -> TopicFinder:
        return TopicFinder(self._topics)

    @cached_property
    def _quote_finder(self) -> QuoteFinder:
        return QuoteFinder(self._lexicon.speech)

    @cached_property
    def _role_finder(self) -> RoleFinder:
        return RoleFinder(self._lexicon.roles)

    def aliases_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """All names of the entities, for the alias field of the index."""
        known = [self._kb.by_id[i] for i in ids if i in self._kb.by_id]
        return tuple(dict.fromkeys(name for entity in known for name in entity.names()))

    def tag(self, *, title: str | None, text: str, language: str | None = None, source: str | None = None, published: str | None = None) -> Tags:
        """Mentions in title and text (offsets in code points of each), and the countries that they lie in or speak of."""
        reading = self.read(title=title, text=text, language=language, published=published)
        mentions = self._curator.apply(reading.mentions, reading.fields, language=language, source=source)
        names = speakers([m for m in mentions if m.field == "text"], text)
        quotes, roles = self._quote_finder.find(text, names), self._role_finder.find(text, names)
        topics = self._topics_of(reading)
        return Tags(mentions=mentions, countries=self._countries(reading), topics=topics, quotes=quotes, roles=roles, stamp=self.stamp)

    def topics_named(self, words: str) -> tuple[str, ...]:
        """Ids of the topics that a few words name, such as a title or a query, the surest first."""
        return tuple(topic["topic"] for topic in self.tag(title=words, text="").topics)

    def read(self, *, title: str | None, text: str, language: str | None = None, published: str | None = None) -> Reading:
        """Everything that one pass over the document finds; see Reading."""
        fields = (("title", title or ""), ("text", text))
        folds = tuple(fold(content) for _, content in fields)
        hits = tuple(self._matcher.hits(content, plain) for (_, content), plain in zip(fields, folds, strict=True))
        defined = tuple(list(definitions(content)) for _, content in fields)
        whole = f"{title}\n{text}" if title else text
        meanings = _meanings(defined, hits)
        context = Context([hit for found in hits for hit in found], whole, titles=self._vocabulary.titles, defined=meanings, published=published)
        links = tuple([(hit, link) for hit in found if (link := context.link(hit, content))] for (_, content), found in zip(fields, hits, strict=True))
        found = self._recognised(fields, hits, links, language)
        for short, kind in _kinds(defined, meanings, found, self._kb).items():
            for (_, content), listed in zip(fields, found, strict=True):
                listed += [Found(at, at + len(short), kind, "defined in the text", _DEFINED) for at in occurrences(content, short)]
        known = _identities(fields, links, meanings)
        mentions = [m for n, (name, content) in enumerate(fields) for m in self._mentions(name, content, links[n], found[n], known)]
        return Reading(fields, folds, hits, links, found, tuple(mentions))

    def _recognised(
        self, fields: Sequence[tuple[str, str]], hits: Sequence[Sequence[Hit]], links: Sequence[Sequence[tuple[Hit, Link]]], language: str | None
    ) -> tuple[list[Found], ...]:
        texts = [content for _, content in fields]
        taken = [[Span(hit.start, hit.end, link.entity.type) for hit, link in field if link.entity.type != "concept"] for field in links]
        ruled = self._recogniser.find(
            texts, taken, people=[text[h.start : h.end] for text, field in zip(texts, links, strict=True) for h, link in field if link.entity.type == "person"]
        )
        others = [other_scripts(text, found, self._vocabulary.first_names) for text, found in zip(texts, hits, strict=True)]
        both = [[*a, *b, *instruments(text)] for a, b, text in zip(ruled, others, texts, strict=True)]
        if self._engine is None:
            return tuple(both)
        return tuple(merged(found, self._engine.find(text, language)) for found, text in zip(both, texts, strict=True))

    def _topics_of(self, reading: Reading) -> tuple[dict[str, Any], ...]:
        named = [[Named(hit.start, hit.end, i) for hit, link in field for i in (link.entity.id, link.entity.series) if i] for field in reading.links]
        title, text = ((content, plain, names) for (_, content), plain, names in zip(reading.fields, reading.folded, named, strict=True))
        return self._topic_finder.find(title, text)

    def _countries(self, reading: Reading) -> tuple[str, ...]:
        codes = {link.entity.country for field in reading.links for _, link in field if link.entity.type == "place"}
        codes |= {name.country for field in reading.hits for hit in field for name in hit.names if name.kind in ("demonym", "city")}
        return tuple(sorted(code for code in codes if code))

    def _mentions(self, field: str, text: str, links: Sequence[tuple[Hit, Link]], found: Sequence[Found], identities: dict[str, Link]) -> list[Mention]:
        held, taken = bytearray(len(text)), bytearray(len(text))
        for f in found:
            if f.type != "place":
                _mark(held, f.start, f.end)
        # A longer name holds a place or a concept: the Beijing of Beijing Normal University is no mention of its own.
        mentions = [
            self._linked(field, text, hit.start, hit.end, link)
            for hit, link in links
            if link.entity.type not in ("place", "concept") or held.find(0, hit.start, hit.end) >= 0
        ]
        for m in mentions:
            _mark(taken, m.start, m.end)
        for f in sorted(found, key=lambda f: (-f.score, f.start)):
            if taken.find(1, f.start, f.end) >= 0:
                continue
            _mark(taken, f.start, f.end)
            if (link := identities.get(folded(text[f.start : f.end]))) and f.type in (link.entity.type, "organisation"):
                mentions.append(self._linked(field, text, f.start, f.end, link))
            else:
                mentions.append(Mention(start=f.start, end=f.end, surface=text[f.start : f.end], type=f.type, score=f.score, why=f"rule {f.rule}", field=field))
        return sorted(mentions, key=lambda m: m.start)

    def _linked(self, field: str, text: str, start: int, end: int, link: Link) -> Mention:
        entity = link.entity
        why = f"{link.why}; kb {self._kb.version}"
        return Mention(
            start=start, end=end, surface=text[start:end], type=entity.type, entity=entity.id, name=entity.name, qid=entity.qid,
            score=link.score, why=why, role=link.role, field=field,
        )  # fmt: skip


def _mark(area: bytearray, start: int, end: int) -> None:
    area[start:end] = b"\x01" * (end - start)


def _meanings(defined: Sequence[Sequence[Definition]], hits: Sequence[Sequence[Hit]]) -> dict[str, str | None]:
    """What the text says its acronyms stand for: an entity's id, or None for something that the knowledge base lacks."""
    meanings: dict[str, str | None] = {}
    for found, field in zip(defined, hits, strict=True):
        ends = {hit.end: name.entity.id for hit in field for name in hit.names if name.kind == "alias" and name.entity} if found else {}
        for definition in found:
            meanings.setdefault(definition.short, ends.get(definition.end))
    return meanings


def _kinds(defined: Sequence[Sequence[Definition]], meanings: dict[str, str | None], found: Sequence[Sequence[Found]], kb: KnowledgeBase) -> dict[str, str]:
    """The types of the acronyms that the text defines, where its long form is an entity or a recognised name."""
    kinds = {short: kb.by_id[entity].type for short, entity in meanings.items() if entity}
    for definitions_of_field, names in zip(defined, found, strict=True):
        ends = {name.end: name.type for name in names} if definitions_of_field else {}
        kinds |= {d.short: ends[d.end] for d in definitions_of_field if d.end in ends and d.short not in kinds}
    return kinds


def _identities(fields: Sequence[tuple[str, str]], links: Sequence[Sequence[tuple[Hit, Link]]], meanings: dict[str, str | None]) -> dict[str, Link]:
    """Short names that the document itself ties to a linked entity: parts and given names of people, acronyms that it defines."""
    by_id = {link.entity.id: link for field in links for _, link in field}
    found = {folded(short): _same(by_id[entity], f"{short!r} is defined in the text") for short, entity in meanings.items() if entity in by_id}
    parts: dict[str, set[str]] = {}
    for (_, text), field in zip(fields, links, strict=True):
        for hit, link in field:
            if link.entity.type == "person" and len(words := _WORDS.findall(text[hit.start : hit.end])) > 1:
                for word in (words[-1], words[0]):
                    parts.setdefault(folded(word), set()).add(link.entity.id)
    return found | {name: _same(by_id[min(ids)], "part of a full name in the document") for name, ids in parts.items() if len(ids) == 1}


def _same(link: Link, why: str) -> Link:
    return Link(link.entity, round(link.score - 0.1, 2), why)
