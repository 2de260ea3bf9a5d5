"""What shows that a person's name ends: a verb of speech or a role behind it."""

from __future__ import annotations

import pytest

from igwire.enrich.vocabulary import Vocabulary
from igwire.kb.lexicon import Lexicon


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(Lexicon())


@pytest.mark.parametrize(
    "behind", [" said", " who left", " whose book", ", who said", ", said so", ", 45, left", ", the former director of it", ", deputy director", ", director"]
)
def test_a_verb_of_speech_or_a_role_is_told_behind_a_name(vocabulary: Vocabulary, behind: str) -> None:
    assert vocabulary.speech_after(f"Zonnvit{behind}.", len("Zonnvit"))


@pytest.mark.parametrize("language", ["de", "it", "nl", "pt"])
def test_names_and_cities_are_the_same_whether_read_again_for_a_language_or_taken_over(vocabulary: Vocabulary, language: str) -> None:
    lexicon = Lexicon(language=language)
    read, taken_over = Vocabulary(lexicon), Vocabulary(lexicon, vocabulary)
    assert read == taken_over
    for name in ("cities", "first_names", "common_first_names", "bodies", "ordinary"):
        assert getattr(read, name) == getattr(taken_over, name)


@pytest.mark.parametrize("behind", ["", " saidist", " left", "  said", " – said", " director", ", left", "said", " 45"])
def test_other_words_tell_nothing(vocabulary: Vocabulary, behind: str) -> None:
    assert not vocabulary.speech_after(f"Zonnvit{behind}.", len("Zonnvit"))


def test_every_listed_verb_is_told_behind_a_space(vocabulary: Vocabulary) -> None:
    assert [verb for verb in Lexicon().words["speech"] if not vocabulary.speech_after(f"Zonnvit {verb} so", len("Zonnvit"))] == []
