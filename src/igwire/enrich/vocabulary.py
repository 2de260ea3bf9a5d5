"""The lexicon made ready for recognition: folded sets, and the patterns that are built from its words."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from igwire.enrich.fold import key
from igwire.kb.lexicon import REGION, Lexicon

UPPER = "".join(c for c in map(chr, range(0x41, 0x530)) if unicodedata.category(c) == "Lu")
# Particles inside names of people and places, and those inside names of organisations.
_INNER = "(?:of the|of|the|for|and|&|de la|de los|de las|de l|de|du|des|del|della|di|da|do|dos|das|e|et|y|on|van der|van den|van|von der|von|der|bin|ibn|al|el|la|le|по|и|der|für|und|to)"
_INNER_LETTERS = "&a-zипо"
_ABBREVIATED = "Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Capt|St|Hon|Rev|Jr|Sr|La|Mme|Sra"
_TAIL = r"\w*(?:['’&.\-–](?=[^\W_])\w+)*"
# A word is written so that a capital comes first in the pattern: the search then passes over all else at once.
_REST_OF_ABBREVIATED = "|".join(f"(?<={word[0]}){word[1:]}" for word in _ABBREVIATED.split("|"))
_REST = rf"(?:(?=[a-z]{{1,3}}\.)(?:{_REST_OF_ABBREVIATED})\.|\.(?:[{UPPER}]\.){{0,3}}|{_TAIL})"
SEQUENCE = re.compile(rf"[{UPPER}](?<![\w@#/.\-].){_REST}(?:[ \u00a0](?:(?=[{_INNER_LETTERS}]){_INNER}[ \u00a0])?(?:al-|el-|d['’]|l['’])?[{UPPER}]{_REST})*")
# Splitting a text at its sequences gives their words and, by the lengths of all parts, their places.
_BETWEEN = re.compile(f"({SEQUENCE.pattern})")
TOKEN = re.compile(r"[^ \u00a0]+")
# Syllables of Mandarin in pinyin (two or three make a given name), and the surnames that three people in four bear.
_PINYIN = r"(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?(?:iang|iong|uang|ang|eng|ong|ian|iao|ing|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ui|un|uo|ue|a|e|i|o|u|v)"
_SURNAMES = """wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie tang han cao deng xiao feng zeng cheng
cai peng pan yuan yu dong su ye lu jiang wei du ding shen ren yao zhong cui tan fan liao shi jin jia xia fu fang zou xiong bai meng qin qiu hou yan
xue lei hao long shao mao chang wan gu lai kong chan wong leung lau cheung kwok lam tsang kam ho ng yip yeung tse kim park lee choi jung kang cho
yoon jang lim han oh seo shin kwon hwang nguyen tran le pham"""
ASIAN_SURNAMES = frozenset(_SURNAMES.split())


# Types of names that a word of their own begins or ends (the lists have a kind for each), without and with places.
BODIES = ("organisation", "company", "media", "event", "law")
KINDS = (*BODIES, "place")


class Stretch(NamedTuple):
    """Capitalised words in a row, with the small ones that may join them: code points, and the words."""

    start: int
    end: int
    words: str


def stretches(text: str) -> list[Stretch]:
    """All of a text, in order."""
    parts = _BETWEEN.split(text)
    ends = list(accumulate(map(len, parts)))
    return list(map(Stretch, ends[::2], ends[1::2], parts[1::2]))


def between(stretch: Stretch, cuts: re.Pattern[str]) -> Iterator[Stretch]:
    """The parts of a stretch between all that `cuts` finds in it, which belongs to no name."""
    start = 0
    for match in cuts.finditer(stretch.words):
        if words := stretch.words[start : match.start()].rstrip():
            yield Stretch(stretch.start + start, stretch.start + start + len(words), words)
        start = match.end()
    if start < len(stretch.words):
        yield Stretch(stretch.start + start, stretch.end, stretch.words[start:]) if start else stretch


# Name → country and thousands of people.
Places = dict[str, tuple[str | None, int]]


class Vocabulary(dict[str, frozenset[str]]):
    """Everything that recognition asks about a word: the lists of words by their kind, and more. Words are asked for folded.

    `general`: the vocabulary without a language's own words, whose given names and cities are the same.
    """

    def __init__(self, lexicon: Lexicon, general: Vocabulary | None = None) -> None:
        super().__init__((kind, frozenset(map(key, words))) for kind, words in lexicon.words.items() if kind != "capitals")
        self.capitals = frozenset(lexicon.words["capitals"])
        self._given: frozenset[str] = general._given if general else frozenset(map(key, lexicon.first_names))
        self.first_names = self._given - self["common"]
        # Will, Mark, May: names only where no sentence starts, and before a surname.
        self.common_first_names = (self._given & self["common"]) - self["article"]
        self._largest: Places = general._largest if general else _largest(lexicon)
        regions: Places = {key(region.replace("_", " ")): (None, REGION) for region in lexicon.words.get("region", ())}
        self.cities = {**regions, **self._largest}
        self.bodies = frozenset[str]().union(*(self[kind] for kind in BODIES))
        self.titles = self["title"] | self["address"]
        self.roles = self["role"] | self.titles
        # Words that are no part of a name.
        self.ordinary = frozenset(word for word in self["common"] | self.titles | self["modifiers"] if len(word) > 1)
        self.role_after = re.compile(rf",? who\b|, (?:an?|the|un|une|la|le|el) (?:[\w’'-]+ ){{0,4}}?(?:{_any(lexicon, 'role')})\b")
        # Behind a mere space only these words begin what speech_after looks for.
        self._speech_starts = frozenset(word[0] for verb in lexicon.words["speech"] if (word := _LETTERS.match(verb))) | {"who", "whose"}
        self._speech_after = re.compile(
            rf"(?:,? (?:who )?(?:{_any(lexicon, 'speech')})\b|,? (?:who|whose)\b|, \d\d[,.]|, (?:an?|the|un|une|la|le|el) (?:[\w’'-]+ ){{0,4}}?(?:{_any(lexicon, 'role')})\b|, (?:[\w’'-]+ ){{0,3}}?(?:{_any(lexicon, 'role')})\b)"
        )

    def speech_after(self, text: str, at: int) -> bool:
        """Whether a verb of speech or a role stands behind the name that ends at `at`."""
        if text[at : at + 1] not in (" ", ","):
            return False
        if text[at] == " " and ((word := _LETTERS.match(text, at + 1)) is None or word[0] not in self._speech_starts):
            return False
        return self._speech_after.match(text, at) is not None


def _largest(lexicon: Lexicon) -> Places:
    """Of the cities of one name the largest."""
    found: Places = {}
    for city in lexicon.cities:
        for name in map(key, city.names):
            if city.thousands > found.get(name, (None, 0))[1]:
                found[sys.intern(name)] = (city.country, city.thousands)
    return found


_LETTERS = re.compile(r"\w+")


def _any(lexicon: Lexicon, kind: str) -> str:
    return "|".join(sorted(map(re.escape, lexicon.words[kind]), key=lambda word: -len(word)))


@lru_cache(maxsize=50_000)
def folded(word: str) -> str:
    """A word folded, without a possessive ending."""
    if word[-2:] in ("'s", "’s"):
        word = word[:-2]
    return key(word)


def pinyin_name(words: list[str]) -> bool:
    """Whether two or three words read as a Chinese, Korean or Vietnamese name, surname first ("He Qisong", "Li Hui Min") or last ("An Wang")."""
    if not 2 <= len(words) <= 3 or not all(_SYLLABLES.fullmatch(word) for word in words):
        return False
    return folded(words[0]) in ASIAN_SURNAMES or (len(words) == 2 and len(words[0]) > 1 and folded(words[1]) in ASIAN_SURNAMES)


_SYLLABLES = re.compile(rf"{_PINYIN}(?:[-']?{_PINYIN}){{0,2}}", re.I)
