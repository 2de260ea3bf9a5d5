"""Romance languages put first the noun that says what a body is: Fundação Getulio Vargas, Comune di Torino, Polizia Postale.

stretches ─ cut behind articles that stick to a word ("L'Unione") ─ from such a noun to the stretch's end ─▶ found
                                                                  ╰ what stands before it ─▶ the rules of `recognise`
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from igwire.enrich.names import Found, Span
from igwire.enrich.recognise import Recogniser, starts_sentence
from igwire.enrich.vocabulary import KINDS, TOKEN, Stretch, Vocabulary, between, folded

# Articles and prepositions that an apostrophe ties to the name; names keep a capital one (D'Alema).
_ELIDED = re.compile(r"(?:(?<![^ \u00a0])(?:[Ll]|d|[Dd]ell|[Aa]ll|[Nn]ell|[Dd]all|[Ss]ull|[Uu]n)['’])(?=[^\W\d_a-z])")
# "Voxarno di Prato": somebody's surname may be a city's name too, so not behind a given name.
_OF_CITY = re.compile(r"(?P<what>(\S+)(?: \S+)*?) (?:di|da|de|do|del) (?P<city>\S+)")
_AND = frozenset(["e", "ed", "et", "y", "&"])
_LONGEST = 10


class HeadRecogniser:
    """Recognition by rules, as Recogniser, for languages whose names of bodies begin with what the body is."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._v = vocabulary
        self._recogniser = Recogniser(vocabulary)
        self._kinds = {word: kind for kind in reversed(KINDS) for word in vocabulary[f"{kind}_head"]}
        joins = "|".join(sorted(vocabulary.get("joins", ()))) or "(?!)"
        self._join = re.compile(rf" (?:{joins}) | dell['’]")

    def find(
        self, texts: Sequence[str], capitalised: Sequence[Sequence[Stretch]], taken: Sequence[Sequence[Span]], people: Iterable[str] = ()
    ) -> list[list[Found]]:
        """See Recogniser.find."""
        cut = [[part for stretch in stretches for part in self._cut(stretch)] for stretches in capitalised]
        found = [list(self._bodies(text, stretches, spans)) for text, stretches, spans in zip(texts, cut, taken, strict=True)]
        held = [sorted([*spans, *(Span(f.start, f.end, f.type) for f in bodies)]) for spans, bodies in zip(taken, found, strict=True)]
        open_ = [[stretch for stretch in stretches if folded(stretch.words) not in self._kinds] for stretches in cut]
        rest = self._recogniser.find(texts, open_, held, people)
        return [sorted([*bodies, *more]) for bodies, more in zip(found, rest, strict=True)]

    def _bodies(self, text: str, stretches: Sequence[Stretch], spans: Sequence[Span]) -> Iterator[Found]:
        bodies = [span for span in spans if span.type != "place"]
        places = frozenset(span.start for span in spans if span.type == "place")
        done = at = 0
        for number, stretch in enumerate(stretches):
            if stretch.start < done:
                continue
            while at < len(bodies) and bodies[at].end <= stretch.start:
                at += 1
            limit = bodies[at].start if at < len(bodies) else len(text)
            if found := self._body(text, stretch, stretches[number + 1 : number + 3], limit, places):
                done = found.end
                yield found

    def _body(self, text: str, stretch: Stretch, following: Sequence[Stretch], limit: int, places: frozenset[int]) -> Found | None:
        """The first name of a body in the stretch, which a linked name at `limit` ends; it goes on behind a "degli" or "dell'"."""
        words = [(stretch.start + m.start(), stretch.start + m.end(), m[0]) for m in TOKEN.finditer(stretch.words)]
        for at, (start, end, word) in enumerate(words):
            kind = self._kinds.get(folded(word)) if word[0].isupper() and end <= limit else None
            if kind is None:
                continue
            last = self._end(words[at : at + _LONGEST], limit, places)
            if last == words[-1][1]:
                for more in following:
                    join = self._join.match(text, last)
                    if join is None or join.end() != more.start or more.end > limit:
                        break
                    last = more.end
            if last > end:
                return Found(start, last, kind, f"its first word {word!r}", 0.88)
            if folded(word) in self._v["body_alone"] and not starts_sentence(text, start):
                return Found(start, end, kind, "a body with a capital", 0.7)
        return None

    def _end(self, words: Sequence[tuple[int, int, str]], limit: int, places: frozenset[int]) -> int:
        """Behind the last capitalised word that the name goes on to: not over an "and" before another body or an acronym, nor to somebody with a title.

        Where a linked place stands behind a whole name, it is a mention of its own: Ministerio de Salud de Chile, but Banco de Chile.
        """
        last = words[0][1]
        for (_, _, before), (start, end, word) in pairwise(words):
            whole = last > words[0][1]
            joined = before in _AND and (not whole or folded(word) in self._kinds or word.isupper())
            if end > limit or folded(word) in self._v.titles or joined or (whole and before.islower() and start in places):
                break
            if not word[0].islower():
                last = end
        return last

    def _cut(self, stretch: Stretch) -> Iterator[Stretch]:
        """The stretch cut at elided articles, and before the city where something is."""
        for part in between(stretch, _ELIDED):
            match = _OF_CITY.fullmatch(part.words)
            if match and folded(match["city"]) in self._v.cities and folded(match[2]) not in self._v.first_names and folded(match[2]) not in self._kinds:
                yield Stretch(part.start, part.start + match.end("what"), match["what"])
                yield Stretch(part.start + match.start("city"), part.end, match["city"])
            else:
                yield part
