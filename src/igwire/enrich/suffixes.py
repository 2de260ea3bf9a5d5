"""Turkish ties the endings of cases to a name by an apostrophe: a name ends there ("Edin Dzeko'nun Süper Lig'de" holds two)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from igwire.enrich.names import Found, Span
from igwire.enrich.recognise import Recogniser
from igwire.enrich.vocabulary import Stretch, Vocabulary, between

_ENDING = re.compile(r"['’][a-zçğıöşü]+(?=[ \u00a0]|$)[ \u00a0]?")


class SuffixRecogniser:
    """Recognition by rules, as Recogniser, for languages that tie endings to names by an apostrophe."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._recogniser = Recogniser(vocabulary)

    def find(
        self, texts: Sequence[str], capitalised: Sequence[Sequence[Stretch]], taken: Sequence[Sequence[Span]], people: Iterable[str] = ()
    ) -> list[list[Found]]:
        """See Recogniser.find."""
        cut = [[part for stretch in stretches for part in between(stretch, _ENDING)] for stretches in capitalised]
        return self._recogniser.find(texts, cut, taken, people)
