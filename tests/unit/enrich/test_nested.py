from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("London Marathon", "event"),
        ("Tokyo Summer Olympics", "event"),
        ("French Open", "event"),
        ("Paris Agreement", "law"),
        ("South China Sea", "place"),
        ("Panama Canal", "place"),
        ("Brussels Times", "media"),
        ("British Airways", "company"),
        ("Washington state", "place"),
        ("New Mexico", "place"),
        ("Northern Ireland", "place"),
        ("Reserve Bank of India", "organisation"),
        ("Banque de France", "organisation"),
        ("Times of India", "media"),
        ("Air India", "company"),
        ("Radio France", "media"),
        ("George Washington", "person"),
        ("Jack London", "person"),
        ("Microsoft Teams", "product"),
        ("Reuters Institute", "organisation"),
    ],
)
def test_a_longer_name_is_kept_whole_and_without_a_link(tagger, name, kind):
    text = f"Officials of ICANN said that the {name} was spoken of again."
    found = [(m.surface, m.type, m.qid) for m in tagger.tag(title=None, text=text).mentions if m.surface != "ICANN"]
    assert found == [(name, kind, None)]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("Officials in Washington, Paris and Berlin agreed.", "Paris"),
        ("Chinese state media reported it.", "Chinese"),
        ("He went from Kenya to London in June.", "London"),
        ("The government of India agreed.", "India"),
        ("Iran State Television reported it.", "Iran"),
        ("Open the London office.", "London"),
    ],
)
def test_a_place_that_is_meant_keeps_its_link(tagger, text, surface):
    assert any(m.surface == surface and m.entity for m in tagger.tag(title=None, text=text).mentions)


def test_what_the_base_knows_whole_is_linked(tagger):
    found = {m.surface: m.entity for m in tagger.tag(title=None, text="The Budapest Convention and China Daily").mentions}
    assert found["Budapest Convention"] == "law:budapest-convention"
    assert found["China Daily"] == "media:china-daily"
