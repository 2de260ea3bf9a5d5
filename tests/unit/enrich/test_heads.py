"""Names in Portuguese, Italian, Spanish, French, Turkish and Dutch: one example a rule of their own, and words that are no names there."""

from __future__ import annotations

import time

import pytest


def tags(tagger, text: str, language: str) -> dict[str, str]:
    return {m.surface: m.type for m in tagger.tag(title=None, text=text, language=language).mentions if m.entity is None}


@pytest.mark.parametrize(
    ("language", "text", "surface", "kind"),
    [
        ("pt", "Veio a Fundação Brelka Zonn.", "Fundação Brelka Zonn", "organisation"), ("pt", "Chegou a Polícia Judiciária.", "Polícia Judiciária", "organisation"),
        ("pt", "Falou a Comissão de Redes e Dados.", "Comissão de Redes e Dados", "organisation"), ("pt", "Na Câmara dos Deputados houve riso.", "Câmara dos Deputados", "organisation"),
        ("pt", "O projeto parou no Senado.", "Senado", "organisation"), ("pt", "Depois da Copa do Mundo, choveu.", "Copa do Mundo", "event"),
        ("pt", "Vale a Lei Geral de Telecomunicações.", "Lei Geral de Telecomunicações", "law"), ("pt", "Na Rua da Paz, choveu.", "Rua da Paz", "place"),
        ("pt", "Choveu em Brelkazonn.", "Brelkazonn", "place"), ("pt", "A deputada Brelka Zonn saiu.", "Brelka Zonn", "person"),
        ("it", "Interviene il Comune di Torino.", "Comune di Torino", "organisation"), ("it", "Arriva la Polizia Postale.", "Polizia Postale", "organisation"),
        ("it", "Lo dice l'Agenzia delle Entrate.", "Agenzia delle Entrate", "organisation"), ("it", "Lo dice il Ministero dell'Interno.", "Ministero dell'Interno", "organisation"),
        ("it", "L'Unione Brelka decide.", "Unione Brelka", "organisation"), ("it", "Decide il Garante.", "Garante", "organisation"),
        ("it", "Il programma della Brelka di Prato costa.", "Prato", "place"), ("it", "Sono ad Asti.", "Asti", "place"), ("it", "Il sindaco Brelka Zonn parte.", "Brelka Zonn", "person"),
        ("es", "Llega la Coalición Canaria.", "Coalición Canaria", "organisation"), ("es", "Habla el Consejo Económico y Social.", "Consejo Económico y Social", "organisation"),
        ("es", "Habla el Ministerio de Salud de Chile.", "Ministerio de Salud", "organisation"), ("fr", "L'Agence Brelka Zonn arrive.", "Agence Brelka Zonn", "organisation"),
        ("fr", "Il vit en Brelkazonn.", "Brelkazonn", "place"), ("nl", "Minister Brelkazonn kwam.", "Brelkazonn", "person"), ("nl", "Hij werkt te Brelkazonn.", "Brelkazonn", "place"),
    ],
)  # fmt: skip
def test_names_by_the_words_of_a_language(tagger, language, text, surface, kind):
    assert tags(tagger, text, language).get(surface) == kind, tags(tagger, text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "Em Janeiro faltou luz. A Brelkazonn não veio. Na Sexta-feira, nada. Segundo todos, sim."),
        ("it", "Ogni Lunedì piove. Secondo tutti, no. Si è scusato in Consiglio."),
        ("nl", "Volgens iedereen regent het. Op Maandag ook. Het Kabinet zwijgt."),
    ],
)
def test_no_names(tagger, language, text):
    assert tags(tagger, text, language) == {}


def test_long_rows_of_heads_cost_little(tagger):
    text = "Banco e Fundação e Maria de " * 10_000
    began = time.perf_counter()
    tagger.tag(title=None, text=text, language="pt")
    assert time.perf_counter() - began < 10


def test_a_name_ends_before_another_body_and_before_a_title(tagger):
    found = tags(tagger, "Vieram o Banco do Porto e Polícia Judiciária, e a Câmara do Deputado Brelka Zonn.", "pt")
    assert found["Banco do Porto"] == "organisation"
    assert found["Brelka Zonn"] == "person"
