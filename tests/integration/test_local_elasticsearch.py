"""The local node: analysis by the distribution's names, `GET /`, and its life from start to kill."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from igwire.errors import ConfigError, Unavailable
from igwire.runtime.elasticsearch import LocalElasticsearch
from igwire.runtime.processes import free_port

pytestmark = pytest.mark.integration

NEUTRAL = {
    "tokenizer": "standard",
    "filter": ["cjk_width", "lowercase", "arabic_normalization", "persian_normalization", "asciifolding", "cjk_bigram"],
}


def tokens(url: str, text: str, **analysis: Any) -> list[str]:
    """The terms that `text` becomes under an `_analyze` request body."""
    answer = requests.post(f"{url}/_analyze", json={"text": text, **analysis}, timeout=30)
    assert answer.status_code == 200, answer.text
    return [token["token"] for token in answer.json()["tokens"]]


@pytest.mark.parametrize(
    ("analyzer", "text", "expected"),
    [
        ("english", "The governing bodies' policies", ["govern", "bodi", "polici"]),
        ("cjk", "互联网治理", ["互联", "联网", "网治", "治理"]),
        ("french", "l'Internet des réseaux", ["internet", "reseau"]),
        ("german", "die Regeln der Netze", ["regeln", "netz"]),
        ("spanish", "las redes abiertas", ["red", "abiert"]),
        ("portuguese", "as redes abertas", ["rede", "abert"]),
        ("italian", "l'accesso alle reti", ["access", "reti"]),
        ("dutch", "de netwerken", ["netwerk"]),
        ("russian", "управление интернетом", ["управлен", "интернет"]),
        ("arabic", "والإنترنت", ["انترنت"]),
        ("persian", "اينترنت", ["اينترنت"]),
        ("turkish", "İnternetin", ["internet"]),
        ("hindi", "शासन", ["शासन"]),
        ("indonesian", "pengaturan", ["atur"]),
    ],
)
def test_language_analyzers_by_name(elasticsearch_url: str, analyzer: str, text: str, expected: list[str]) -> None:
    assert tokens(elasticsearch_url, text, analyzer=analyzer) == expected


def test_the_neutral_chain_serves_all_scripts(elasticsearch_url: str) -> None:
    assert tokens(elasticsearch_url, "ＩＣＡＮＮ Générale", **NEUTRAL) == ["icann", "generale"]
    assert tokens(elasticsearch_url, "互联网治理", **NEUTRAL) == ["互联", "联网", "网治", "治理"]
    # Alef with hamza below, and the Farsi form of yeh, as writers mix them.
    assert tokens(elasticsearch_url, "الإنترنت", **NEUTRAL) == ["الانترنت"]
    assert tokens(elasticsearch_url, "ایران", **NEUTRAL) == tokens(elasticsearch_url, "ايران", **NEUTRAL)


@pytest.mark.parametrize(
    ("analysis", "text", "expected"),
    [
        ({"filter": [{"type": "asciifolding", "preserve_original": True}]}, "café", ["cafe", "café"]),
        ({"filter": [{"type": "cjk_bigram", "output_unigrams": True}]}, "互联网", ["互", "互联", "联", "联网", "网"]),
        ({"filter": [{"type": "cjk_bigram", "ignored_scripts": ["han"]}]}, "互联", ["互", "联"]),
        ({"filter": [{"type": "stemmer", "language": "possessive_english"}]}, "ICANN's", ["ICANN"]),
        ({"filter": [{"type": "stemmer", "language": "light_english"}]}, "policies", ["policy"]),
        ({"filter": [{"type": "stemmer", "language": "minimal_english"}]}, "domains", ["domain"]),
        ({"filter": [{"type": "stemmer", "language": "light_german"}]}, "netze", ["netz"]),
        ({"filter": [{"type": "keyword_marker", "keywords": ["policies"]}, "porter_stem"]}, "policies names", ["policies", "name"]),
        ({"filter": [{"type": "keyword_marker", "keywords_pattern": "p.*"}, "porter_stem"]}, "policies names", ["policies", "name"]),
        ({"filter": [{"type": "elision", "articles": ["l"]}]}, "l'accès d'hier", ["accès", "d'hier"]),
        ({"filter": ["elision"]}, "d'hier", ["hier"]),
        ({"filter": ["apostrophe"]}, "Türkiye'nin", ["Türkiye"]),
        ({"filter": ["decimal_digit"]}, "٢٠٢٦", ["2026"]),
        ({"filter": ["german_normalization"]}, "Straße", ["Strasse"]),
        ({"tokenizer": "keyword", "char_filter": ["html_strip"]}, "<b>a</b> &amp; b", ["a & b"]),
        (
            {"tokenizer": "keyword", "char_filter": [{"type": "mapping", "mappings": ["\\u0026=>and", ":) => \\u0020ok"]}]},
            "a&b:)",
            ["aandb ok"],
        ),
        ({"tokenizer": "whitespace"}, "a.b c", ["a.b", "c"]),
        ({"tokenizer": {"type": "whitespace", "max_token_length": 2}}, "abc", ["ab", "c"]),
        ({"tokenizer": "letter"}, "a1b", ["a", "b"]),
    ],
)
def test_filters_and_tokenizers_take_the_distributions_parameters(elasticsearch_url: str, analysis: dict[str, Any], text: str, expected: list[str]) -> None:
    assert tokens(elasticsearch_url, text, **{"tokenizer": "standard", **analysis}) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "stemmer", "language": "klingon"},
        {"type": "elision", "articles_case": True},
        {"type": "keyword_marker", "ignore_case": True},
    ],
)
def test_wrong_parameters_are_refused(elasticsearch_url: str, wrong: dict[str, Any]) -> None:
    answer = requests.post(f"{elasticsearch_url}/_analyze", json={"text": "x", "tokenizer": "standard", "filter": [wrong]}, timeout=30)
    assert answer.status_code == 400, answer.text


def test_an_index_with_analyzers_and_a_normalizer(elasticsearch_url: str, index_prefix: str) -> None:
    index = f"{elasticsearch_url}/{index_prefix}-articles"
    stopped = {"type": "english", "stopwords": ["internet"], "stem_exclusion": ["policies"]}
    folded = {"type": "custom", "char_filter": [], "filter": ["cjk_width", "lowercase", "arabic_normalization", "asciifolding", "trim"]}
    body = {
        "settings": {"analysis": {"analyzer": {"own": stopped, "neutral": {"type": "custom", **NEUTRAL}}, "normalizer": {"folded": folded}}},
        "mappings": {"properties": {"name": {"type": "keyword", "normalizer": "folded"}, "text": {"type": "text", "analyzer": "neutral"}}},
    }
    made = requests.put(index, json=body, timeout=60)
    assert made.status_code == 200, made.text
    assert tokens(index, "internet policies domains", analyzer="own") == ["policies", "domain"]
    assert tokens(index, "ＮＥＵＬＡＮＤ Élan ", normalizer="folded") == ["neuland elan"]
    requests.put(f"{index}/_doc/1?refresh=true", json={"name": "Élan", "text": "全球互联网治理论坛"}, timeout=30).raise_for_status()
    for query in ({"term": {"name": "ELAN"}}, {"match_phrase": {"text": "互联网治理"}}):
        found = requests.post(f"{index}/_search", json={"query": query}, timeout=30).json()
        assert found["hits"]["total"]["value"] == 1, query


def test_the_root_answers_as_elasticsearch_does(elasticsearch_url: str) -> None:
    from elasticsearch import Elasticsearch

    with Elasticsearch(elasticsearch_url) as client:
        info = client.info()
        assert client.ping()
    assert info["version"]["number"].startswith("9.5.")
    assert info["version"]["build_flavor"] == "default"
    assert info["tagline"] == "You Know, for Search"
    assert requests.head(elasticsearch_url, timeout=30).content == b""


@pytest.fixture
def own_node(local_node: LocalElasticsearch, tmp_path: Path) -> Iterator[LocalElasticsearch]:
    """A node for one test, which may be killed."""
    node = replace(local_node, folder=tmp_path / "own", port=free_port(), heap="256m")
    yield node
    node.down()


def test_a_second_start_finds_the_node_and_a_restart_keeps_the_data(own_node: LocalElasticsearch) -> None:
    said: list[str] = []
    first = own_node.up(said.append)
    # Another port in the settings does not matter to a node that already runs.
    again = replace(own_node, port=free_port()).up(said.append)
    assert (again.pid, again.url) == (first.pid, first.url)
    assert said[-1] == f"Elasticsearch is already running at {first.url}."
    requests.put(f"{first.url}/kept/_doc/1?refresh=true", json={"title": "kept"}, timeout=60).raise_for_status()
    assert own_node.down()
    assert not own_node.status().up
    second = own_node.up(said.append)
    assert second.pid != first.pid
    assert requests.get(f"{second.url}/kept/_doc/1", timeout=30).json()["_source"] == {"title": "kept"}


def test_a_killed_node_is_recognised_and_started_anew(own_node: LocalElasticsearch) -> None:
    pid = own_node.up(lambda text: None).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while own_node.process.running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own_node.status().detail == "The process of its pid file is gone."
    said: list[str] = []
    assert own_node.up(said.append).up
    assert "is gone without having been stopped" in said[0]


def test_a_port_of_a_running_elasticsearch_is_refused(own_node: LocalElasticsearch, elasticsearch_url: str) -> None:
    port = int(elasticsearch_url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=f"Port {port} is in use by another Elasticsearch 9.5"):
        replace(own_node, port=port).up(lambda text: None)


def test_a_node_that_dies_at_start_up_gives_its_last_words(own_node: LocalElasticsearch) -> None:
    own_node.folder.mkdir()
    (own_node.folder / "data").write_text("in the way", encoding="utf-8")
    with pytest.raises(Unavailable, match="ended while starting") as caught:
        own_node.up(lambda text: None)
    assert str(own_node.folder / "data") in str(caught.value)
    assert own_node.process.running() is None
