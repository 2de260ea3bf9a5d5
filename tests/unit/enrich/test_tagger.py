"""Tagging: what is found, what is linked, what stays without a link, and why."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igwire.enrich.fold import fold, key


def tags(tagger, text: str, title: str = "") -> dict[str, str | None]:
    return {m.surface: m.entity for m in tagger.tag(title=title, text=text).mentions}


def test_offsets_give_the_surface(tagger):
    text = "Москва: 国家互联网信息办公室 met ICANN’s board in Wuzhen; المنتدى في جنيف."
    mentions = tagger.tag(title="ICANN in Wuzhen", text=text).mentions
    assert len(mentions) >= 5
    for m in mentions:
        assert {"text": text, "title": "ICANN in Wuzhen"}[m.field][m.start : m.end] == m.surface
        assert m.why


def test_names_in_many_scripts_are_one_entity(tagger):
    for text in ("Китай ответил", "в Китае и ИКАНН", "中国回应", "la Chine répond", "الصين ترد", "CHINA ANSWERS", "China's answer"):
        assert "place:china" in tags(tagger, text).values(), text


def test_countries_are_found_in_the_languages_of_the_index(tagger):
    for text in (
        "Deutschlands Netze",
        "governo da Alemanha",
        "la Germania",
        "in Duitsland",
        "Almanya’ya",
        "آلمان",
        "जर्मनी में",
        "Jerman",
        "ドイツは",
        "독일은",
        "Germania",
        "Německo",
        "Alemanya",
        "Niemcy",
        "Німеччина",
    ):
        assert "place:germany" in tags(tagger, text).values(), text
    for text in ("die französischen Netze", "o governo francês", "le reti francesi", "het Franse net"):
        assert "place:france" in tags(tagger, text).values(), text


def test_bodies_and_laws_are_found_in_further_languages(tagger):
    for entity, texts in {
        "org:united-nations": ("bei den Vereinten Nationen", "nas Nações Unidas", "le Nazioni Unite", "de Verenigde Naties"),
        "org:council-of-europe": ("der Europarat", "o Conselho da Europa", "il Consiglio d’Europa", "de Raad van Europa"),
        "law:general-data-protection-regulation": ("laut DSGVO", "Datenschutz-Grundverordnung", "o Regulamento Geral sobre a Proteção de Dados", "il Gdpr"),
        "event:world-summit-on-the-information-society": ("Weltgipfel zur Informationsgesellschaft", "Cimeira Mundial sobre a Sociedade da Informação"),
    }.items():
        for text in texts:
            assert entity in tags(tagger, text).values(), text


def test_names_that_other_languages_write_without_accents_are_taken_as_written(tagger):
    assert tags(tagger, "O Irã e a Çin") == {"Irã": "place:iran", "Çin": "place:china"}
    assert not {"place:iran", "place:china"} & set(tags(tagger, "Ira and Cin met the IRA.").values())


def test_turkish_endings_stand_behind_an_apostrophe(tagger):
    for text in ("Türkiye’nin", "Türkiye'de", "Türkiye’ye", "Türkiye'den", "Türkiye’yi", "Türkiye'yle"):
        assert tags(tagger, text) == {"Türkiye": "place:turkey"}, text
    assert tags(tagger, "Türkiye’an") == {}


def test_a_word_of_katakana_is_no_part_of_another(tagger):
    assert tags(tagger, "タイとインドのタイトル、マインド") == {"タイ": "place:thailand", "インド": "place:india"}


def test_a_name_that_is_a_word_elsewhere_needs_its_context(tagger):
    assert "place:iceland" not in tags(tagger, "Island nations met. An Indie label closed.").values()
    assert "place:iceland" in tags(tagger, "Island wählt; in Reykjavik schließen die Lokale.").values()


def test_a_query_names_its_topics_and_a_name_alone_none(tagger):
    assert set(tagger.topics_named("internet shutdown during the elections")) == {"elections", "shutdowns"}
    assert "shutdowns" in tagger.topics_named("отключение интернета")
    assert tagger.topics_named("zebrafish and gardens") == ()


def test_words_inside_words_are_not_names(tagger):
    assert "place:china" not in tags(tagger, "Chinatown is full of indochinas. Xi’an too.").values()
    assert tags(tagger, "Китайгородский проезд") == {}


def test_the_longest_name_wins(tagger):
    found = tags(tagger, "The Cyberspace Administration of China spoke.")
    assert found == {"Cyberspace Administration of China": "org:cyberspace-administration-of-china"}


def test_a_name_that_several_languages_share_is_as_sure_as_any(tagger):
    # India and Índia fold alike: the country supports a surname as if one language named it.
    assert tags(tagger, "India gets no favours from President Trump.")["Trump"] == "person:donald-trump"


def test_acronyms_need_support(tagger):
    assert tags(tagger, "The WIC helps mothers and infants.")["WIC"] is None
    assert tags(tagger, "The World Internet Conference (WIC) met. The WIC grew.")["WIC"] == "event:world-internet-conference"


def test_an_acronym_stands_for_the_whole_long_form(tagger):
    assert tags(tagger, "The Anglican Church in Germany (ACG) met. ACG agreed.").get("ACG") is None
    assert tags(tagger, "The Electronic Frontier Foundation (EFF) met.")["EFF"] == "org:electronic-frontier-foundation"


def test_common_words_need_company(tagger):
    assert "Apple" not in tags(tagger, "Apple pie is best in autumn.")
    assert tags(tagger, "Apple, Microsoft and Nokia sent people.")["Apple"] == "company:apple"
    assert tags(tagger, "the apple fell, said Microsoft and Nokia").get("apple") is None


def test_surnames_follow_the_full_name(tagger):
    found = tags(tagger, "Lu Wei spoke at length. Later Lu left.")
    assert found["Lu"] == "person:lu-wei"
    assert "Lu" not in tags(tagger, "Later Lu left Beijing.")


def test_a_title_alone_does_not_make_somebody_known(tagger):
    assert tags(tagger, "Dr Lindqvist spoke in Beijing.")["Dr Lindqvist"] is None
    assert tags(tagger, "Mr Xi spoke in China.")["Xi"] == "person:xi-jinping"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("“It works”, said Ana Beltrán, a lawyer in Madrid.", "Ana Beltrán"), ("Ms Tsang left early.", "Ms Tsang"), ("Amina Okafor said it was late.", "Amina Okafor"),
        ("Jonas Weber, a professor at a university, agreed.", "Jonas Weber"),
    ],
)  # fmt: skip
def test_unknown_people_are_recognised_and_not_linked(tagger, text, name):
    assert tags(tagger, text)[name] is None


def test_countries_come_from_places(tagger):
    assert tagger.tag(title=None, text="From Wuzhen to Geneva and Brazil.").countries == ("BR", "CH", "CN")


def test_aliases_of_entities(tagger):
    names = tagger.aliases_of(["org:icann", "org:nobody"])
    assert "ICANN" in names
    assert "Internet Corporation for Assigned Names and Numbers" in names


def test_folding_leads_back_to_every_position():
    text = "Ünïcode Москвой ＦＵＬＬ مُحَمَّد 在ICANN会议 caf\u0065\u0301 中国\nx"
    folded = fold(text)
    for word, original in (
        ("unicode", "Ünïcode"),
        ("москв", "Москвой"),
        ("full", "ＦＵＬＬ"),
        ("محمد", "مُحَمَّد"),
        ("icann", "ICANN"),
        ("cafe", "caf\u0065\u0301"),
        ("x", "x"),
    ):
        start = folded.text.index(f" {word} ") + 1
        assert text[folded.original(start) : folded.original(start + len(word))] == original


def test_folding_makes_one_key_of_many_spellings():
    assert key("習近平") == key("习近平")
    assert key("أحمد") == key("احمد")
    assert key("Erdoğan") == key("erdogan")
    assert key("चीन") != key("चेन")
    assert {key(word) for word in ("Китай", "Китая", "Китаю", "Китаем", "Китае")} == {key("Китай")}
    assert {key(word) for word in ("Россия", "России", "Россию", "Россией")} == {key("Россия")}


def test_a_text_without_names_has_no_tags(tagger):
    done = tagger.tag(title=None, text="nothing to see here, move along")
    assert done.mentions == ()
    assert "kb/" in done.stamp


_WORDS = st.sampled_from(
    [
        *[
            "of",
            "and",
            "the",
            "&",
            "de",
            "al",
            "said",
            "Mr",
            "Dr",
            "President",
            "The",
            "In",
            "(ICANN)",
            "ICANN",
            "China",
            "Chinese",
            "Li",
            "Wei",
            "University",
            "Inc.",
            "U.S.",
            "X’s",
            "Ёлки",
            "中国",
            "北京大学",
            "说",
            "الصين",
            "وزارة",
            ".",
            ",",
            "“",
            "”",
            "-",
            "(",
            ")",
        ],
        "\n",
        "A.",
        "É",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(_WORDS, st.text(max_size=6)), max_size=30), st.sampled_from([" ", "", "\n"]))
def test_any_text_is_tagged_and_its_offsets_hold(tagger, words, glue):
    text = glue.join(words)
    mentions = tagger.tag(title=None, text=text).mentions
    assert all(text[m.start : m.end] == m.surface and m.surface for m in mentions)
    assert all(a.end <= b.start for a, b in itertools.pairwise(mentions))
