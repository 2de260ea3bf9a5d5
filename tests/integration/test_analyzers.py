"""Each twin's analyzer gives what Elasticsearch's documentation says that it is made of ("reimplemented as a custom analyzer")."""

from __future__ import annotations

import pytest
import requests

from igwire import schema

pytestmark = pytest.mark.integration
_FRENCH = ["l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"]
_ITALIAN = ["c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl", "degl", "negl", "sugl", "un", "m", "t", "s", "v", "d"]


def stop(language: str) -> dict:
    return {"type": "stop", "stopwords": f"_{language}_"}


def stem(language: str) -> dict:
    return {"type": "stemmer", "language": language}


# The documented Dutch chain also has four exceptions to stemming (`stemmer_override`), the Turkish one its own lower case of I; neither
# filter is in the server's core, and the sentences do without them.
# Twin → filters behind the standard tokenizer, and a sentence.
CHAINS = {
    "ar": (["lowercase", "decimal_digit", stop("arabic"), "arabic_normalization", stem("arabic")], "في حوكمة الإنترنت ٢٠٢٦ والحكومات"),
    "cjk": (["cjk_width", "lowercase", "cjk_bigram", stop("english")], "全球互联网治理 ＩＣＡＮＮ the 会议"),
    "de": (["lowercase", stop("german"), "german_normalization", stem("light_german")], "Die Verwaltungen der Netze und größere Behörden"),
    "en": ([stem("possessive_english"), "lowercase", stop("english"), stem("english")], "The registries' policies and ICANN's elections"),
    "es": (["lowercase", stop("spanish"), stem("light_spanish")], "Las elecciones de los gobiernos y sus políticas"),
    "fa": (["lowercase", "decimal_digit", "arabic_normalization", "persian_normalization", stop("persian"), stem("persian")], "حکمرانی اینترنت در ایران و کشورها ۲۰۲۶"),
    "fr": ([{"type": "elision", "articles_case": True, "articles": _FRENCH}, "lowercase", stop("french"), stem("light_french")], "L'accès aux élections et les gouvernements d'hier"),
    "hi": (["lowercase", "decimal_digit", "indic_normalization", "hindi_normalization", stop("hindi"), stem("hindi")], "इंटरनेट की सरकारों के नियम २०२६"),
    "id": (["lowercase", stop("indonesian"), stem("indonesian")], "Pemerintah dan peraturan untuk jaringan"),
    "it": ([{"type": "elision", "articles_case": True, "articles": _ITALIAN}, "lowercase", stop("italian"), stem("light_italian")], "L'accesso alle elezioni dei governi"),
    "nl": (["lowercase", stop("dutch"), stem("dutch")], "De verkiezingen en de overheden van het netwerk"),
    "pt": (["lowercase", stop("portuguese"), stem("light_portuguese")], "As eleições dos governos e suas políticas"),
    "ru": (["lowercase", stop("russian"), stem("russian")], "Выборы правительств и управление интернетом"),
    "tr": (["apostrophe", "lowercase", stop("turkish"), stem("turkish")], "Türkiye'nin internet yönetimi ve ülkenin seçimleri"),
}  # fmt: skip


def tokens(url: str, body: dict) -> list[str]:
    answer = requests.post(f"{url}/_analyze", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return [token["token"] for token in answer.json()["tokens"]]


def test_every_twin_is_compared():
    assert set(CHAINS) == set(schema.twins())


@pytest.mark.parametrize("twin", sorted(CHAINS))
def test_an_analyzer_is_what_the_documentation_says(elasticsearch_url, twin):
    filters, sentence = CHAINS[twin]
    named = schema.properties("articles")["stemmed"]["properties"][twin]["properties"]["body"]["analyzer"]
    found = tokens(elasticsearch_url, {"analyzer": named, "text": sentence})
    assert found == tokens(elasticsearch_url, {"tokenizer": "standard", "filter": filters, "text": sentence})
    assert len(found) >= 3
