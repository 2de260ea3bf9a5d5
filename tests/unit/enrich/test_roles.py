from __future__ import annotations

import time

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lu Wei, head of the Cyberspace Administration of China, spoke.", ("Lu Wei", "head", "Cyberspace Administration of China")),
        ("Kaspersky Lab chief executive Eugene Kaspersky spoke.", ("Eugene Kaspersky", "chief executive", "Kaspersky Lab")),
        ("He Qisong, a professor at Harvard University, was cautious.", ("He Qisong", "professor", "Harvard University")),
        ("The director of NetBlocks, Alp Toker, called it total.", ("Alp Toker", "director", "NetBlocks")),
        ("Alp Toker is the director of NetBlocks.", ("Alp Toker", "director", "NetBlocks")),
        ("Elon Musk, who is the owner of SpaceX, promised terminals.", ("Elon Musk", "owner", "SpaceX")),
        ("Senator Ted Cruz opposed the plan.", ("Ted Cruz", "Senator", None)),
        ("Le directeur général de l'Afnic, Pierre Bonis, a salué le vote.", ("Pierre Bonis", "directeur général", "Afnic")),
        ("El director de LACNIC, Ernesto Majó, habló.", ("Ernesto Majó", "director", "LACNIC")),
        ("Директор Координационного центра Андрей Воробьев сообщил о сбое.", ("Андрей Воробьев", "Директор", "Координационного центра")),
        ("Tomas Vrba, Google's head of security, wrote it.", ("Tomas Vrba", "head of security", "Google")),
        ("Irene Moss, the UN special rapporteur, wrote it.", ("Irene Moss", "special rapporteur", "UN")),
        ("Tomas Vrba was elected president of the Internet Society.", ("Tomas Vrba", "president", "Internet Society")),
        ("Tomas Vrba serves as general counsel at Mozilla.", ("Tomas Vrba", "general counsel", "Mozilla")),
        ("ITU Secretary-General Tomas Vrba opened it.", ("Tomas Vrba", "Secretary-General", "ITU")),
        ("Kenyan communications minister Grace Otieno wrote it.", ("Grace Otieno", "communications minister", None)),
        ("Grace Otieno, professor of law at the University of Nairobi, wrote it.", ("Grace Otieno", "professor of law", "University of Nairobi")),
        ("Grace Otieno, the London-based editor of Domain Weekly, wrote it.", ("Grace Otieno", "London-based editor", "Domain Weekly")),
        ("Le ministre de l'Économie, Paul Garnier, a signé.", ("Paul Garnier", "ministre de l'Économie", None)),
        ("Le ministre français du Numérique Paul Garnier a signé.", ("Paul Garnier", "ministre français du Numérique", None)),
        ("Paul Garnier est nommé directeur général de l'Afnic.", ("Paul Garnier", "directeur général", "Afnic")),
        ("El ministro de Comunicaciones de Chile, Julio Serrano, firmó.", ("Julio Serrano", "ministro de Comunicaciones", "Chile")),
        ("La portavoz del Gobierno Ana Beltrán dijo que no.", ("Ana Beltrán", "portavoz", "Gobierno")),
        ("Министр цифрового развития Максут Шадаев выступил.", ("Максут Шадаев", "Министр цифрового развития", None)),
        ("Директор по развитию компании «Ростелеком» Иван Петров выступил.", ("Иван Петров", "Директор по развитию", "Ростелеком")),
        ("Депутат Госдумы Иван Петров выступил.", ("Иван Петров", "Депутат", "Госдумы")),
        ("Das sagte Denic-Sprecherin Mareike Ohlendorf.", ("Mareike Ohlendorf", "Sprecherin", "Denic")),
        ("A ministra da Cultura, Margareth Menezes, falou.", ("Margareth Menezes", "ministra da Cultura", None)),
        ("Ana Silva é relatora do InternetLab.", ("Ana Silva", "relatora", "InternetLab")),
        ("Il direttore dell'Istat, Bruno Ferri, ha parlato.", ("Bruno Ferri", "direttore", "Istat")),
        ("李明是北京邮电大学教授。", ("李明", "教授", "北京邮电大学")),
        ("华为创始人任正非接受采访。", ("任正非", "创始人", "华为")),
        ("الأمين العام للأمم المتحدة أنطونيو غوتيريش دعا إلى الحوار.", ("أنطونيو غوتيريش", "الأمين العام", "الأمم المتحدة")),
        ("أعلن وزير الاتصالات المصري سامي خليل الخطة.", ("سامي خليل", "وزير الاتصالات", None)),
        ("سامي خليل، الباحث في جامعة القاهرة، رفض المشروع.", ("سامي خليل", "الباحث", "جامعة القاهرة")),
        ("清华大学教授李晓东表示同意。", ("李晓东", "教授", "清华大学")),
        ("قال رئيس الهيئة محمد الجاسم إن الخطة جاهزة.", ("محمد الجاسم", "رئيس", "الهيئة")),
    ],
)
def test_person_office_organisation(tagger, text, expected):
    role = tagger.tag(title=None, text=text).roles[0]
    assert (role["person"], role["role"], role["organisation"]) == expected
    assert 0 <= role["start"] < role["end"] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Julia Hart, 44, lives in Tallinn.",
        "Olumide Bello runs the Lagos exchange point.",
        "The director was away.",
        "When I took over as principal, it rained.",
        "Maria Holm, who chairs the board, left.",
    ],
)
def test_no_office_no_role(tagger, text):
    assert tagger.tag(title=None, text=text).roles == ()


@pytest.mark.parametrize("part", ["director of ", "A B, ", "مدير ال", "教授", "president director "])
def test_hostile_text_takes_linear_time(part):
    # Four times the text in four times the time, not sixteen; processor time, since other work may run beside.
    # What takes a tenth of a second is quick enough: of less a clock says nothing.
    assert _seconds(part * 12_000) < max(8 * _seconds(part * 3_000), 0.1)


def _seconds(text):
    from igwire.enrich.fold import fold
    from igwire.enrich.match import Matcher
    from igwire.enrich.roles import RoleFinder
    from igwire.enrich.speakers import speakers
    from igwire.enrich.vocabulary import stretches
    from igwire.kb import KnowledgeBase
    from igwire.kb.lexicon import Lexicon

    finder = RoleFinder(Lexicon().roles)
    folded = fold(text)
    offices = Matcher(KnowledgeBase({}, ""), firsts=finder.firsts).scan(text, folded).words
    names = speakers([], text, stretches(text), folded.scripts)

    def once():
        start = time.process_time()
        finder.find(text, names, folded.scripts, offices)
        return time.process_time() - start

    return min(once() for _ in range(3))
