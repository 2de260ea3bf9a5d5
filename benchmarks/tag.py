"""How fast names are found: matching alone, whole tagging with recognition, and both with a knowledge base ten times as large.

The text is made of the newsroom's sentences in six languages, mixed by a seeded generator, with one name in four replaced by a made-up one,
so that nothing can be remembered as a whole. The reference is a bare pass of ahocorasick-rs over the same text, already folded.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from time import process_time

from _report import arguments, in_turns, memory_watched, report
from ahocorasick_rs import AhoCorasick, Implementation

from igwire.enrich.fold import fold, key
from igwire.enrich.match import Matcher
from igwire.enrich.tagger import Tagger
from igwire.extract.article import extract
from igwire.kb import Entity, KnowledgeBase, load
from igwire.newsroom import render
from igwire.newsroom.articles import Story, sites, stories
from igwire.wiring import SystemClock

_CAPITALISED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi", "xo", "yu"]
_SENTENCES_A_TEXT = 25
_TIMES_LARGER = 10


def main() -> None:
    options = arguments(__doc__ or "")
    size = 400_000 if options.quick else 4_000_000
    told = stories()
    with memory_watched() as memory:
        kb = load()
        tagger = Tagger(kb)
        texts = list(made_up(told, size))
        tagger.tag(title=None, text=texts[0])
        matcher, tenfold = Matcher(kb), f"matching, {_TIMES_LARGER} times the names"
        rows = [row("folding", texts, fold), row("matching", texts, matcher.hits)]
        # Each text is new to the tagger: what it remembers from one is only what news repeats.
        rows.append(row("whole tagging", texts, lambda text: tagger.tag(title=None, text=text)))
        peak = memory.look()
        larger = Matcher(grown(kb))
        rows.append(row(tenfold, texts, larger.hits))
        peak_larger = memory.look()
    folded, automaton = [fold(text).text for text in texts], bare(kb)
    pair = in_turns(
        lambda: [matcher.hits(text) for text in texts],
        lambda: [automaton.find_matches_as_indexes(text, overlapping=True) for text in folded],
        rounds=3 if options.quick else 7,
    )
    speed = {str(r["part"]): float(r["mb_per_s"]) for r in rows}
    report(
        "tag", rows, share=pair.share, reference="a bare Aho-Corasick pass over the same text, already folded",
        mb_per_s=speed["whole tagging"], matching_mb_per_s=speed["matching"], growth=round(speed[tenfold] / speed["matching"], 3),
        of_extraction=round(against_extraction(tagger, told), 4), peak_mb=round(peak, 1), peak_larger_mb=round(peak_larger, 1),
    )  # fmt: skip


def row(part: str, texts: list[str], work: Callable[[str], object]) -> dict[str, object]:
    """One part's speed in MB (UTF-8) a second of processor time."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    start = process_time()
    for text in texts:
        work(text)
    return {"part": part, "mb": size, "mb_per_s": round(size / (process_time() - start), 2)}


def made_up(told: list[Story], size: int) -> Iterator[str]:
    """Texts of so many characters in all, each in one language."""
    chance = random.Random(1)
    by_language: dict[str, list[str]] = {}
    for story in told:
        by_language.setdefault(story.language, []).extend(s for s in re.split(r"(?<=[.!?。])\s*", story.text) if s)
    while size > 0:
        sentences = by_language[chance.choice(told).language]
        text = _CAPITALISED.sub(lambda m: name(chance) if chance.random() < 0.25 else m[0], " ".join(chance.choices(sentences, k=_SENTENCES_A_TEXT)))
        size -= len(text)
        yield text


def name(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))).capitalize()


def grown(kb: KnowledgeBase) -> KnowledgeBase:
    """The base with nine made-up entities beside each, with as many names."""
    chance = random.Random(2)
    more = dict(kb.by_id)
    for entity in kb.by_id.values():
        for number in range(1, _TIMES_LARGER):
            names = [f"{name(chance)} {name(chance)}" for _ in entity.names()]
            more[f"{entity.id}-{number}"] = Entity(id=f"{entity.id}-{number}", type=entity.type, name=names[0], aliases={"en": names[1:]})
    return KnowledgeBase(more, kb.version)


def bare(kb: KnowledgeBase) -> AhoCorasick:
    """All names in an automaton that knows no words, no capitals and no entities."""
    names = {key(text) for entity in kb.by_id.values() for text in entity.names()}
    return AhoCorasick(sorted(names - {""}), implementation=Implementation.ContiguousNFA)


def against_extraction(tagger: Tagger, told: list[Story]) -> float:
    """Time of tagging the newsroom's articles as a share of the time of extracting them from their pages."""
    known = sites()
    pages = [(render.page(known[story.site], story, [], "http://127.0.0.1"), story) for story in told[:30]]
    start = process_time()
    for page, story in pages:
        extract(
            page, url=f"http://127.0.0.1{render.path_of(known[story.site], story)}", content_type="text/html", fetched_at=SystemClock().now(), timezone=None
        )
    extracted = process_time() - start
    start = process_time()
    for _, story in pages:
        tagger.tag(title=story.title, text=story.text)
    return (process_time() - start) / extracted


if __name__ == "__main__":
    main()
