"""German and Luxembourgish write every noun with a capital: capitals alone say nothing there, so it has to be known what a word is.

stretches of capitalised words ─ each word: function word, noun, office, body, given name, place, or maybe a name
   ├─▶ found: people by given name or behind their office, bodies with what names them
   ╰─▶ what may still be a name (shorter stretches), for the rules of `recognise`

A word is a noun by the list (kb/lists/words.de.yaml), by its ending, or by its last part; a word that the document also has behind a
determiner is no name that nobody knows. A compound with a hyphen is a name when its parts are, or when it ends in what names a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from igwire.enrich.names import LONGEST_PERSON, Found, Span
from igwire.enrich.recognise import ONLY_CAPITALS, Recogniser, starts_sentence
from igwire.enrich.vocabulary import KINDS, TOKEN, Stretch, Vocabulary, folded

# What a word is by itself.
_SMALL, _FUNCTION, _NOUN, _OFFICE, _BODY, _GIVEN, _COMPOUND, _PLACE, _NAME = range(9)
_MAYBE_NAMES = frozenset([_GIVEN, _COMPOUND, _PLACE, _NAME])
# Endings of cases and plurals; vowels are folded (Länder, Land).
_INFLECTED = ("", "e", "en", "er", "ern", "n", "s", "es", "se", "sen", "in", "innen", "nen")
_OF_BODIES = ("", "s", "es", "e", "en", "n")
# Endings that make nouns, with the letters that must stand before them: Tunis, Denis and Chung are none.
_MADE_NOUN = re.compile(
    r"\w{3,}(?:(?:ung|heit|keit|schaft|tion|sion|ator|eur|tik|logie|tur)(?:en|e|s|n)?|ism(?:us|en)|itat(?:en)?|ment(?:e|s|en)?)|\w{4,}nis(?:se|sen|ses)?"
)
_ADJECTIVE = re.compile(r"(\w{2,})(?:e|en|er|es|em)")
_MADE_ADJECTIVE = re.compile(r"\w{2,}(?:isch|lich|ig|deutsch|al|iv)")
_WORD, _SPACE = re.compile(r"\w+"), re.compile(r"[ \u00a0][„“»«\"']?\n?")
_DETERMINER_REACH = 20
# Three capitals, or two at the start; McCain and DeSantis have neither.
_BODY_LIKE = re.compile(r"[A-ZÄÖÜ]{2}\w*[a-zäöü]\w*|[A-ZÄÖÜ][a-zäöü]+[A-ZÄÖÜ][a-zäöü]*[A-ZÄÖÜ]\w*")
_PARTICLES = frozenset(["von", "van", "der", "den", "de", "zu", "la", "al", "bin", "ibn", "el", "di", "da", "du", "dos", "del"])
_FOR = frozenset(["für", "zur", "zum"])
_JOINS = frozenset(["und", "der", "des", "für"])
# Shorter parts of compounds end too many names.
_SHORTEST_PART = 4
# Words: a person's with the particles, a body's behind its noun, its adjectives, and all of a long one.
_LONGEST_NAME, _LONGEST_BEHIND, _MOST_ADJECTIVES, _LONGEST_BODY = 8, 3, 3, 16
_REMEMBERED = 20_000


class _Token(NamedTuple):
    """A word of a stretch at its place in the text, what it is by itself, and the word folded."""

    start: int
    end: int
    word: str
    kind: int
    key: str


@dataclass(slots=True)
class _Document:
    """What one document tells: words that it has behind a determiner, parts of the names of its people, words that may be names."""

    with_determiner: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


class NounRecogniser:
    """Recognition by rules, as Recogniser, for languages that write nouns with a capital."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._reader, self._recogniser = _Reader(vocabulary), Recogniser(vocabulary)

    def find(
        self, texts: Sequence[str], capitalised: Sequence[Sequence[Stretch]], taken: Sequence[Sequence[Span]], people: Iterable[str] = ()
    ) -> list[list[Found]]:
        """See Recogniser.find. Capitals alone make no name here."""
        parts = self._reader.read(texts, capitalised, taken)
        known = [text[f.start : f.end] for text, (_, found) in zip(texts, parts, strict=True) for f in found if f.type == "person"]
        held = [sorted([*spans, *(Span(f.start, f.end, f.type) for f in found)]) for spans, (_, found) in zip(taken, parts, strict=True)]
        rest = self._recogniser.find(texts, [stretches for stretches, _ in parts], held, [*people, *known])
        sure = [[_as_written(f, text[f.start : f.end]) for f in more if f.rule != ONLY_CAPITALS] for text, more in zip(texts, rest, strict=True)]
        return [sorted([*found, *more]) for (_, found), more in zip(parts, sure, strict=True)]


