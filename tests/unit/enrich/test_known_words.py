"""Names that are made of everyday words are linked only as they are written, and some only where the document is of the subject."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("La loi est floue, écrit Le Monde.", "media:le-monde"),
        ("Le monde entier écoute.", None),
        ("The rest of world trade fell.", None),
        ("The Register of Deeds was open.", None),
        ("ICANN and the Internet Society told The Register so.", "media:the-register"),
        ("全世界报道了此事。", None),
        ("ICC prosecutors in The Hague opened a case.", "org:international-criminal-court"),
        ("The ICC speaks for chambers of commerce.", "org:international-chamber-of-commerce"),
        ("The ICC met.", None),
        ("Selon la Cnil, la loi est floue.", "org:cnil"),
        ("Ростелеком восстановил связь.", "company:rostelecom"),
    ],
)
def test_everyday_words(tagger, text, entity):
    found = {m.entity for m in tagger.tag(title=None, text=text).mentions if m.entity and m.type in ("media", "organisation", "company")}
    assert entity in found if entity else not found
