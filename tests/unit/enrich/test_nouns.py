"""Names in German, where every noun has a capital: one example a rule, and nouns that must not be taken for names."""

from __future__ import annotations

import time

import pytest


def tags(tagger, text: str, language: str = "de") -> dict[str, str]:
    return {m.surface: m.type for m in tagger.tag(title=None, text=text, language=language).mentions if m.entity is None}


@pytest.mark.parametrize(
    ("text", "surface", "kind"),
    [
        ("Gestern kam Heike Brelkazonn.", "Heike Brelkazonn", "person"), ("Klaus Müller ging.", "Klaus Müller", "person"),
        ("Dann sprach Ursula von Brelkazonn.", "Ursula von Brelkazonn", "person"), ("Es kam Uwe Janßen-Brelka.", "Uwe Janßen-Brelka", "person"),
        ("Das rügt Landrätin Brelkazonn.", "Brelkazonn", "person"), ("Die Denic-Sprecherin Thekla Zonn ging.", "Thekla Zonn", "person"),
        ("Der Außenminister Brelka Zonn kam.", "Brelka Zonn", "person"), ("Heike Brelkazonn kam. Später ging Brelkazonn.", "Brelkazonn", "person"),
        ("Sie lehrt an der Universität Brelkazonn.", "Universität Brelkazonn", "organisation"), ("Es prüft das Bundesverwaltungsgericht.", "Bundesverwaltungsgericht", "organisation"),
        ("Er lobt das Institut für Netze.", "Institut für Netze", "organisation"), ("Sie fragt den Verband der Imker.", "Verband der Imker", "organisation"),
        ("Es meldet die Heinrich-Böll-Stiftung.", "Heinrich-Böll-Stiftung", "organisation"), ("Es half das Technische Hilfswerk.", "Technische Hilfswerk", "organisation"),
        ("Es half die Berliner Feuerwehr.", "Berliner Feuerwehr", "organisation"), ("Das steht in der Neuen Südtiroler Zeitung.", "Neuen Südtiroler Zeitung", "media"),
        ("Es gilt das Telekommunikationsgesetz.", "Telekommunikationsgesetz", "law"), ("Er lief beim Hamburg-Marathon.", "Hamburg-Marathon", "event"),
        ("Sie fuhren ans Rote Meer.", "Rote Meer", "place"), ("Er wohnt in Brelkazonn.", "Brelkazonn", "place"), ("Das sind Bremens Kosten.", "Bremen", "place"),
        ("Die Großbank HSBC zahlt.", "HSBC", "organisation"), ("Gestern sagte BVerfG nichts.", "BVerfG", "organisation"), ("Dann kam Kevin Holland-Moritz.", "Kevin Holland-Moritz", "person"),
        ("Das rügt der UN-Botschafter Brelka Zonn.", "Brelka Zonn", "person"), ("Das meldet die Frankfurter Allgemeine Zeitung.", "Frankfurter Allgemeine Zeitung", "media"),
        ("Das sagt die App SchoolFox.", "SchoolFox", "organisation"), ("Es klagte die AfD.", "AfD", "organisation"),
    ],
)  # fmt: skip
def test_names_among_nouns(tagger, text, surface, kind):
    assert tags(tagger, text).get(surface) == kind, tags(tagger, text)


@pytest.mark.parametrize(
    "text",
    [
        "Am Rand von Gärten liegt die Art der Vergünstigung. Im Saal, im Sommer, im Juni.",
        "Der Bot und die Lupe sind ein Genie. Haben Sie Ihre Schamhaare gezählt? Achten Sie darauf.",
        "In Bezug auf Videos, in Echtzeit, in Wirklichkeit und aus Gründen der Kultur: in Summe nach Jahren.",
        "Ex-Landrat, Klinik-Transporte, Jojo-Effekt, Online-Plattform, E-Mail, Gaststätten-Krieg.",
        "Bei der Hauptversammlung der Aktionäre sprach der Präsident der Behörde, erklärte Dienstag und Sonntagmorgen.",
        "Die AGB, die PKW und die NGOs sind Sache der Behörden und Gerichte.",
        "Klare Ansage von Profis. Während Aktien fallen, steigt der Zins.",
    ],
)
def test_nouns_are_no_names(tagger, text):
    assert tags(tagger, text) == {}


def test_a_word_with_a_determiner_is_no_unknown_place_elsewhere(tagger):
    assert tags(tagger, "Sie kamen in Brelkazonn an.") == {"Brelkazonn": "place"}
    assert tags(tagger, "Sie kamen in Brelkazonn an. Die Brelkazonn war leer.") == {}


def test_a_noun_is_a_surname_where_the_document_says_so(tagger):
    assert tags(tagger, "Der Hinweis kam von Heike Sommer. Sommer schwieg.") == {"Heike Sommer": "person", "Sommer": "person"}


def test_luxembourgish_is_read_by_the_same_words(tagger):
    assert tags(tagger, "De Minister Brelkazonn koum.", "lb") == {"Brelkazonn": "person"}


def test_other_languages_keep_their_rules(tagger):
    assert tags(tagger, "They met at the Rand of Sommer.", "en") == tags(tagger, "They met at the Rand of Sommer.", "")


def test_long_rows_of_capitals_cost_little(tagger):
    text = "Deutsche Berliner Heike Institut für " * 5_000
    began = time.process_time()
    tagger.tag(title=None, text=text, language="de")
    assert time.process_time() - began < 10
