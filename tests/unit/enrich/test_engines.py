"""A trained tagger beside the rules: loaded for real, merged by a stated order."""

from __future__ import annotations

import pytest

from igwire.enrich.engines import SpacyEngine, engine_of, merged
from igwire.enrich.names import Found
from igwire.enrich.tagger import Tagger
from igwire.errors import UsageError
from igwire.kb import load

_TEXTS = [
    ("zibble quorvo met us in flarn", [(0, 13, "PERSON"), (24, 29, "GPE")]), ("then zibble quorvo left flarn", [(5, 18, "PERSON"), (24, 29, "GPE")]),
    ("we saw flarn and zibble quorvo", [(7, 12, "GPE"), (17, 30, "PERSON")]), ("nobody came to the sea", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small pipeline, trained here: it knows lower-case names that no rule can see."""
    spacy = pytest.importorskip("spacy", reason="spaCy comes with the extra `ner`, which the test lock installs")
    from spacy.training import Example

    spacy.util.fix_random_seed(7)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in _TEXTS]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    folder = tmp_path_factory.mktemp("model")
    nlp.to_disk(folder)
    return folder


def test_a_trained_model_finds_what_rules_cannot(model):
    tagger = Tagger(load(), engine=engine_of(f"spacy:{model}"))
    tags = tagger.tag(title=None, text="then zibble quorvo left flarn, and ICANN stayed", language="en")
    found = {m.surface: (m.type, m.entity, m.why.split(" kb ")[0]) for m in tags.mentions}
    assert found["zibble quorvo"][:2] == ("person", None)
    assert found["flarn"][:2] == ("place", None)
    assert "model spacy:" in found["flarn"][2]
    assert found["ICANN"][1] == "org:icann"
    assert "spacy:" in tags.stamp
    assert tags.stamp != Tagger(load()).stamp


def test_a_model_keeps_to_its_language(model):
    assert SpacyEngine(str(model)).find("zibble quorvo left flarn", "fr") == []


def test_what_cannot_be_loaded_says_what_to_do(tmp_path):
    assert engine_of("") is None
    with pytest.raises(UsageError, match="looks like spacy:"):
        engine_of("nltk:punkt")
    with pytest.raises(UsageError, match="spacy download"):
        engine_of(f"spacy:{tmp_path / 'nothing'}")


def test_a_pipeline_without_entities_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy", reason="spaCy comes with the extra `ner`, which the test lock installs")
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(UsageError, match="no entity recogniser"):
        engine_of(f"spacy:{tmp_path}")


def test_sure_rules_come_before_the_model_and_guesses_after_it():
    sure = Found(0, 10, "organisation", "its last word", 0.9)
    guess = Found(20, 30, "person", "capitalised words", 0.5)
    model = [Found(4, 12, "person", "model m PERSON", 0.72), Found(18, 30, "place", "model m GPE", 0.72), Found(40, 44, "person", "model m PERSON", 0.72)]
    assert merged([sure, guess], model) == [sure, model[1], model[2]]
