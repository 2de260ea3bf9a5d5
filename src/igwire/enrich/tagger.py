"""Tagging one article: names found, linked where something supports it, recognised where nobody knows them; the reason of every tag kept.

title, text ─ match ─▶ hits ─ link (by context) ─▶ linked mentions ─╮
            ╰ recognise (rules, and a model where one is set) ──────┴▶ merged: links, then rules' own words, then the model, then weak rules
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import NamedTuple

from igwire.enrich.acronyms import Definition, definitions, occurrences
from igwire.enrich.curation import Curator
from igwire.enrich.engines import Engine, merged
from igwire.enrich.fold import Folded, fold
from igwire.enrich.heads import HeadRecogniser
from igwire.enrich.instruments import instruments
from igwire.enrich.link import Context, Link
from igwire.enrich.match import Hit, Matcher
from igwire.enrich.names import Found, Span
from igwire.enrich.nested import longer_name
from igwire.enrich.nouns import NounRecogniser
from igwire.enrich.quotes import QuoteFinder
from igwire.enrich.recognise import Recogniser
from igwire.enrich.roles import RoleFinder
from igwire.enrich.scripts import other_scripts
from igwire.enrich.speakers import speakers
from igwire.enrich.suffixes import SuffixRecogniser
from igwire.enrich.topics import Field, Named, TopicFinder
from igwire.enrich.vocabulary import Stretch, Vocabulary, folded, stretches
from igwire.kb import KnowledgeBase, packaged, topics
from igwire.kb.curation import Decisions
from igwire.kb.lexicon import Lexicon
from igwire.model import Mention, Tags

AnyRecogniser = Recogniser | NounRecogniser | HeadRecogniser | SuffixRecogniser

# Raised when the same text may be tagged otherwise; with the knowledge base's version it tells what is stale.
_GENERATION = 5
# Nearly as sure as a title before a name.
_DEFINED = 0.88
# Languages with words of their own (kb/lists/words.*.yaml), and whose they are.
_WORDS_OF = {"de": "de", "lb": "de", "pt": "pt", "it": "it", "es": "es", "fr": "fr", "nl": "nl", "tr": "tr"}
_RECOGNISERS: dict[str, type[AnyRecogniser]] = {
    "de": NounRecogniser,
    "pt": HeadRecogniser,
    "it": HeadRecogniser,
    "es": HeadRecogniser,
    "fr": HeadRecogniser,
    "nl": Recogniser,
    "tr": SuffixRecogniser,
}
_WORDS = re.compile(r"[^\W\d_][\w’'-]+")


class _Rules(NamedTuple):
    """What reads the texts of one language."""

    recogniser: AnyRecogniser
    quotes: QuoteFinder


@dataclass(slots=True)
class Reading:
    """What one pass over a field finds, each layer for those behind it: the text folded, the automaton's matches, its capitalised words, the names of the knowledge base, the places of words for offices,
    the acronyms that the text defines, longer names that begin or end with one of the base, what the names stand for, and names that rules (or a model) found.
    `name`: title or text."""

    name: str
    text: str
    folded: Folded
    matches: list[tuple[int, int, int]]
    capitalised: Sequence[Stretch]
    hits: Sequence[Hit]
    offices: Sequence[int]
    defined: Sequence[Definition]
    longer: Sequence[Found]
    links: Sequence[tuple[Hit, Link]] = ()
    found: list[Found] = field(default_factory=list)


class Tagger:
    """Tags texts by one knowledge base. Pure: the same text gives the same tags."""

    def __init__(self, kb: KnowledgeBase, *, lexicon: Lexicon | None = None, engine: Engine | None = None, decisions: Decisions | None = None) -> None:
        self._kb = kb
        self._lexicon = lexicon or Lexicon()
        self._topics = topics.load()
        self._rules: dict[str | None, _Rules] = {}
        self._set(engine, decisions or Decisions())

    def _set(self, engine: Engine | None, decisions: Decisions) -> None:
        self._engine, self._curator = engine, Curator(decisions, self._kb)
        model = f" {engine.name}" if engine else ""
        self.stamp = f"igwire-tag/{_GENERATION} kb/{self._kb.version} topics/{self._topics.version}{model}{self._curator.stamp}"

    def under(self, engine: Engine | None, decisions: Decisions) -> Tagger:
        """This tagger under a user's settings; what it has built by now is shared."""
        made = copy(self)
        made._set(engine, decisions)
        return made

    def build(self) -> None:
        """Build now what would be built at the first text of each language, in a second."""
        for name, part in vars(Tagger).items():
            if isinstance(part, cached_property):
                getattr(self, name)
        for language in (None, *_WORDS_OF):
            self._rules_of(language)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._kb, self._lexicon.cities, self._role_finder.firsts, self._topic_finder.terms)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._lexicon)

    def _rules_of(self, language: str | None) -> _Rules:
        """Those of the language, when it has words of its own."""
        name = _WORDS_OF.get((language or "").split("-")[0])
        if name not in self._rules:
            lexicon = replace(self._lexicon, language=name) if name else self._lexicon
            recogniser = _RECOGNISERS[name](Vocabulary(lexicon, self._vocabulary)) if name else Recogniser(self._vocabulary)
            self._rules[name] = _Rules(recogniser, QuoteFinder(lexicon.speech))
        return self._rules[name]

    @cached_property
    def _topic_finder(self) -> TopicFinder:
        return TopicFinder(self._topics)

    @cached_property
    def _role_finder(self) -> RoleFinder:
        peoples = [name for entity in self._kb.by_id.values() for names in entity.demonyms.values() for name in names]
        return RoleFinder(self._lexicon.roles, peoples)

    def aliases_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """All names of the entities, for the alias field of the index."""
        known = [self._kb.by_id[i] for i in ids if i in self._kb.by_id]
        return tuple(dict.fromkeys(name for entity in known for name in entity.names()))

    def tag(self, *, title: str | None, text: str, language: str | None = None, source: str | None = None, published: str | None = None) -> Tags:
        """Mentions in title and text (offsets in code points of each), and the countries that they lie in or speak of."""
        readings = (self._read("title", title or ""), self._read("text", text))
        meanings = _meanings(readings)
        self._link(readings, meanings, published)
        rules = self._rules_of(language)
        self._recognise(readings, meanings, language, rules.recogniser)
        identities = _identities(readings, meanings)
        made = [mention for reading in readings for mention in self._mentions(reading, identities)]
        mentions = self._curator.apply(made, [(reading.name, reading.text) for reading in readings], language=language, source=source)
        body = readings[1]
        # Where nouns have capitals, words that have them are no unknown names.
        unknown = () if isinstance(rules.recogniser, NounRecogniser) else body.capitalised
        names = speakers([m for m in mentions if m.field == "text"], text, unknown, body.folded.scripts)
        quotes, roles = rules.quotes.find(text, names), self._role_finder.find(text, names, body.folded.scripts, body.offices)
        topics = self._topic_finder.find(*map(_subject, readings))
        return Tags(mentions=mentions, countries=_countries(readings), topics=topics, quotes=quotes, roles=roles, stamp=self.stamp)

    def topics_named(self, words: str) -> tuple[str, ...]:
        """Ids of the topics that a few words name, such as a title or a query, the surest first."""
        return tuple(topic["topic"] for topic in self.tag(title=words, text="").topics)

    def _read(self, name: str, text: str) -> Reading:
        folded = fold(text)
        hits, offices, matches = self._matcher.scan(text, folded)
        longer = [found for hit in hits if (found := longer_name(hit, text, self._vocabulary))]
        if longer:
            hits = [hit for hit in hits if not any(found.start <= hit.start and hit.end <= found.end for found in longer)]
        return Reading(name, text, folded, matches, stretches(text), hits, offices, list(definitions(text)), longer)

    def _link(self, readings: Sequence[Reading], meanings: dict[str, str | None], published: str | None) -> None:
        whole = "\n".join([reading.text for reading in readings if reading.text])
        hits = [hit for reading in readings for hit in reading.hits]
        context = Context(hits, whole, titles=self._vocabulary.titles, defined=meanings, published=published)
        for reading in readings:
            reading.links = [(hit, link) for hit in reading.hits if (link := context.link(hit, reading.text))]

    def _recognise(self, readings: Sequence[Reading], meanings: dict[str, str | None], language: str | None, recogniser: AnyRecogniser) -> None:
        people = [r.text[hit.start : hit.end] for r in readings for hit, link in r.links if link.entity.type == "person"]
        taken = [[Span(hit.start, hit.end, link.entity.type) for hit, link in r.links if link.entity.type != "concept"] for r in readings]
        for reading, spans in zip(readings, taken, strict=True):
            spans += [Span(longer.start, longer.end, longer.type) for longer in reading.longer]
        ruled = recogniser.find([r.text for r in readings], [r.capitalised for r in readings], taken, people)
        for reading, found in zip(readings, ruled, strict=True):
            found += reading.longer
            found += other_scripts(reading.text, reading.folded.scripts, reading.hits, self._vocabulary.first_names)
            found += instruments(reading.text)
            reading.found = merged(found, self._engine.find(reading.text, language)) if self._engine else found
        for short, kind in _kinds(readings, meanings, self._kb).items():
            for reading in readings:
                reading.found += [Found(at, at + len(short), kind, "defined in the text", _DEFINED) for at in occurrences(reading.text, short)]

    def _mentions(self, reading: Reading, identities: dict[str, Link]) -> list[Mention]:
        text = reading.text
        held, taken = bytearray(len(text)), bytearray(len(text))
        for start, end, kind, *_ in reading.found:
            if kind != "place":
                _mark(held, start, end)
        mentions = []
        for (start, end, _), link in reading.links:
            # A longer name holds a place or a concept: the Beijing of Beijing Normal University is no mention of its own.
            if link.entity.type in ("place", "concept") and held.find(0, start, end) < 0:
                continue
            mentions.append(self._linked(reading, start, end, link))
            _mark(taken, start, end)
        for start, end, kind, rule, score in sorted(reading.found, key=_surest):
            if taken.find(1, start, end) >= 0:
                continue
            _mark(taken, start, end)
            surface = text[start:end]
            if identities and (link_ := identities.get(folded(surface))) and kind in (link_.entity.type, "organisation"):
                mentions.append(self._linked(reading, start, end, link_))
            else:
                mentions.append(Mention(start, end, surface, kind, score=score, why=f"rule {rule}", field=reading.name))
        return sorted(mentions, key=_start)

    def _linked(self, reading: Reading, start: int, end: int, link: Link) -> Mention:
        entity = link.entity
        why = f"{link.why}; kb {self._kb.version}"
        return Mention(start, end, reading.text[start:end], entity.type, entity.id, entity.name, entity.qid, link.score, why, link.role, reading.name)


