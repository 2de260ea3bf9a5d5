"""The knowledge base and its faults."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from babel import Locale

from igwire.errors import CatalogueError
from igwire.kb import load
from igwire.kb.loader import multilingual

NAMES = Path(__file__).parents[3] / "scripts" / "country-names.yaml"
LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh", "de", "pt", "it", "nl", "tr", "fa", "hi", "id", "ja", "ko", "ro", "cs", "ca", "pl", "uk")


def test_it_is_whole_and_every_qid_has_a_source():
    kb = load()
    others = [e for e in kb.by_id.values() if e.type != "place"]
    assert len(others) >= 400
    assert len(list(multilingual(kb))) / len(others) >= 0.6
    assert sum(e.qid is not None for e in kb.by_id.values()) == 351
    assert all(e.qid_source for e in kb.by_id.values() if e.qid)
    assert all(e.country for e in kb.by_id.values() if e.level == "country")
    assert kb.search("icann")[0].id == "org:icann"


def test_every_country_has_its_code_names_and_people_in_six_languages():
    countries = [e for e in load().by_id.values() if e.level == "country"]
    assert len({e.country for e in countries}) == len(countries) >= 195
    assert all({"ru", "ar", "zh"} <= set(e.aliases) for e in countries)
    assert sum({"en", "fr", "es", "ru", "zh"} <= set(e.demonyms) for e in countries) >= 165


def test_every_country_has_a_name_in_every_language_of_the_index():
    left_out = yaml.safe_load(NAMES.read_text(encoding="utf-8"))["left_out"]
    countries = [e for e in load().by_id.values() if e.level == "country" and e.country]
    for language in LANGUAGES:
        common = Locale(language).territories
        nameless = {e.country for e in countries if not e.aliases.get(language) and e.name not in common.get(e.country, "")}
        assert nameless <= set(left_out.get(language, {})), f"{language}: run scripts/make-countries"


def test_no_left_out_name_of_a_country_has_come_back():
    exceptions = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    countries = {e.country: e for e in load().by_id.values() if e.level == "country"}
    for locale, codes in exceptions["left_out"].items():
        for code in codes:
            name = Locale.parse(locale).territories[code]
            assert name not in countries[code].aliases.get(locale.split("_")[0], []), f"{name}: {codes[code]}"
    for locale, codes in exceptions["as_written"].items():
        assert all(Locale.parse(locale).territories[code] in countries[code].clear for code in codes), locale


def test_countries_have_their_people_in_further_languages():
    countries = [e for e in load().by_id.values() if e.level == "country"]
    for language in ("de", "pt", "it", "nl"):
        assert sum(language in e.demonyms for e in countries) >= 60, language


def test_what_is_written_about_most_has_names_in_further_languages():
    others = [e for e in load().by_id.values() if e.type != "place"]
    for language in ("de", "pt", "it", "nl"):
        assert sum(language in e.languages() for e in others) >= 60, language


def test_meetings_have_days_and_say_where_these_come_from():
    meetings = [e for e in load().by_id.values() if e.series]
    assert {f"event:icann{n}" for n in range(1, 85)} <= {e.id for e in meetings}
    assert sum(e.series == "org:internet-governance-forum" for e in meetings) == 20
    assert all(e.start and e.dates_source for e in meetings)


def test_names_have_their_time():
    meta = load().by_id["company:meta-platforms"]
    assert meta.was_named("Meta", "2022-05-01T00:00:00Z")
    assert not meta.was_named("Meta", "2019-05-01")
    assert not meta.was_named("Facebook Inc.", "2023")
    assert meta.was_named("Meta Platforms", None)


def test_nobody_unidentifiable_is_in_it():
    names = {name for entity in load().by_id.values() for name in entity.names()}
    assert not names & {"He Qisong", "Ms Kam", "Kam"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("- {id: 'org:a', type: organisation}", 1, "'name' is missing"), ("- {id: a, type: organisation, name: A}", 1, "looks like"),
        ("- {id: 'org:a', type: thing, name: A}", 1, "is not one of"), ("- {id: 'org:a', type: organisation, name: A, qid: Q1}", 1, "qid_source"),
        ("- {id: 'org:a', type: organisation, name: A}\n- {id: 'org:a', type: organisation, name: B}", 2, "twice"),
        ("- {id: 'org:a', type: organisation, name: A, colour: red}", 1, "unknown field"), ("- [", 2, "YAML"), ("a: b", 1, "list"),
        ("- {id: 'org:a', type: organisation, name: A, context: ['org:b']}", 1, "no entity"),
        ("- id: 'event:a'\n  type: event\n  name: A\n  start: '2015-13'\n  dates_source: x", 4, "no day"),
        ("- id: 'event:a'\n  type: event\n  name: A\n  start: '2015-12-16'", 4, "dates_source"),
        ("- id: 'event:a'\n  type: event\n  name: A\n  start: '2015-12-16'\n  end: '2014'\n  dates_source: x", 4, "before it begins"),
        ("- id: 'org:a'\n  type: organisation\n  name: A\n  periods: {B: [null, '2014']}", 4, "none of its names"),
        ("- id: 'org:a'\n  type: organisation\n  name: A\n  aliases: [B]", 4, "cannot hold"),
        ("- {id: 'org:a', type: organisation, name: A}\n- {id: 'org:b', type: organisation, name: a}", 1, "`shared`"),
        ("- {id: 'place:a', type: place, name: A, coordinates: [91, 0]}", 1, "degrees"),
        ("- {id: 'place:a', type: place, name: A, country: Chinaland}", 1, "two capital letters"),
    ],
)  # fmt: skip
def test_faults_are_named_by_file_and_line(tmp_path, text, line, message):
    (tmp_path / "mine.yaml").write_text(text + "\n")
    with pytest.raises(CatalogueError, match=message) as caught:
        load(tmp_path)
    assert caught.value.line == line
