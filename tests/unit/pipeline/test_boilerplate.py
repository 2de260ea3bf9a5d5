"""Lines that a source repeats: what is learnt from stored texts, what is taken out, and that nobody calls it an edit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fakes import FakeClock
from invented import LIVE, page, serve
from postgres import ON_BOTH

from igwire.ledger import boilerplate, documents, items
from igwire.ledger.boilerplate import Learnt
from igwire.model import Article, Mark
from igwire.pipeline.boilerplate import Remover, line_hash, outdated, repeated, without
from igwire.pipeline.process import Work, extract_items, settle_neighbours
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.text import content_hash
from igwire.urls import document_id

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOX = "Sign up here for our weekly letter about names and numbers"


def text_of(number: int, *more: str) -> str:
    return "\n".join([f"The registry took decision {number} of {n} after talks with its members in town {number}" for n in range(6)] + list(more))


def article(text: str, title: str = "Title", marks: tuple[Mark, ...] = ()) -> Article:
    return Article(url="https://news.example/a", title=title, text=text, structure=marks, stamp="code/1", content_hash=content_hash(title, text))


def test_a_line_on_several_pages_is_learnt():
    assert repeated(text_of(n, BOX.upper() if n else BOX) for n in range(4)) == {line_hash(BOX): 4}


def test_three_pages_or_a_small_share_of_many_are_no_proof():
    assert repeated(text_of(n, BOX) for n in range(3)) == {}
    assert repeated(text_of(n, *([BOX] if n < 4 else [])) for n in range(50)) == {}


def test_copies_of_one_page_are_one_witness():
    assert repeated([text_of(1, BOX)] * 10) == {}


def test_short_lines_stay_they_may_be_headings():
    assert repeated(text_of(n, "What happens next") for n in range(9)) == {}


def test_the_lines_go_and_the_marks_move():
    text = "\n".join(
        ["Head line", "First paragraph of the article with words", BOX, "An item of the list that stays here", "Last paragraph of the article with words"]
    )
    at = text.index("An item")
    marks = (Mark(kind="heading", start=0, end=9, level=2), Mark(kind="item", start=text.index(BOX), end=text.index(BOX) + len(BOX), level=0))
    found = without(article(text, marks=(*marks, Mark(kind="item", start=at, end=at + 35, level=0))), Learnt(version=2, lines=frozenset([line_hash(BOX)])))
    assert BOX not in found.text
    assert [found.text[m.start : m.end] for m in found.structure] == ["Head line", "An item of the list that stays here"]
    assert found.stamp == "code/1 boilerplate/2"
    assert found.content_hash == content_hash("Title", found.text)


def test_an_article_is_not_robbed_of_most_of_its_words():
    found = without(article("Short text.\n" + BOX), Learnt(version=1, lines=frozenset([line_hash(BOX)])))
    assert (BOX in found.text, found.stamp) == (True, "code/1 boilerplate/1")


def save(conn, number: int, found: Article, clean=lambda article: article) -> int:
    doc_id = f"1{number}"
    assert documents.save_article(conn, doc_id, found, item_id=doc_id, source_id="s", first_seen_at=NOW, fetched_at=NOW, clean=clean)
    return documents.get(conn, [doc_id])[0].revision


def test_taking_out_what_was_learnt_is_no_revision_and_rebuild_finds_the_old_texts(bench):
    clock = FakeClock(NOW)
    with bench.ledger.transaction() as conn:
        for number in range(4):
            save(conn, number, article(text_of(number, BOX)))
        texts = [a.text for a in documents.newest(conn, "s", 10)]
        assert boilerplate.add(conn, "s", repeated(texts), now=clock.now()) == 1
        assert boilerplate.add(conn, "s", repeated(texts), now=clock.now()) == 0
        stamp = boilerplate.of_source(conn, "s").stamped("code/1")
        assert len(list(documents.stale_stamps(conn, extract_stamp="code/1", by_source={"s": stamp}, tag_stamp=None))) == 4

        def clean(found: Article) -> Article:
            return Remover(conn).clean(found, "s")

        assert save(conn, 0, clean(article(text_of(0, BOX))), clean) == 1
        assert BOX not in documents.get(conn, ["10"])[0].article.text
        assert save(conn, 0, clean(article(text_of(7, BOX))), clean) == 2
        assert len(list(documents.stale_stamps(conn, extract_stamp="code/1", by_source={"s": stamp}, tag_stamp=None))) == 3


NOTICE = "The association answers to its members under the law of the land and prints this notice below all of its news"
NAMES = ("One", "Two", "Three", "Four")
IDS = [document_id(f"http://news.example/{name}") for name in NAMES]


def held(bench) -> set[tuple[bool, bool, int]]:
    """Of the documents: whether they have the notice, whether they have the text, and their revisions."""
    with bench.ledger.reading() as conn:
        return {(NOTICE in d.article.text, "decision" in d.article.text, d.revision) for d in documents.get(conn, IDS)}


@ON_BOTH
def test_a_run_learns_and_takes_out_of_its_own_and_of_earlier_texts(bench):
    pages = {name: (200, page(name, text_of(n, NOTICE).replace("\n", "</p><p>"))) for n, name in enumerate(NAMES)}
    serve(bench, **dict(list(pages.items())[:3]))
    run_all(bench.parts(), "first", LIVE)
    assert held(bench) == {(True, True, 1)}
    bench.clock.moment += timedelta(days=1)
    serve(bench, **pages)
    done = run_all(bench.parts(), "second", LIVE)
    assert (done.ok, done.planned, done.outcomes["indexed"]) == (True, 1, 1)
    assert held(bench) == {(False, True, 1)}
    assert [NOTICE in bench.index.documents[doc_id]["body"] for doc_id in IDS] == [False] * 4
    assert rebuild(bench.parts(), "third", first="extract", selection=Selection(only_stale=True)).planned == 0


def test_a_text_that_a_killed_run_began_to_clean_is_cleaned_by_the_next(bench):
    serve(bench, One=(200, page("One", text_of(1, NOTICE).replace("\n", "</p><p>"))))
    run_all(bench.parts(), "first", LIVE)
    with bench.ledger.transaction() as conn:
        boilerplate.add(conn, "example", {line_hash(NOTICE): 4}, now=NOW)
        (item_id,) = outdated(conn, ["example"])
        items.extract_again(conn, [item_id])
    extract_items(Work(parts=bench.parts(), run_id="killed"), [item_id])
    settle_neighbours(Work(parts=bench.parts(), run_id="next"), 0)
    assert held(bench) == {(False, True, 1)}
    assert NOTICE not in bench.index.documents[IDS[0]]["body"]


def test_lines_learnt_one_after_the_other_leave_what_they_leave_when_learnt_at_once(bench):
    # Each may go alone, but neither once the other is gone, nor both together: that is more than an article may be robbed of.
    two = ["Sign up here " * 24, "Read our notice on cookies " * 15]
    serve(bench, One=(200, page("One", "</p><p>".join([text_of(1), *two]))))
    run_all(bench.parts(), "first", LIVE)
    with bench.ledger.reading() as conn:
        whole = documents.get(conn, IDS[:1])[0].article.text
    for line in two:
        with bench.ledger.transaction() as conn:
            boilerplate.add(conn, "example", {line_hash(line): 4}, now=NOW)
            items.extract_again(conn, outdated(conn, ["example"]))
        settle_neighbours(Work(parts=bench.parts(), run_id="next"), 0)
        with bench.ledger.reading() as conn:
            left = documents.get(conn, IDS[:1])[0].article.text
        assert (left == whole) == (line == two[1])


def test_a_rebuild_of_what_is_stale_takes_out_what_was_learnt_later(bench):
    serve(bench, **{name: (200, page(name, text_of(n, NOTICE).replace("\n", "</p><p>"))) for n, name in enumerate(NAMES[:3])})
    run_all(bench.parts(), "first", LIVE)
    with bench.ledger.transaction() as conn:
        boilerplate.add(conn, "example", {line_hash(NOTICE): 4}, now=NOW)
    done = rebuild(bench.parts(), "again", first="extract", selection=Selection(only_stale=True))
    assert (done.ok, done.planned) == (True, 3)
    assert held(bench) == {(False, True, 1)}