@lru_cache(maxsize=1)
def packaged_tagger() -> Tagger:
    """The tagger of the package's own knowledge base, under nobody's settings; one for a process."""
    return Tagger(packaged())


_start = attrgetter("start")


def _surest(found: Found) -> tuple[float, int]:
    return -found.score, found.start


def _subject(reading: Reading) -> Field:
    """What topics are told by."""
    named = [Named(hit.start, hit.end, i) for hit, link in reading.links for i in (link.entity.id, link.entity.series) if i]
    return Field(reading.text, reading.folded, reading.matches, named)


def _countries(readings: Sequence[Reading]) -> tuple[str, ...]:
    codes = {link.entity.country for reading in readings for _, link in reading.links if link.entity.type == "place"}
    codes |= {name.country for reading in readings for hit in reading.hits for name in hit.names if name.kind in ("demonym", "city")}
    return tuple(sorted(code for code in codes if code))


def _mark(area: bytearray, start: int, end: int) -> None:
    area[start:end] = b"\x01" * (end - start)


def _meanings(readings: Sequence[Reading]) -> dict[str, str | None]:
    """What the text says its acronyms stand for: an entity's id, or None for something that the knowledge base lacks."""
    meanings: dict[str, str | None] = {}
    for reading in readings:
        ends = (
            {hit.end: (hit.start, name.entity.id) for hit in reading.hits for name in hit.names if name.kind == "alias" and name.entity}
            if reading.defined
            else {}
        )
        for definition in reading.defined:
            # "Evangelische Kirche in Deutschland (EKD)" is no country.
            start, entity = ends.get(definition.end, (0, None))
            meanings.setdefault(definition.short, entity if start <= definition.start else None)
    return meanings


