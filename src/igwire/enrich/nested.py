"""Names that begin or end with the name of something known and mean something else: "Amazon Prime Video", "London Marathon", "Bank of China".

Such a name is kept whole and without a link: London is not what the London Marathon is.
"""

from __future__ import annotations

import re

from igwire.enrich.match import Hit
from igwire.enrich.names import Found
from igwire.enrich.vocabulary import Vocabulary, folded

# More than a rule's own words, less than a full name of the knowledge base.
_SCORE = 0.92
_BODIES = frozenset(("organisation", "company", "media", "product"))
# A given name that is also a city's is somebody's unless the city is this large (thousands of people).
_LARGE_CITY = 1500
_SPACES = (" ", "\u00a0")
_SPACE = "[ \u00a0]"
# Behind a body's name these make the name of a product or a daughter.
_PRODUCT = re.compile(
    rf"(?:{_SPACE}(?:Ads|Analytics|Blue|Books|Capital|Classroom|Cloud|Docs|Drive|Earth|Films|Kids|Live|Maps|Music|Pay|Photos|Pictures|Play|Prime|Scholar|Spaces|Store|Studios|Teams|Translate|TV|Ventures|Video|Workspace)\b)+"
)
_DAUGHTER = re.compile(rf"{_SPACE}(?:Foundation|Fund|Institute)\b")
# Behind a place's or a people's name these make the name of something else, by its type.
_BEHIND_PLACE = re.compile(
    rf"(?:{_SPACE}(?:Civil|Football|Grand|Indoor|Revolutionary|Summer|Winter|World))?{_SPACE}(?:"
    r"(?P<event>Biennale|Championships?|Cup|Exhibition|Expo|Games|Marathon|Massacre|New Year|Olympics|Open|Paralympics|Prix|Revolution|Spring|Uprising|Wars?)"
    r"|(?P<law>Accords?|Agreement|Consensus|Conventions?|Declaration|Manual|Pact|Principles|Protocol|Treaty)"
    r"|(?P<place>Airport|Avenue|Bay|Bridge|Canal|County|Delta|Desert|Gulf|Harbou?r|Islands?|Mountains?|Ocean|Palace|Peninsula|Province|River|Sea|Square|Stadium|Straits?|Street|Tower|Valley|Wall)"
    r"|(?P<media>Free Press|Gazette|Herald|Journal|Times|Tribune)"
    r"|(?P<company>Airlines?|Airways|Express|Motors?|Petroleum|Railways?|Steel)"
    r"|(?P<organisation>Foundation|Institute|Orchestra|Philharmonic|Saint-Germain|United)"
    r")\b"
)
# "Washington state" is not Washington; only of cities, for a country has a state.
_STATE = re.compile(rf"{_SPACE}[Ss]tate\b(?!{_SPACE}(?:[Mm]edia|[Tt]elevision|TV|[Nn]ews))")
# Before a place's name these make the name of something else, by its type.
_BEFORE_PLACE = re.compile(
    rf"(?<!\w)(?:[A-ZÀ-Þ]\w+{_SPACE})*(?:(?:"
    r"(?P<organisation>Academy|Bank|Banco|Banque|College|Institute|Museum|University|Universidade?|Université|Universität)"
    r"|(?P<media>Times|Voice)|(?P<place>Bay|Gulf|Isle|Strait))"
    rf"{_SPACE}(?:of|de|da|do|du|von)(?:{_SPACE}la)?|(?P<company>Air)|(?P<radio>Radio)){_SPACE}$"
)
_DIRECTION = re.compile(rf"(?<!\w)(?:North|South|East|West){_SPACE}$")
_LONGEST_BEFORE = 60
_LONGEST_WORD = 24
_WORD_BEFORE = re.compile(rf"(?<![\w.'’-])([A-Z][\w'’-]+|of|d[aeou]|la|von){_SPACE}$")
_SMALL_ENDS = ("of", "de", "da", "do", "du", "la", "von")
_ENDS_BODY = frozenset([*_SMALL_ENDS, "Air", "Radio"])


def longer_name(hit: Hit, text: str, vocabulary: Vocabulary) -> Found | None:
    """The name that holds the hit and is not the hit's, when its words show one."""
    start, end, names = hit
    types = [name.entity.type for name in names if name.entity]
    behind = text[end : end + 2]
    # Every word that belongs behind a name has a capital, but for "state".
    spaced = behind[:1] in _SPACES
    capital = spaced and behind[1:].isupper()
    found = _behind_body(hit, text) if capital and not _BODIES.isdisjoint(types) else None
    if found is None and "place" in types:
        found = _behind(hit, text) if capital else _state(hit, text) if spaced and behind[1:] == "s" else None
        if found is None and text[start - 1 : start] in _SPACES:
            found = _before(hit, text, vocabulary)
    return found


def _behind_body(hit: Hit, text: str) -> Found | None:
    if match := _PRODUCT.match(text, hit.end):
        return Found(hit.start, match.end(), "product", "a body's name before a product's", _SCORE)
    if match := _DAUGHTER.match(text, hit.end):
        return Found(hit.start, match.end(), "organisation", "a body's name before a daughter's", _SCORE)
    return None


def _behind(hit: Hit, text: str) -> Found | None:
    if match := _BEHIND_PLACE.match(text, hit.end):
        direction = _DIRECTION.search(text, max(hit.start - 6, 0), hit.start) if match["place"] else None
        return Found(direction.start() if direction else hit.start, match.end(), match.lastgroup or "event", "a place's name before a thing's", _SCORE)
    return _state(hit, text)


def _state(hit: Hit, text: str) -> Found | None:
    if (match := _STATE.match(text, hit.end)) and any(name.kind == "alias" and name.entity and name.entity.level != "country" for name in hit.names):
        return Found(hit.start, match.end(), "place", "a city's name before 'state'", _SCORE)
    return None


def _before(hit: Hit, text: str, vocabulary: Vocabulary) -> Found | None:
    if all(name.kind == "demonym" for name in hit.names):
        return None
    low = max(hit.start - _LONGEST_WORD, 0)
    last = text[low : hit.start - 1].rsplit(" ", 1)[-1]
    if last.islower() and not last.endswith(_SMALL_ENDS):
        return None
    word = _WORD_BEFORE.search(text, low, hit.start)
    if word is None:
        return None
    if word[1] in _ENDS_BODY and (match := _BEFORE_PLACE.search(text, max(hit.start - _LONGEST_BEFORE, 0), hit.start)):
        kind = match.lastgroup or "organisation"
        return Found(match.start(), hit.end, "media" if kind == "radio" else kind, "a body's name that ends with a place's", _SCORE)
    if not word[1][0].isupper():
        return None
    start, first = word.start(1), folded(word[1])
    if folded(text[start : hit.end]) in vocabulary.cities:
        return Found(start, hit.end, "place", "list of places", _SCORE)
    large = vocabulary.cities.get(first, (None, 0))[1] >= _LARGE_CITY
    if first in vocabulary.first_names and not large and not any(n.entity and n.entity.level == "country" for n in hit.names):
        return Found(start, hit.end, "person", "a given name before a place's", _SCORE)
    return None
