"""The unpacked tables of the reader of languages: the same answers, and nothing that breaks by them."""

from __future__ import annotations

import pytest

from igwire.extract import languages

TEXTS = [
    "The registry explained how the root zone is signed.",
    "Die Registrierungsstelle hat erklärt, wie die Wurzelzone unterschrieben wird.",
    "Le registre a expliqué comment la zone racine est signée.",
    "Регистратор объяснил, как подписывается корневая зона.",
    "注册局解释了根区如何签名。",
    "x",
    "Registar je objasnio kako se potpisuje korijenska zona.",
]


@pytest.fixture(scope="module")
def unpacked():
    return languages._unpacked()


def answers(identifier) -> list[tuple[str, float]]:
    return [(label, float(probability)) for label, probability in map(identifier.classify, TEXTS)]


def test_mapped_tables_give_the_same_answers(tmp_path, unpacked):
    assert answers(languages.load(tmp_path)) == answers(unpacked)
    (folder,) = tmp_path.iterdir()
    assert (folder / "nb_ptc.npy").exists()
    assert answers(languages._mapped(folder)) == answers(unpacked)


@pytest.mark.parametrize("fault", ["facts", "short", "gone"])
def test_a_spoilt_folder_is_not_believed_and_made_anew(tmp_path, unpacked, fault):
    languages.load(tmp_path)
    (folder,) = tmp_path.iterdir()
    if fault == "facts":
        (folder / "facts.json").write_text("{}")
    elif fault == "short":
        whole = (folder / "tk_nextmove.npy").read_bytes()
        (folder / "tk_nextmove.npy").write_bytes(whole[: len(whole) // 2])
    else:
        (folder / "tk_row.npy").unlink()
    assert answers(languages.load(tmp_path)) == answers(unpacked)
    # Nothing was left beside it.
    assert list(tmp_path.iterdir()) == [folder]
    assert answers(languages._mapped(folder)) == answers(unpacked)


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path, unpacked):
    (tmp_path / "file").write_text("")
    assert answers(languages.load(tmp_path / "file")) == answers(unpacked)