class _Reader:
    """Tells names from nouns by one vocabulary. Pure."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        v = self._v = vocabulary
        self._nouns = _inflected(v["noun"] | v["noun_alone"], _INFLECTED)
        self._last_parts = _inflected(v["noun"] - v["noun_alone"], _INFLECTED)
        self._offices = _inflected(v["office"], _INFLECTED)
        self._bodies = {kind: _inflected(v[f"{kind}_part"], _OF_BODIES) for kind in KINDS}
        self._bodies["organisation"] |= _inflected(v["body_alone"], _OF_BODIES)
        self._singular = frozenset[str]().union(*(v[f"{kind}_part"] for kind in KINDS))
        self._kind = lru_cache(_REMEMBERED)(self._kind_of)
        self._body = lru_cache(_REMEMBERED)(self._body_of)

    def read(self, texts: Sequence[str], capitalised: Sequence[Sequence[Stretch]], taken: Sequence[Sequence[Span]]) -> list[tuple[list[Stretch], list[Found]]]:
        """For each text of a document: the stretches that may still be names, and the names that were found; `taken` are places of linked names, in order."""
        document = _Document()
        parts = [self._found(text, stretches, sorted(spans), document) for text, stretches, spans in zip(texts, capitalised, taken, strict=True)]
        return [([s for run in runs for s in self._names(text, run, document)], found) for text, (runs, found) in zip(texts, parts, strict=True)]

    # What a word is by itself

    def _kind_of(self, word: str) -> int:
        v, key = self._v, folded(word)
        if not word[0].isupper():
            return _SMALL
        if key in v["place_first"]:
            return _NAME
        if key in self._offices:
            return _OFFICE
        if key in v["common"] or len(key) < 2 or word in v.capitals:
            return _FUNCTION
        return self._compound(word, key) if "-" in word else self._plain(word, key)

    def _plain(self, word: str, key: str) -> int:
        """A word without a hyphen; "NGOs" is a noun."""
        if key in self._nouns or (word[-1] == "s" and word[:-1].isupper()):
            return _NOUN
        if key in self._v.cities:
            return _PLACE
        if word.isupper():
            return _NAME
        ends = _ends(key)
        if not self._offices.isdisjoint(ends) or key in self._v.titles:
            return _OFFICE
        if self._body(word):
            return _BODY
        if _MADE_NOUN.fullmatch(key) or not self._last_parts.isdisjoint(ends):
            return _NOUN
        return _GIVEN if key in self._v.first_names else _NAME

    def _compound(self, word: str, key: str) -> int:
        """A word with a hyphen is what its last part is; a name when all of it, or its first part, is a place or a given name."""
        *first, last = [self._kind(part) if part else _NOUN for part in word.split("-")]
        if key in self._v.cities or (last not in (_NOUN, _SMALL, _FUNCTION, _OFFICE, _BODY) and first[0] == _PLACE):
            return _PLACE
        if last == _GIVEN and all(kind == _GIVEN for kind in first):
            return _GIVEN
        if last in (_OFFICE, _NAME, _GIVEN, _PLACE, _COMPOUND):
            return _OFFICE if last == _OFFICE else _COMPOUND
        return _BODY if last == _BODY and not {_GIVEN, _PLACE, _NAME}.isdisjoint(first) else _NOUN

    def _body_of(self, word: str) -> str | None:
        """The type of what the word names by its last part: organisation (Piratenpartei), law, medium, event."""
        ends = _ends(folded(word.rsplit("-", 1)[-1]))
        return next((kind for kind, bodies in self._bodies.items() if not bodies.isdisjoint(ends)), None)

    # People, and bodies with what names them

    def _found(self, text: str, stretches: Sequence[Stretch], spans: Sequence[Span], document: _Document) -> tuple[list[list[_Token]], list[Found]]:
        """The runs of words that may be names, and the names that are typed here; the document's evidence is gathered on the way."""
        runs: list[list[_Token]] = []
        found: list[Found] = []
        for tokens in self._tokens(stretches, spans):
            document.words.update(token.key for token in tokens if token.kind in (_NAME, _GIVEN))
            for part in self._cut(text, tokens):
                if isinstance(part, Found):
                    found.append(part)
                    if part.type == "person":
                        document.people.update(folded(word) for word in text[part.start : part.end].split() if word[0].isupper())
                else:
                    runs.append(part)
                    if len(part) == 1 and part[0].kind in (_NAME, _GIVEN) and self._determined(text, part[0]):
                        document.with_determiner.add(part[0].key)
        return runs, found

    def _tokens(self, stretches: Sequence[Stretch], spans: Sequence[Span]) -> Iterator[list[_Token]]:
        """The words of each stretch, apart where linked names lie between; three words in capitals are shouting."""
        at = 0
        for start, _, words in stretches:
            if words.isupper() and words.count(" ") > 1:
                continue
            tokens: list[_Token] = []
            b = start - 1
            for word in TOKEN.findall(words):
                # One space stands between two words.
                a, b = b + 1, b + 1 + len(word)
                while at < len(spans) and spans[at].end <= a:
                    at += 1
                # A name in a compound with a hyphen (UN-Botschafter, Holland-Moritz) says nothing of the whole.
                if (
                    at < len(spans)
                    and spans[at].start < b
                    and not ("-" in word and a <= spans[at].start and spans[at].end <= b and spans[at].end - spans[at].start < b - a)
                ):
                    if tokens:
                        yield tokens
                    tokens = []
                else:
                    tokens.append(_Token(a, b, word, self._kind(word), folded(word)))
            if tokens:
                yield tokens

    def _cut(self, text: str, tokens: Sequence[_Token]) -> Iterator[list[_Token] | Found]:
        """Names that are found, and runs of words that may be names; a noun is a run of its own: it may be a surname that the document tells."""
        run: list[_Token] = []
        done = 0
        for at, token in enumerate(tokens):
            if token.start < done:
                continue
            found = self._person(text, tokens, at) or self._body_name(text, tokens, at)
            if found is None and token.kind in _MAYBE_NAMES:
                run.append(token)
                continue
            if run:
                yield run
                run = []
            if found:
                done = found.end
                yield found
            elif token.kind in (_NOUN, _OFFICE, _BODY):
                yield [token]
        if run:
            yield run

    def _person(self, text: str, tokens: Sequence[_Token], at: int) -> Found | None:
        """Somebody by a given name and one word more, or by any name behind an office."""
        token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
        if following and token.kind == _OFFICE:
            name = self._name(tokens, at + 1, sure=following.kind == _GIVEN)
            if name and self._may_be_titled(name):
                return Found(name[0].start, name[-1].end, "person", f"title {token.word}", 0.9)
        if token.kind not in (_GIVEN, _NOUN, _OFFICE, _PLACE) or token.key not in self._v.first_names:
            return None
        # Where a sentence starts, an adjective has a capital too.
        name = self._name(tokens, at, sure=token.kind == _GIVEN and not (_ADJECTIVE.fullmatch(token.key) and starts_sentence(text, token.start)))
        if len(name) < 2 or (token.kind != _GIVEN and (name[1].kind not in (_NAME, _COMPOUND, _GIVEN) or self._determined(text, token))):
            return None
        return Found(name[0].start, name[-1].end, "person", "given name", 0.85)

    def _name(self, tokens: Sequence[_Token], at: int, *, sure: bool) -> list[_Token]:
        """The words of a person's name that begins at `at`. Behind a given name that is `sure` any noun may be the surname that is not made by its ending."""
        name: list[_Token] = []
        capitals = 0
        for token in tokens[at : at + _LONGEST_NAME]:
            if token.kind == _SMALL:
                if capitals != 1 or token.word not in _PARTICLES:
                    break
            elif capitals == LONGEST_PERSON or not (
                token.kind in _MAYBE_NAMES or not name or (sure and capitals == 1 and token.kind != _FUNCTION and not _MADE_NOUN.fullmatch(token.key))
            ):
                break
            else:
                capitals += 1
            name.append(token)
        while name and name[-1].kind == _SMALL:
            name.pop()
        return name

    def _may_be_titled(self, name: Sequence[_Token]) -> bool:
        """Whether the words behind an office are somebody's name; a place alone is what the office is of."""
        first = name[0]
        if first.kind in (_SMALL, _FUNCTION, _OFFICE, _BODY) or (first.word.isupper() and len(first.word) > 1):
            return False
        if first.kind == _NOUN and (first.key in self._nouns or _MADE_NOUN.fullmatch(first.key)):
            return len(name) == 1 and first.key in self._v["noun_alone"]
        return len(name) > 1 or first.kind != _PLACE or first.key in self._v.first_names

    def _body_name(self, text: str, tokens: Sequence[_Token], at: int) -> Found | None:
        """A body, medium, event, law or place by a noun that says so, and the name before or behind it."""
        head = at
        while head + 1 < len(tokens) and head < at + _MOST_ADJECTIVES and self._begins_name(text, tokens[head], tokens[head + 1]):
            head += 1
        if (kind := self._body(tokens[head].word)) is None or tokens[head].kind not in (_BODY, _NOUN, _PLACE):
            return None
        end = self._body_end(tokens, head) if kind in ("organisation", "event") else head + 1
        if head == at and end == head + 1 and not self._alone(tokens[head]):
            return None
        # "Großbank HSBC": an acronym needs no noun before it.
        acronym = head == at and end == head + 2 and tokens[head + 1].kind == _NAME and tokens[head + 1].word.isupper()
        first = head + 1 if acronym and tokens[head].key not in self._singular else at
        return Found(tokens[first].start, tokens[end - 1].end, kind, f"its word {tokens[head].word!r}", 0.85)

    def _begins_name(self, text: str, token: _Token, following: _Token) -> bool:
        """Whether an adjective begins a name: "Rotes", "Deutsche", "Berliner"; where a sentence starts only before a noun in the singular."""
        if token.key.endswith("er") and (token.key[:-2] in self._v.cities or token.key[:-1] in self._v.cities):
            return True
        return self._is_adjective(token) and (not starts_sentence(text, token.start) or following.key in self._singular)

    def _is_adjective(self, token: _Token) -> bool:
        """Whether it is an adjective that only names have with a capital, unless a sentence starts."""
        match = _ADJECTIVE.fullmatch(token.key) if token.kind not in (_SMALL, _OFFICE, _BODY) else None
        return match is not None and (match[1] in self._v["name_adjective"] or _MADE_ADJECTIVE.fullmatch(match[1]) is not None)

    def _body_end(self, tokens: Sequence[_Token], head: int) -> int:
        """Behind the last word of the body whose noun is at `head`."""
        following = tokens[head + 1] if head + 1 < len(tokens) else None
        joining = not self._v["joining_body"].isdisjoint(_ends(tokens[head].key))
        if following and (following.word in _FOR or (joining and (following.word in ("der", "des") or self._is_adjective(following)))):
            rest = tokens[head + 2 : head + _LONGEST_BODY]
            ends = [n for n, token in enumerate(_while_of_body(rest), head + 2) if token.kind != _SMALL]
            return max(ends, default=head + (1 if following.kind != _SMALL else 0)) + 1
        end = head + 1
        while end < len(tokens) and end <= head + _LONGEST_BEHIND and tokens[end].kind in (_NAME, _PLACE, _COMPOUND):
            end += 1
        return end

    def _alone(self, token: _Token) -> bool:
        """Whether a word names something with nothing beside it: Bundesverfassungsgericht, Potsdam-Institut, Telekommunikationsgesetz."""
        if token.key in self._v["body_alone"] or (token.kind == _BODY and "-" in token.word):
            return True
        if token.key in self._singular or token.key in self._v["body_first"]:
            return False
        return token.key.startswith(tuple(self._v["body_first"])) or not self._v["whole"].isdisjoint(_ends(token.key))

    # What may still be a name

    def _names(self, text: str, run: Sequence[_Token], document: _Document) -> Iterator[Stretch]:
        """The run without what belongs to no name, as a stretch, when something is left."""
        if len(run) > 1:
            run = self._trimmed(text, run, document)
        if len(run) == 1 and not self._may_stand_alone(text, run[0], document):
            return
        last = run[-1].key
        genitive = last.endswith("s") and (last[:-1] in document.words or last[:-1] in document.people or last[:-1] in self._v.cities)
        start, end = run[0].start, run[-1].end - genitive
        yield Stretch(start, end, text[start:end])

    def _trimmed(self, text: str, run: Sequence[_Token], document: _Document) -> Sequence[_Token]:
        """Without the word that starts a sentence, and without nouns that nobody has listed before somebody whom the document knows."""
        if run[0].kind in (_NAME, _COMPOUND) and starts_sentence(text, run[0].start) and run[0].key not in document.people:
            run = run[1:]
        known = next((n for n, token in enumerate(run) if token.key in document.people), 0)
        return run if any(token.kind == _GIVEN for token in run[:known]) else run[known:]

    def _may_stand_alone(self, text: str, token: _Token, document: _Document) -> bool:
        if token.kind == _PLACE:
            return True
        if not document.people.isdisjoint((token.key, token.key.removesuffix("s"))):
            return not self._determined(text, token)
        if token.kind not in (_NAME, _GIVEN):
            return False
        return not token.word[1:].islower() or (token.key not in document.with_determiner and not self._determined(text, token))

    def _determined(self, text: str, token: _Token) -> bool:
        before = text[max(token.start - _DETERMINER_REACH, 0) : token.start]
        words = _WORD.findall(before)
        return bool(words) and folded(words[-1]) in self._v["determiner"] and _SPACE.fullmatch(before.rpartition(words[-1])[2]) is not None


def _as_written(found: Found, surface: str) -> Found:
    """A person that is written as only bodies are is one: BVerfG, ZDFheute."""
    return found._replace(type="organisation") if found.type == "person" and _BODY_LIKE.fullmatch(surface) else found


def _while_of_body(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """The words that go on with a long name of a body."""
    for token in tokens:
        if token.kind == _OFFICE or (token.kind == _SMALL and token.word not in _JOINS):
            return
        yield token


def _inflected(words: Iterable[str], endings: Sequence[str]) -> frozenset[str]:
    return frozenset(word + ending for word in words for ending in endings)


def _ends(key: str) -> list[str]:
    """The word, and all that may be the last part of it when it is a compound."""
    return [key, *[key[at:] for at in range(2, len(key) - _SHORTEST_PART + 1)]]
