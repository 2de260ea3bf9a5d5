"""Recognition by rules: one example a rule, and what must not be taken for a name."""

from __future__ import annotations

import pytest

from igwire.enrich.acronyms import definitions


def tags(tagger, text: str, language: str = "en") -> dict[str, str]:
    return {m.surface: m.type for m in tagger.tag(title=None, text=text, language=language).mentions if m.entity is None}


@pytest.mark.parametrize(
    ("text", "surface", "kind"),
    [
        ("He saw Senator Jane Roe leave.", "Jane Roe", "person"), ("Then Foreign Minister Okello Abua spoke.", "Okello Abua", "person"),
        ("We met Amina Yusufzai there.", "Amina Yusufzai", "person"), ("They asked Li Huaimin again.", "Li Huaimin", "person"),
        ("It was J. Q. Farnsby who came.", "J. Q. Farnsby", "person"), ("It was late, said Brelka Zonnvit.", "Brelka Zonnvit", "person"),
        ("Zonnvit, 45, left.", "Zonnvit", "person"), ("They met Pelle Zonnvit. Later Zonnvit left.", "Zonnvit", "person"),
        ("The Ministry of Digital Weather agreed.", "Ministry of Digital Weather", "organisation"), ("She left Brelka Institute early.", "Brelka Institute", "organisation"),
        ("He joined Brelka Systems Inc in May.", "Brelka Systems Inc", "company"), ("the Brelka Herald wrote", "Brelka Herald", "media"),
        ("the Brelka River rose", "Brelka River", "place"), ("It rained in Brelkaville.", "Brelkaville", "place"), ("They flew to Las Vegas.", "Las Vegas", "place"),
        ("It is Copenhagen, they say.", "Copenhagen", "place"), ("He reads The Brelka every day.", "Brelka", "organisation"),
        ("the Brelka Summit ended", "Brelka Summit", "event"), ("the Brelka Privacy Act passed", "Brelka Privacy Act", "law"), ("They sued BRLK again.", "BRLK", "organisation"),
        ("Then Jordan Farnsby came.", "Jordan Farnsby", "person"), ("It was Beijing Normal University.", "Beijing Normal University", "organisation"),
        ("The U.S. Food and Drug Administration agreed.", "U.S. Food and Drug Administration", "organisation"),
    ],
)  # fmt: skip
def test_rules_type_names(tagger, text, surface, kind):
    assert tags(tagger, text).get(surface) == kind, tags(tagger, text)


@pytest.mark.parametrize(
    "text",
    [
        "The end came. Many left on Monday in May.",
        "But However it is, Yesterday was good.",
        "HOW TO WRITE IN CAPITALS ALL DAY",
        "I said so. The CEO and the TV too.",
    ],
)
def test_capitals_that_name_nothing(tagger, text):
    assert tags(tagger, text) == {}


@pytest.mark.parametrize(
    "name",
    ["Mohammed al-Rashid", "Carlos de la Cruz", "Maria del Carmen Ruiz", "Will Young", "Grace Long", "An Wang", "Gao De", "Jordan Price", "Peter Church"],
)
def test_names_that_look_like_something_else(tagger, name):
    assert tags(tagger, f"“It helps”, said {name}, a professor at a school.") == {name: "person"}


@pytest.mark.parametrize("name", ["Mr Jordan", "Ms Paris", "Prof Ma", "Dr Nwosu-Bright", "Mr van der Berg", "Ms O’Brien", "Mrs Cook"])
def test_a_form_of_address_makes_a_person_that_nobody_knows(tagger, name):
    assert tags(tagger, f"“It helps”, said {name} in China.") == {name: "person"}


def test_titles_end_a_name_before_them(tagger):
    assert tags(tagger, "They met Nevada Senator Jane Roe.") == {"Nevada": "place", "Jane Roe": "person"}
    assert tags(tagger, "Brelka Zonnvit and Amina Okafor met.") == {"Brelka Zonnvit": "person", "Amina Okafor": "person"}


@pytest.mark.parametrize(
    ("text", "surface", "kind"),
    [
        ("专家凌渡说没有问题。", "凌渡", "person"), ("他加入了晨星科技有限公司。", "晨星科技有限公司", "organisation"), ("وقال الدكتور سالم بدران إن الأمر سهل", "سالم بدران", "person"),
        ("في جامعة النجم الأزرق اليوم", "جامعة النجم الأزرق", "organisation"), ("Об этом заявил Пётр Зябликов.", "Пётр Зябликов", "person"), ("Он окончил Брельский университет.", "Брельский университет", "organisation"),
    ],
)  # fmt: skip
def test_rules_in_other_scripts(tagger, text, surface, kind):
    assert tags(tagger, text).get(surface) == kind, tags(tagger, text)


def test_acronyms_are_read_where_the_text_defines_them(tagger):
    text = "The Board of Weather and Rain (BWR) met. The Women, Infants and Children (WIC) programme too, and Wuzhen and ICANN. WIC grew."
    assert [(d.short, text[d.start : d.end]) for d in definitions(text)] == [("BWR", "Board of Weather and Rain"), ("WIC", "Women, Infants and Children")]
    assert all(m.entity is None for m in tagger.tag(title=None, text=text).mentions if m.surface == "WIC")


def test_an_acronym_that_the_text_ties_to_an_entity_is_linked(tagger):
    found = [m for m in tagger.tag(title=None, text="Global Voices (GV) grew. GV is old.").mentions if m.surface == "GV"]
    assert [m.entity for m in found] == ["org:global-voices"] * 2


def test_german_nouns_are_no_names(tagger):
    text = "Viele Nutzer fürchten den Verband Beispiel, sagte Ministerin Nancy Faeser."
    found = {m.surface: m.type for m in tagger.tag(title=None, text=text, language="de").mentions}
    assert found == {"Nancy Faeser": "person"}
