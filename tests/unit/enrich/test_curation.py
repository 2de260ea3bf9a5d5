from __future__ import annotations

import pytest

from igwire.enrich.tagger import Tagger
from igwire.errors import CatalogueError
from igwire.kb import load as load_entities
from igwire.kb.curation import add, load

KB = load_entities()


@pytest.fixture
def tagged(tmp_path):
    def tag(decisions: str, text: str, **facts):
        file = tmp_path / "curation.yaml"
        file.write_text(decisions, encoding="utf-8")
        return Tagger(KB, decisions=load(file, KB)).tag(title=None, text=text, **facts)

    return tag


def found(tags):
    return [(m.surface, m.type, m.entity) for m in tags.mentions]


TEXT = "ICANN met in Geneva on Monday."


def test_decisions_count_under_a_tagger_that_was_built_without_them(tmp_path):
    file = tmp_path / "curation.yaml"
    file.write_text("- {decision: hide, surface: ICANN}", encoding="utf-8")
    plain = Tagger(KB)
    plain.build()
    reviewed = plain.under(None, load(file, KB))
    assert reviewed.stamp == Tagger(KB, decisions=load(file, KB)).stamp != plain.stamp
    assert "ICANN" not in {surface for surface, _, _ in found(reviewed.tag(title=None, text=TEXT))}
    assert "ICANN" in {surface for surface, _, _ in found(plain.tag(title=None, text=TEXT))}
    assert reviewed._matcher is plain._matcher


def test_without_a_file_there_is_no_decision(tmp_path):
    assert load(tmp_path / "none.yaml", KB).listed == ()


def test_hide_takes_the_mention_away(tagged):
    assert ("ICANN", "organisation", "org:icann") in found(tagged("[]", TEXT))
    assert "ICANN" not in {surface for surface, _, _ in found(tagged("- {decision: hide, surface: ICANN}", TEXT))}


def test_merge_leads_one_entity_to_another(tagged):
    assert ("ICANN", "organisation", "org:iana") in found(tagged("- {decision: merge, entity: org:icann, into: org:iana}", TEXT))


def test_correct_changes_type_or_link(tagged):
    assert ("ICANN", "concept", "org:icann") in found(tagged("- {decision: correct, surface: ICANN, type: concept}", TEXT))
    assert ("ICANN", "organisation", None) in found(tagged("- {decision: correct, surface: ICANN, into: null}", TEXT))


def test_link_holds_at_every_occurrence_as_a_word(tagged):
    tags = tagged("- {decision: link, surface: the Body, into: org:icann, by: Ann}", "Then the Body and the Bodyguard met the Body.")
    linked = [m for m in tags.mentions if m.entity == "org:icann"]
    assert [(m.start, m.end) for m in linked] == [(5, 13), (36, 44)]
    assert "curation line 1: link (Ann)" in linked[0].why


def test_language_and_source_narrow_a_decision(tagged):
    decision = "- {decision: hide, surface: ICANN, source: fruit-weekly, language: en}"
    assert "ICANN" in {m.surface for m in tagged(decision, TEXT, source="other", language="en").mentions}
    assert "ICANN" not in {m.surface for m in tagged(decision, TEXT, source="fruit-weekly", language="en").mentions}


def test_decisions_are_part_of_the_stamp(tagged):
    assert tagged("[]", TEXT).stamp != tagged("- {decision: hide, surface: ICANN}", TEXT).stamp


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{decision: burn, surface: x}", "not one of hide"),
        ("{decision: hide}", "needs a surface or an entity"),
        ("{decision: merge, entity: org:icann}", "needs 'into'"),
        ("{decision: link, surface: x, into: org:nobody}", "there is no entity 'org:nobody'"),
        ("{decision: correct, surface: x}", "needs 'into'"),
        ("{decision: correct, surface: x, type: robot}", "is not one of person"),
        ("{decision: hide, surfaces: x}", "unknown field 'surfaces'"),
        ("just words", "must be a mapping"),
    ],
)
def test_faults_are_named_by_file_and_line(tmp_path, row, message):
    file = tmp_path / "curation.yaml"
    file.write_text(f"# first line\n- {{decision: hide, surface: fine}}\n- {row}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=message) as fault:
        load(file, KB)
    assert "curation.yaml:3" in str(fault.value)


def test_adding_keeps_what_is_there_and_refuses_faults(tmp_path):
    file = tmp_path / "state" / "curation.yaml"
    add(file, {"decision": "hide", "surface": "Orange", "reason": "the fruit: round, sweet"}, KB)
    assert add(file, {"decision": "link", "surface": "the Forum", "into": "org:internet-governance-forum"}, KB).line == 3
    with pytest.raises(CatalogueError):
        add(file, {"decision": "hide"}, KB)
    assert [d.decision for d in load(file, KB).listed] == ["hide", "link"]
