"""Tagging one article: names found, supported, linked; people recognised; the reason of every tag kept.

text ─ match ─▶ hits ─ support? (full form, other entities, context) ─▶ linked mentions
     ╰ recognise ─▶ people ─ same name known? ─▶ linked, or NIL
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from igwire.enrich.match import Hit, Matcher, Name
from igwire.enrich.recognise import Person, people, titled
from igwire.kb import Entity, KnowledgeBase
from igwire.model import Mention, Tags

# Raised when the same text may be tagged otherwise; with the knowledge base's version it tells what is stale.
_GENERATION = 1
# Acronyms this long are hardly ever anything else (APNIC, LACNIC, UNESCO); shorter ones need support.
_CLEAR_ACRONYM = 5
# Words in the neighbourhood of which a common word is a company or a network: two other entities must be named.
_CONTEXT_COUNT = 2
_SCORES = {"alias": 1.0, "acronym": 0.9, "short": 0.85, "with_context": 0.7}


class Tagger:
    """Tags texts by one knowledge base. Pure: the same text gives the same tags."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._matcher = Matcher(kb)
        self.stamp = f"igwire-tag/{_GENERATION} kb/{kb.version}"

    def aliases_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """All names of the entities, for the alias field of the index."""
        known = [self._kb.by_id[i] for i in ids if i in self._kb.by_id]
        return tuple(dict.fromkeys(name for entity in known for name in entity.names()))

    def tag(self, *, title: str | None, text: str, language: str | None = None, source: str | None = None, published: str | None = None) -> Tags:
        """Mentions in title and text (offsets in code points of each), and the countries that they lie in."""
        fields = [("title", title or ""), ("text", text)]
        hits = {field: self._matcher.hits(content) for field, content in fields}
        support = _Support([hit for found in hits.values() for hit in found], "\n".join(content for _, content in fields))
        mentions = [m for field, content in fields for m in self._mentions(field, content, hits[field], support)]
        return Tags(mentions=tuple(mentions), countries=self._countries(mentions), stamp=self.stamp)

    def _countries(self, mentions: Iterable[Mention]) -> tuple[str, ...]:
        codes = {self._kb.by_id[m.entity].country for m in mentions if m.entity and m.type == "place"}
        return tuple(sorted(code for code in codes if code))

    def _mentions(self, field: str, text: str, hits: Sequence[Hit], support: _Support) -> list[Mention]:
        linked = [mention for hit in hits if (mention := self._link(field, text, hit, support))]
        found = [*linked, *self._people(field, text, linked)]
        return sorted(found, key=lambda m: m.start)

    def _link(self, field: str, text: str, hit: Hit, support: _Support) -> Mention | None:
        fitting = [(name, why) for name in hit.names if (why := support.reason(name, text, hit))]
        if not fitting:
            return None
        name, why = max(fitting, key=lambda pair: (_SCORES[pair[0].kind], pair[0].entity.id in support.sure, pair[0].entity.qid is not None))
        entity = name.entity
        score = _SCORES[name.kind] if len(fitting) == 1 else _SCORES[name.kind] - 0.2
        return Mention(
            start=hit.start, end=hit.end, surface=text[hit.start : hit.end], type=entity.type, entity=entity.id, name=entity.name, qid=entity.qid,
            score=round(score, 2), why=f"{name.kind} {name.text!r}: {why}; kb {self._kb.version}", field=field,
        )  # fmt: skip

    def _people(self, field: str, text: str, linked: Sequence[Mention]) -> list[Mention]:
        covered = [(m.start, m.end) for m in linked]
        found: list[Mention] = []
        names: dict[str, Person] = {}
        for person in people(text):
            if not _overlaps(person.start, person.end, covered):
                covered.append((person.start, person.end))
                names.setdefault(person.name, person)
                found.append(_nil(field, text, person.start, person.end, f"rule {person.rule}"))
        for start, end, name in _again(text, names, covered):
            found.append(_nil(field, text, start, end, f"same name as {name!r}"))
        return found


class _Support:
    """What the document as a whole says for its uncertain names."""

    def __init__(self, hits: Sequence[Hit], text: str) -> None:
        self.sure = {name.entity.id for hit in hits for name in hit.names if name.kind == "alias" and len(hit.names) == 1}
        self.sure |= {n.entity.id for h in hits for n in h.names if n.kind == "acronym" and len(n.text) >= _CLEAR_ACRONYM and len(h.names) == 1}
        self._titled = titled(text)

    def reason(self, name: Name, text: str, hit: Hit) -> str | None:
        """Why the name may stand for its entity here, or None."""
        entity = name.entity
        others = self.sure - {entity.id}
        if name.kind == "alias":
            return "stands by itself"
        if entity.id in self.sure:
            return "full name in the document"
        if name.kind == "acronym":
            return self._acronym(name, others)
        if name.kind == "short":
            return self._short(name, entity, others, text, hit)
        return f"{len(others)} other entities" if len(others) >= _CONTEXT_COUNT else None

    def _acronym(self, name: Name, others: set[str]) -> str | None:
        if len(name.text) >= _CLEAR_ACRONYM:
            return "clear acronym"
        return "another entity in the document" if others else None

    def _short(self, name: Name, entity: Entity, others: set[str], text: str, hit: Hit) -> str | None:
        if _part_of_name(text, hit):
            return None
        if entity.distinctive:
            return "rare name, another entity in the document" if others else None
        near = [other for other in entity.context if other in self.sure]
        return f"title, and {near[0]} in the document" if near and name.text in self._titled else None


# A capitalised word beside the surname makes another person's name of it ("Robert Xi", "Xi Mingze").
_BEFORE = re.compile(r"(?:^|[^\w])(?!(?:Mr|Mrs|Ms|Dr|President|Premier|Chairman|Minister|Chancellor|Secretary)\b)([A-Z][\w'’-]+)\s$")
_AFTER = re.compile(r"\s[A-Z][\w'’-]+")


def _part_of_name(text: str, hit: Hit) -> bool:
    before = _BEFORE.search(text[max(hit.start - 30, 0) : hit.start])
    at_start = before is not None and re.search(r"(?:^|[.!?\n]\s?)$", text[: max(hit.start - 30, 0) + before.start(1)]) is not None
    return (before is not None and not at_start) or _AFTER.match(text, hit.end) is not None


def _overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in spans)


def _nil(field: str, text: str, start: int, end: int, why: str) -> Mention:
    return Mention(start=start, end=end, surface=text[start:end], type="person", score=0.7, why=why, field=field)


def _again(text: str, names: dict[str, Person], covered: list[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Other places of the recognised names: the full name, and the surname by itself once the full name was read."""
    found = []
    for name in names:
        parts = name.split()
        for form in dict.fromkeys([name, parts[-1]] if len(parts) > 1 else [name]):
            for match in re.finditer(rf"\b{re.escape(form)}\b", text):
                if len(form) > 2 and not _overlaps(match.start(), match.end(), covered):
                    covered.append((match.start(), match.end()))
                    found.append((match.start(), match.end(), name))
    return found
