"""The hand-made truth under tests/quality/data is well formed: ids, languages and code-point offsets."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from igwire.kb.loader import load
from igwire.model import MENTION_TYPES
from igwire.newsroom.articles import stories

DATA = Path(__file__).parents[2] / "quality" / "data"
FUNCTION_WORDS = frozenset(
    re.findall(r"\w+", "a al at au by con d da de del des du el en et for in l la las le les los o of on para por sur the to un una une y в и на о по")
)
LANGUAGES = {"en", "fr", "es", "ar", "zh", "ru"}
# Titles are labelled in the other languages too that several sources of the catalogue are in.
TITLE_LANGUAGES = LANGUAGES | {"pt", "de", "it", "nl"}
# One source of the catalogue each: fewer titles, which do not have every topic.
FEW_TITLES = {"ro", "cs", "ca"}
# Names, quotations and roles are annotated in these too.
FURTHER_LANGUAGES = {"de", "pt", "it"}


def rows(name: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    ids = Counter(row["id"] for row in found)
    assert max(ids.values()) == 1, f"{name}: the same id twice: {ids.most_common(1)}"
    return found


def words(text: str) -> set[str]:
    folded = "".join(letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter))
    return set(re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", folded))


def test_every_topic_of_the_list_is_labelled_and_every_label_is_listed():
    listed = [topic["id"] for topic in yaml.safe_load((DATA / "topic_list.yaml").read_text(encoding="utf-8"))]
    titles = rows("topics.jsonl")
    used = Counter(topic for row in titles for topic in row["topics"])
    languages = Counter(row["language"] for row in titles)
    cells = {(topic, row["language"]) for row in titles for topic in row["topics"] if row["language"] in TITLE_LANGUAGES}
    assert len(listed) == len(set(listed)) >= 40
    assert set(used) == set(listed)
    assert min(used.values()) >= 8
    assert len(cells) == len(listed) * len(TITLE_LANGUAGES), "each topic needs a title in each language"
    assert set(languages) == TITLE_LANGUAGES | FEW_TITLES
    assert min(languages[language] for language in TITLE_LANGUAGES) >= 35
    assert min(languages.values()) >= 30
    assert sum(not row["topics"] for row in titles) >= 30


def test_every_article_of_the_newsroom_has_its_topics():
    listed = {topic["id"] for topic in yaml.safe_load((DATA / "topic_list.yaml").read_text(encoding="utf-8"))}
    articles = rows("article_topics.jsonl")
    assert {row["id"] for row in articles} == {story.slug for story in stories()}
    for row in articles:
        assert set(row["main"]) <= listed
        assert set(row["further"]) <= listed - set(row["main"])
        assert row["main"] or row["further"], row["id"]


def test_quotations_are_spans_between_marks_with_a_speaker_of_the_passage():
    passages = rows("quotes.jsonl")
    for row in passages:
        for quote in row["quotes"]:
            before, after = row["text"][: quote["start"]].rstrip(" \u00a0"), row["text"][quote["end"] :].lstrip(" \u00a0")
            assert before[-1] in '"“„‘«»「', row["id"]
            assert after[0] in '"“”’»«」', row["id"]
            assert quote["speaker"] in before or quote["speaker"] in after, row["id"]
    assert {row["language"] for row in passages} >= LANGUAGES
    assert sum(len(row["quotes"]) for row in passages) >= 100
    assert sum(not row["quotes"] for row in passages) >= 5


def test_roles_are_written_as_in_their_sentence():
    sentences = rows("roles.jsonl")
    for row in sentences:
        for role in row["roles"]:
            assert role["person"] in row["text"]
            assert role["role"].lower() in row["text"].lower()
            assert (role["organisation"] or "") in row["text"]
    assert sum(len(row["roles"]) for row in sentences) >= 60


def test_mentions_of_the_domain_set_stand_where_they_say():
    texts = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((DATA / "domain").glob("*.json"))]
    known = load().by_id
    for text in texts:
        end = 0
        for mention in text["mentions"]:
            assert text["text"][mention["start"] : mention["end"]] == mention["surface"], text["id"]
            assert end <= mention["start"], f"{text['id']}: {mention['surface']} overlaps the mention before"
            end = mention["end"]
            assert mention["type"] in MENTION_TYPES
            assert mention["role"] in (None, "metonym", "demonym")
            if mention["entity"]:
                entity = known[mention["entity"]]
                assert mention["qid"] in (None, entity.qid), f"{text['id']}: {entity.id} has another QID in the base"
    assert len({text["id"] for text in texts}) == len(texts) >= 30
    assert Counter(text["split"] for text in texts).keys() == {"dev", "test"}
    assert min(Counter(text["language"] for text in texts).values()) >= 4
    assert {text["language"] for text in texts} == LANGUAGES | FURTHER_LANGUAGES


def test_queries_are_judged_on_articles_that_exist():
    queries = rows("relevance.jsonl")
    slugs = {story.slug for story in stories()}
    for row in queries:
        assert set(row["judgements"]) <= slugs, row["id"]
        assert set(row["judgements"].values()) <= {1, 2, 3}
        assert max(row["judgements"].values()) >= 2, f"{row['id']}: nothing answers it"
    written = Counter(row["written_from"] for row in queries)
    assert len(queries) >= 60
    assert set(written) == {"topic", "subject", "article"}
    assert written["topic"] >= 30
    assert {row["language"] for row in queries} == LANGUAGES


def test_at_least_fifteen_queries_share_no_word_with_what_answers_them():
    texts = {story.slug: words(f"{story.title} {story.summary} {story.text}") for story in stories()}
    for row in rows("relevance.jsonl"):
        answers = [slug for slug, grade in row["judgements"].items() if grade >= 2]
        apart = all(not (words(row["query"]) - FUNCTION_WORDS) & texts[slug] for slug in answers)
        assert apart == row["no_word_in_common"], row["id"]
    assert sum(row["no_word_in_common"] for row in rows("relevance.jsonl")) >= 15
