"""Linking: what supports a name, what speaks against it, and what it means where it stands."""

from __future__ import annotations


def links(tagger, text: str, published: str | None = None) -> dict[str, str | None]:
    return {m.surface: m.entity for m in tagger.tag(title=None, text=text, published=published).mentions}


def test_words_support_and_words_forbid(tagger):
    assert links(tagger, "Apple sold fewer iPhones.")["Apple"] == "company:apple"
    assert links(tagger, "Apple, cider and Microsoft, Nokia, ICANN.").get("Apple") is None
    assert links(tagger, "The court in Atlanta, Georgia, ruled.").get("Georgia") != "place:georgia"


def test_names_that_need_their_own_context(tagger):
    assert links(tagger, "ICANN, Microsoft and Nokia met at Dawn.").get("Dawn") is None
    assert links(tagger, "ICANN said Pegasus flew over Microsoft.").get("Pegasus") is None
    assert links(tagger, "Pegasus is spyware.")["Pegasus"] == "product:pegasus"


def test_names_have_their_time(tagger):
    text = "Meta owns WhatsApp and Instagram."
    assert links(tagger, text, "2023-05-01T10:00:00Z")["Meta"] == "company:meta-platforms"
    assert links(tagger, text, "2019-05-01T10:00:00Z").get("Meta") is None


def test_metonyms_and_demonyms_keep_the_place_with_a_role(tagger):
    roles = {
        m.surface: (m.entity, m.role) for m in tagger.tag(title=None, text="Beijing rejected the idea. He flew to Moscow. Chinese officials agreed.").mentions
    }
    assert roles["Beijing"] == ("place:beijing", "metonym")
    assert roles["Moscow"] == ("place:moscow", None)
    assert roles["Chinese"] == ("place:china", "demonym")


def test_demonyms_in_lower_case_are_no_countries(tagger):
    assert links(tagger, "las chinas y los chinos") == {"chinas": "place:china", "chinos": "place:china"}
    assert {m.role for m in tagger.tag(title=None, text="Fue a China").mentions} == {None}


def test_of_two_that_are_as_likely_the_score_tells(tagger):
    (mention,) = [m for m in tagger.tag(title=None, text="وصل إلى تونس").mentions if m.surface == "تونس"]
    assert mention.entity == "place:tunisia"
    assert mention.score < 0.9


def test_every_reason_names_rule_alias_and_base(tagger):
    (mention,) = tagger.tag(title=None, text="the Internet Society met").mentions
    assert mention.why.startswith("alias 'Internet Society': stands by itself; kb ")


def test_a_product_is_not_the_body_that_makes_it(tagger):
    found = links(tagger, "Microsoft and ICANN met. The film is on CNN Films and on Amazon Prime Video, says CNN.")
    assert found["CNN Films"] is found["Amazon Prime Video"] is None
    assert found["CNN"] is not None
