"""What survives of a text when it is copied: words, not case, punctuation or line breaks."""

from __future__ import annotations

import pytest
from made_texts import sentences

from igwire.enrich.fingerprints import bands, contained, fingerprint, resemblance

TEXT_KEY, BAND, UNIT = 686420224602857593, 155413889972885741, 8461573080120124514


def test_case_punctuation_and_line_breaks_do_not_count():
    text = "“The root zone is signed”, she said.\nNobody objected to that at all in Geneva."
    other = '"the ROOT zone is signed" she said. Nobody   objected to that at all, in Geneva!'
    one, two = fingerprint(text), fingerprint(other)
    assert one.text_key == two.text_key
    assert [u.key for u in one.units] == [u.key for u in two.units]


def test_units_point_at_their_sentences():
    text = "  First sentence has quite a few words here.  He met Dr. Okello of the U.S. Department of Commerce there.\nToo short.\n"
    shown = [text[u.start : u.end] for u in fingerprint(text).units]
    assert shown == ["First sentence has quite a few words here.", "He met Dr. Okello of the U.S. Department of Commerce there."]


def test_an_abbreviation_that_somebody_cut_at_is_found_all_the_same():
    whole = fingerprint("The letter of the board was sent to Mr. Okello who leads the registry of the country.")
    cut = fingerprint("Okello who leads the registry of the country.")
    assert {u.key for u in cut.units} < {u.key for u in whole.units}


def test_lines_broken_by_width_are_no_paragraphs():
    flowing = " ".join(sentences(1, 20))
    lines, line = [], ""
    for word in flowing.split():
        if len(line) + len(word) > 60:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    wrapped = "\n".join([*lines, line])
    assert [u.key for u in fingerprint(wrapped).units] == [u.key for u in fingerprint(flowing).units]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("互联网域名系统国家顶级域今日宣布启用新的根密钥。世界互联网大会在乌镇开幕,来自一百多个国家的代表出席了会议。", 2),
        ("أعلنت هيئة الإنترنت للأسماء والأرقام المخصصة اليوم قرارا جديدا. هل توافق الدول الأعضاء على هذا القرار الجديد في جنيف؟", 2),
    ],
)
def test_other_scripts_have_sentences_too(text, sentences):
    assert len({(u.start, u.end) for u in fingerprint(text).units}) == sentences


def test_resemblance_follows_the_shared_part():
    a, b = sentences(1, 40), sentences(2, 40)
    one = fingerprint(" ".join(a))
    for kept, expected in ((40, 1.0), (32, 32 / 48), (20, 20 / 60), (0, 0.0)):
        other = fingerprint(" ".join(a[:kept] + b[kept:]))
        assert resemblance(one.signature, other.signature) == pytest.approx(expected, abs=0.13)


def test_a_part_is_contained_in_the_whole():
    whole, half = fingerprint(" ".join(sentences(1, 40))), fingerprint(" ".join(sentences(1, 40)[:20]))
    found = resemblance(whole.signature, half.signature)
    assert contained(found, half.shingles, whole.shingles) == pytest.approx(1.0, abs=0.2)
    assert contained(found, whole.shingles, half.shingles) == pytest.approx(0.5, abs=0.13)


def test_short_texts_have_no_signature_and_the_shortest_need_their_title():
    assert fingerprint("Qtly div 20 cts vs 20 cts prior").signature == b""
    assert bands(b"") == []
    assert fingerprint("Qtly div 20 cts", "Alpha Inc").text_key != fingerprint("Qtly div 20 cts", "Beta Inc").text_key
    assert fingerprint("").text_key is None


def test_fingerprints_are_the_same_in_every_process():
    # Stored for years: another value here needs another STAMP, and a rebuild.
    made = fingerprint(" ".join(sentences(7, 20)))
    assert (made.text_key, bands(made.signature)[0], made.units[0].key) == (TEXT_KEY, BAND, UNIT)
