"""Clusters, first holders of sentences, and what becomes of them when earlier documents turn up or documents go."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_texts import sentences

from igwire.enrich.fingerprints import fingerprint
from igwire.ledger import copies as memory
from igwire.ledger.database import Ledger
from igwire.model import DateFound
from igwire.pipeline import copies

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(name: str, lines: list[str], hour: float):
    moment = START + timedelta(hours=hour)
    return copies.make_row(name, fingerprint(" ".join(lines)), seen=moment, arrived=moment)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    made = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('copies') / 'l.db'}")
    yield made
    made.close()


@pytest.fixture
def conn(ledger):
    with ledger.transaction() as connection:
        memory.wipe(connection)
        yield connection


A, B, C = sentences(1), sentences(2), sentences(3)
EDITED = A[:20] + B[:4]


def facts(conn, *names: str):
    found = copies.facts(conn, names)
    return [found[name] for name in names]


def test_unrelated_texts_stand_alone(conn):
    copies.place_all(conn, [row("a", A, 0), row("b", B, 1)])
    a, b = facts(conn, "a", "b")
    assert (a.cluster, a.role, a.of, a.share, a.sentences) == ("a", "single", None, 0.0, ())
    assert b.cluster == "b"


def test_a_copy_names_the_earliest_and_its_share(conn):
    copies.place_all(conn, [row("a", A, 0), row("same", A, 1), row("edited", EDITED, 2)])
    a, same, edited = facts(conn, "a", "same", "edited")
    assert (a.cluster, a.role, a.of) == ("a", "first", None)
    assert (same.cluster, same.role, same.of, same.share) == ("a", "copy", "a", 1.0)
    assert (edited.cluster, edited.of) == ("a", "a")
    assert edited.share == pytest.approx(20 / 24, abs=0.1)
    assert len(edited.sentences) == 20


def test_an_earlier_one_that_comes_late_is_the_first(conn):
    copies.place_all(conn, [row("edited", EDITED, 2)])
    copies.place_all(conn, [row("mosaic", A[:5] + C, 3)])
    touched = copies.place_all(conn, [row("a", A, 0)])
    assert set(touched) == {"a", "edited", "mosaic"}
    a, edited, mosaic = facts(conn, "a", "edited", "mosaic")
    assert (a.role, edited.role, edited.of, edited.cluster) == ("first", "copy", "a", "a")
    assert {s.first for s in edited.sentences} == {"a"}
    assert mosaic.copied_from == ("a",)


def test_a_cut_reprint_is_a_copy(conn):
    copies.place_all(conn, [row("a", A, 0), row("lead", A[:8], 1)])
    (lead,) = facts(conn, "lead")
    assert (lead.of, lead.share) == ("a", 1.0)


def test_a_text_that_quotes_a_whole_short_one_is_no_copy(conn):
    copies.place_all(conn, [row("a", A[:6], 0), row("long", A[:6] + B + C, 1)])
    (long,) = facts(conn, "long")
    assert (long.of, long.cluster, long.copied_from) == (None, "long", ("a",))


def test_a_mosaic_names_all_its_sources_sentence_by_sentence(conn):
    originals = {f"s{n}": sentences(10 + n) for n in range(6)}
    copies.place_all(conn, [row(name, lines, n) for n, (name, lines) in enumerate(originals.items())])
    stitched = [(name, lines[n]) for n in range(4) for name, lines in originals.items()]
    text = "\n".join(sentence for _, sentence in stitched)
    moment = START + timedelta(days=1)
    copies.place_all(conn, [copies.make_row("m", fingerprint(text), seen=moment, arrived=moment)])
    (m,) = facts(conn, "m")
    assert m.of is None
    assert set(m.copied_from) == set(originals)
    assert [(s.first, text[s.start : s.end]) for s in m.sentences] == stitched
    assert m.share == 1.0


def test_a_sentence_of_everybody_is_nobodys(conn):
    formula = "This is a developing story and will be updated soon."
    rows = [row(f"d{n}", [*sentences(100 + n), formula], n) for n in range(25)]
    copies.place_all(conn, rows)
    assert facts(conn, "d24")[0].copied_from == ()


def test_notices_made_from_one_form_are_news_of_their_own(conn):
    def notice(first: str, second: str) -> list[str]:
        form = "The bank entered the market to arrange {} billion of repurchase agreements, a spokesman said. " * 3
        return [form.format(first, first, first), f"Funds were trading at {second} pct at the time, which watchers of the bank had largely predicted."]

    copies.place_all(conn, [row("one", notice("1.5", "6-1/8"), 0), row("two", notice("2.5", "5-3/4"), 1), row("again", notice("1.5", "6-1/8"), 2)])
    one, two, again = facts(conn, "one", "two", "again")
    assert (two.of, again.of) == (None, "one")
    assert two.cluster != one.cluster


@pytest.mark.parametrize(("figures", "hours", "copy"), [("1.5 8 20 30 40", 3, True), ("1.5 8 20 31 41", 72, False), ("1.5 9 21 31 41", 3, False)])
def test_a_correction_comes_soon_and_changes_few_figures(conn, figures, hours, copy):
    def notice(printed: str) -> list[str]:
        return [re.sub(r"\d", "x", line) for line in sentences(7, 9)] + [f"Shipments of wheat were {' and '.join(printed.split())} in the week."]

    copies.place_all(conn, [row("one", notice("1.5 8 20 30 42"), 0), row("later", notice(figures), hours)])
    (later,) = facts(conn, "later")
    assert (later.of == "one") is copy


@pytest.mark.parametrize(("lines", "days", "copy"), [(3, 2, True), (3, 14, False), (24, 14, True)])
def test_a_short_notice_in_the_same_words_weeks_later_is_the_next(conn, lines, days, copy):
    copies.place_all(conn, [row("one", A[:lines], 0), row("later", A[:lines], 24 * days)])
    assert (facts(conn, "later")[0].of == "one") is copy


def test_placing_again_changes_nothing(conn):
    def rows():
        return [row("a", A, 0), row("edited", EDITED, 2), row("b", B, 1)]

    copies.place_all(conn, rows())
    before = facts(conn, "a", "edited", "b")
    assert copies.place_all(conn, rows()) == []
    assert facts(conn, "a", "edited", "b") == before


def test_an_edited_text_leaves_its_cluster(conn):
    copies.place_all(conn, [row("a", A, 0), row("x", EDITED, 2)])
    touched = copies.place_all(conn, [row("x", C, 2)])
    a, x = facts(conn, "a", "x")
    assert (a.role, x.role, x.of, x.copied_from) == ("single", "single", None, ())
    assert set(touched) >= {"a", "x"}


def test_what_an_erased_document_had_first_goes_to_the_next(conn):
    copies.place_all(conn, [row("a", A, 0), row("x", EDITED, 1), row("y", EDITED, 2), row("mosaic", A[:5] + C, 3)])
    copies.forget(conn, memory.number_of("a"))
    assert "a" not in copies.facts(conn, ["a"])
    x, y, mosaic = facts(conn, "x", "y", "mosaic")
    assert (x.cluster, x.role, x.of) == ("x", "first", None)
    assert (y.cluster, y.of) == ("x", "x")
    assert mosaic.copied_from == ("x",)
    copies.place_all(conn, [row("late", A, 4)])
    assert facts(conn, "late")[0].of == "x"


ROWS = {
    "a": (A, 0), "a1": (EDITED, 1), "a2": (A[2:], 2), "b": (B, 3), "b1": (B, 4), "mosaic": (A[:4] + B[4:8] + C[:4], 5), "c": (C, 6),
}  # fmt: skip
ORDERS, CUTS = st.permutations(list(ROWS)), st.sets(st.integers(1, 6), max_size=3)


def arrive(conn, order, cuts=()) -> None:
    memory.wipe(conn)
    for start, end in pairwise([0, *sorted(cuts), len(order)]):
        copies.place_all(conn, [row(name, *ROWS[name]) for name in order[start:end]])


@settings(max_examples=25, deadline=None)
@given(order=ORDERS, cuts=CUTS)
def test_the_order_of_arrival_does_not_matter(ledger, order, cuts):
    with ledger.transaction() as conn:
        arrive(conn, order, cuts)
        a, a1, a2, b, b1, mosaic, c = facts(conn, "a", "a1", "a2", "b", "b1", "mosaic", "c")
        assert [f.cluster for f in (a, a1, a2, b, b1, mosaic, c)] == ["a", "a", "a", "b", "b", "mosaic", "c"]
        assert [f.of for f in (a, a1, a2, b, b1, mosaic, c)] == [None, "a", "a", None, "b", None, None]
        assert set(mosaic.copied_from) == {"a", "b"}
        # The mosaic was first with four sentences of the youngest.
        assert c.copied_from == ("mosaic",)


@settings(max_examples=40, deadline=None)
@given(order=ORDERS, cuts=CUTS, gone=st.sampled_from(list(ROWS)))
def test_forgetting_leaves_all_as_if_it_had_never_come_and_tells_whom_it_concerns(ledger, order, cuts, gone):
    with ledger.transaction() as conn:
        others = [name for name in ROWS if name != gone]
        arrive(conn, others)
        wanted = copies.facts(conn, others)
        arrive(conn, order, cuts)
        before = copies.facts(conn, others)
        touched = copies.forget(conn, memory.number_of(gone))
        after = copies.facts(conn, others)
        assert after == wanted
        assert {name for name in others if after[name] != before[name]} <= set(touched)


def test_who_shared_a_sentence_before_an_earlier_holder_came_hears_when_that_one_goes(conn):
    copies.place_all(conn, [row("x", A[:4] + B, 1), row("y", A[:4] + C, 2)])
    copies.place_all(conn, [row("z", A, 0)])
    assert facts(conn, "y")[0].copied_from == ("z",)
    assert set(copies.forget(conn, memory.number_of("z"))) == {"x", "y"}
    assert facts(conn, "y")[0].copied_from == ("x",)


def test_when_an_article_counts_as_seen():
    first_seen = datetime(2026, 3, 5, 12, tzinfo=UTC)

    def at(value: str, precision: str) -> datetime:
        return copies.first_moment(DateFound(value=value, origin="meta", precision=precision, day=first_seen.date()), first_seen)

    assert at("2026-03-04T10:00:00+02:00", "second") == datetime(2026, 3, 4, 8, tzinfo=UTC)
    # A bare day claims no hour before others of that day.
    assert at("2026-03-04", "day") == datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)
    assert at("2027-01-01T00:00:00Z", "second") == first_seen
    assert copies.first_moment(None, first_seen) == first_seen
