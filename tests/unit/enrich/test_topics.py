from __future__ import annotations

import pytest

from igwire.enrich.fold import fold
from igwire.enrich.match import Matcher
from igwire.enrich.topics import Field, Named, TopicFinder
from igwire.errors import CatalogueError
from igwire.kb import KnowledgeBase
from igwire.kb import load as load_entities
from igwire.kb.topics import load

LISTED = "- {id: cables, title: Cables, scope: Sea cables., entities: [event:x]}\n- {id: names, title: Names, scope: Domain names.}\n"


@pytest.fixture
def made(tmp_path):
    def make(terms: str) -> TopicFinder:
        (tmp_path / "topics.yaml").write_text(LISTED, encoding="utf-8")
        (tmp_path / "terms-en.yaml").write_text(terms, encoding="utf-8")
        load.cache_clear()
        return TopicFinder(load(tmp_path))

    yield make
    load.cache_clear()


def found(finder, title="", text="", named=()):
    matcher = Matcher(KnowledgeBase({}, ""), terms=finder.terms)
    fields = [Field(content, folded := fold(content), matcher.scan(content, folded).matches, names) for content, names in ((title, ()), (text, named))]
    return {t["topic"]: t for t in finder.find(*fields)}


def test_one_clear_term_makes_the_topic_of_a_title_and_is_its_evidence(made):
    topic = found(made("cables: submarine cable*"), "Two Submarine Cables severed")["cables"]
    assert topic["score"] == 0.5
    assert topic["evidence"] == ["Submarine Cables"]


def test_a_weak_term_alone_makes_none_and_two_do(made):
    finder = made("cables: ~ cable; ~ anchor")
    assert not found(finder, "A cable")
    assert found(finder, "An anchor on a cable")


def test_parts_stand_near_each_other_in_any_order(made):
    finder = made("cables: (cut|severed) & cable*")
    assert found(finder, "Cables were cut")
    assert found(finder, "They cut two cables")
    assert not found(finder, "They cut two trees")
    far = "cut " + "and other words " * 40 + "cable"
    assert not found(finder, text=far)


def test_lists_are_named_once_and_used_in_angles(made):
    assert found(made("_sea: Baltic|Red Sea\ncables: cable & <sea>"), "A cable in the Red Sea")


def test_acronyms_and_endings_of_domain_names_are_matched_as_written(made):
    finder = made("names: .web; NAMES")
    assert found(finder, "Who gets .web?")
    assert not found(finder, "The web and example.web")
    assert not found(finder, "names")
    assert found(made("names: TLD*"), "Who gets TLDs?")


def test_phrases_that_speak_for_no_topic_take_their_words_along(made):
    assert not found(made("cables: cable\nnone: cable car"), "The cable car stops")


def test_a_long_text_needs_more_than_one_word(made):
    finder = made("cables: cable; ship; anchor")
    filler = " The council met and went home again." * 60
    assert not found(finder, text="A cable." + filler)
    assert found(finder, text="A cable. A ship. An anchor. The cable, the ship, the anchor." + filler)


def test_a_linked_entity_speaks_for_its_topic(made):
    finder = made("names: domain")
    assert found(finder, text="At X they met.", named=[Named(3, 4, "event:x")])["cables"]["evidence"] == ["X"]


def test_arabic_particles_and_chinese_without_spaces(made):
    finder = made("cables: الكابلات البحرية; 海缆")
    assert found(finder, "أضرار بالكابلات البحرية")
    assert found(finder, "马祖海缆被割断")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("cables: a & b & c & d", "one to three parts"),
        ("cables: a & ()", "one to three parts"),
        ("cables: cut (sea|land) cable", "brackets"),
        ("cables: a & (b|c & d)", "brackets"),
        ("cables: <sea>", "there is no list <sea>"),
        ("cabels: cable", "is no topic"),
        ("- cable", "must map topics to rules"),
    ],
)
def test_faults_are_named_by_file(made, terms, message):
    with pytest.raises(CatalogueError, match=message) as fault:
        made(terms)
    assert "terms-en.yaml" in str(fault.value)


def test_the_packaged_list_is_whole():
    topics, entities = load(), load_entities().by_id
    assert len(topics.by_id) >= 40
    assert {"en", "fr", "es", "ar", "zh", "ru"} <= set(topics.languages)
    assert {rule.topic for rule in topics.rules} - {"none"} == set(topics.by_id)
    assert all(entity in entities for topic in topics.by_id.values() for entity in (*topic.entities, *topic.weak_entities))