def _kinds(readings: Sequence[Reading], meanings: dict[str, str | None], kb: KnowledgeBase) -> dict[str, str]:
    """The types of the acronyms that the text defines, where its long form is an entity or a recognised name."""
    kinds = {short: kb.by_id[entity].type for short, entity in meanings.items() if entity}
    for reading in readings:
        ends = {name.end: name.type for name in reading.found} if reading.defined else {}
        kinds |= {d.short: ends[d.end] for d in reading.defined if d.end in ends and d.short not in kinds}
    return kinds


def _identities(readings: Sequence[Reading], meanings: dict[str, str | None]) -> dict[str, Link]:
    """Short names that the document itself ties to a linked entity: parts and given names of people, acronyms that it defines."""
    by_id = {link.entity.id: link for reading in readings for _, link in reading.links}
    found = {folded(short): _same(by_id[entity], f"{short!r} is defined in the text") for short, entity in meanings.items() if entity in by_id}
    parts: dict[str, set[str]] = {}
    for reading in readings:
        for hit, link in reading.links:
            if link.entity.type == "person" and len(words := _WORDS.findall(reading.text[hit.start : hit.end])) > 1:
                for word in (words[-1], words[0]):
                    parts.setdefault(folded(word), set()).add(link.entity.id)
    return found | {name: _same(by_id[min(ids)], "part of a full name in the document") for name, ids in parts.items() if len(ids) == 1}


def _same(link: Link, why: str) -> Link:
    return Link(link.entity, round(link.score - 0.1, 2), why)
