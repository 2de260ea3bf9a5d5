from __future__ import annotations

import time

import pytest


def said(tagger, text, language=None):
    return [(text[q["start"] : q["end"]], q["speaker"]) for q in tagger.tag(title=None, text=text, language=language).quotes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"We will not sign it," Amina Hassan said.', [("We will not sign it,", "Amina Hassan")]),
        ('Amina Hassan said: "We will not sign it."', [("We will not sign it.", "Amina Hassan")]),
        ('"We will wait," said Amina Hassan, "but not for ever."', [("We will wait,", "Amina Hassan"), ("but not for ever.", "Amina Hassan")]),
        ('Amina Hassan spoke first. "We will not sign it," she said.', [("We will not sign it,", "Amina Hassan")]),
        ("“We have read the draft with care”, the White House said.", [("We have read the draft with care", "White House")]),
        ('ICANN published its answer. "We have read every comment," the organisation said.', [("We have read every comment,", "ICANN")]),
        ("« Nous ne signerons pas ce texte », a déclaré Emmanuel Macron.", [("Nous ne signerons pas ce texte", "Emmanuel Macron")]),
        ("Emmanuel Macron a parlé. « Nous ne signerons pas ce texte », a-t-il dit.", [("Nous ne signerons pas ce texte", "Emmanuel Macron")]),
        ("«No vamos a firmar este texto», dijo Lula da Silva.", [("No vamos a firmar este texto", "Lula da Silva")]),
        ("«Мы не подпишем этот текст», — заявил Павел Дуров.", [("Мы не подпишем этот текст", "Павел Дуров")]),
        ("清华大学教授李晓东说：“我们不会签署这份文件。”", [("我们不会签署这份文件。", "李晓东")]),
        ('وقال أنطونيو غوتيريش: "لن نوقع على هذا النص".', [("لن نوقع على هذا النص", "أنطونيو غوتيريش")]),
    ],
)
def test_who_says_what(tagger, text, expected):
    assert said(tagger, text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "»Wir unterschreiben diesen Text nicht«, sagte Heike Zonn.", [("Wir unterschreiben diesen Text nicht", "Heike Zonn")]),
        ("de", "„Wir unterschreiben diesen Text nicht“, so Ministerin Heike Zonn.", [("Wir unterschreiben diesen Text nicht", "Heike Zonn")]),
        ("de", 'Laut Heike Zonn ist das "ein Text, den niemand braucht".', [("ein Text, den niemand braucht", "Heike Zonn")]),
        ("pt", "“Não vamos assinar este texto”, lamentou Amina Costa.", [("Não vamos assinar este texto", "Amina Costa")]),
        ("pt", "Segundo Amina Costa, “o texto não será assinado por ninguém”.", [("o texto não será assinado por ninguém", "Amina Costa")]),
        ("it", "«Non firmeremo questo testo», ha detto Amina Conti.", [("Non firmeremo questo testo", "Amina Conti")]),
        ("it", "Secondo Amina Conti, «il testo non sarà firmato da nessuno».", [("il testo non sarà firmato da nessuno", "Amina Conti")]),
        ("nl", "“We tekenen deze tekst niet”, aldus Emma Visser.", [("We tekenen deze tekst niet", "Emma Visser")]),
    ],
)
def test_who_says_what_by_the_words_of_a_language(tagger, language, text, expected):
    assert said(tagger, text, language) == expected


def test_french_marks_in_each_other_open_no_german_ones(tagger):
    text = "Il cite « un mot « rare » » : « Nous ne signerons pas ce texte », a dit Emmanuel Macron."
    assert all("rare" not in words for words, _ in said(tagger, text))


@pytest.mark.parametrize(
    "text",
    [
        "He called it a “digital wall” of the state.",
        'Her book "The Cable Ships of the North" came out in March.',
        'The term "public core" is older than the treaty.',
        "Xi Jinping slammed “double standards” in cyberspace.",
        "Это называют «суверенным» интернетом.",
    ],
)
def test_titles_terms_and_characterisations_are_no_quotations(tagger, text):
    assert said(tagger, text) == []


def test_a_surname_is_led_back_to_the_full_name(tagger):
    assert said(tagger, 'Emmanuel Macron came to Wuzhen. "The line is fast here," Macron said.') == [("The line is fast here,", "Emmanuel Macron")]


@pytest.mark.parametrize("text", ['"a ' * 200_000, "“" * 400_000, '"a" said b. ' * 3_000, "« a » dit-il, " * 3_000, "‘a’b " * 100_000])
def test_hostile_text_takes_linear_time(text):
    from igwire.enrich.quotes import QuoteFinder
    from igwire.kb.lexicon import Lexicon

    finder = QuoteFinder(Lexicon().speech)
    start = time.process_time()
    finder.find(text, [])
    assert time.process_time() - start < 10
