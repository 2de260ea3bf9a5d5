"""Floors of the tagger on the annotated domain texts: the half that no rule was tuned on."""

from __future__ import annotations

import pytest
from entity_score import score, texts
from split import FIRST, FURTHER

# A change that lowers one of these needs a decision record (docs/decisions/0005-knowledge-base.md has the measurements).
LINK_PRECISION, LINK_RECALL = 0.90, 0.90
MENTION_F1, UNKNOWN_KEPT = 0.80, 0.90
FURTHER_F1 = {"de": 0.83, "pt": 0.88, "it": 0.75}


def test_entities_of_the_domain(tagger):
    result = score(tagger, texts("test", FIRST))
    print(f"domain, test half: {result}")
    assert result.link_precision >= LINK_PRECISION, result.wrong
    assert result.link_recall >= LINK_RECALL, result.missed
    assert result.f1 >= MENTION_F1, result.wrong + result.missed
    assert result.unknown_kept / result.unknown >= UNKNOWN_KEPT, result.wrong


@pytest.mark.parametrize("language", FURTHER_F1)
def test_entities_in_further_languages(tagger, language):
    assert language in FURTHER
    result = score(tagger, texts("test", [language]))
    print(f"domain, test half, {language}: {result}")
    assert result.f1 >= FURTHER_F1[language], result.wrong + result.missed
    assert result.unknown_kept / result.unknown >= UNKNOWN_KEPT, result.wrong
