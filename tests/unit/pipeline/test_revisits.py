"""Pages that are looked at again: edited, unchanged, gone, moved; over the newsroom and the real client."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from fakes import FakeClock

from igwire.ledger import hosts, items, revisits
from igwire.ledger.revisits import next_visit
from igwire.model import FeedEntry, Source, Window
from igwire.newsroom import render
from igwire.pipeline.history import history_of
from igwire.pipeline.revisits import revisit_due
from igwire.pipeline.run import run_all
from igwire.urls import document_id, host_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE, SLUG = "registry-notes", "ethos-capital-org-sale-rejected"


@pytest.fixture
def site(tmp_path, tagger, newsroom, ledger_url):
    """One site of the newsroom, fetched once, on a clock that stands still."""
    from conftest import Bench

    raw = next(entry for entry in newsroom.catalogue() if entry["id"] == SITE)
    source = Source(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()})
    # The client stamps its captures with the real time, so the bench begins there.
    newsroom.now = lambda: bench.clock.now()
    bench = Bench(tmp_path, tagger, [source], ledger_url, clock=FakeClock(datetime.now(UTC)), room=newsroom)
    run(bench, "first")
    yield bench
    bench.ledger.close()


def run(bench, run_id: str):
    return run_all(bench.parts(gap_s=0), run_id, Window(start=bench.clock.now() - timedelta(days=1), end=bench.clock.now()))


def visit(bench, **after) -> dict[str, int]:
    bench.clock.moment += timedelta(**after)
    parts = bench.parts(gap_s=0)
    return revisit_due(parts, "visit", until=parts.clock.now() + timedelta(minutes=5))


def url(bench, slug: str = SLUG) -> str:
    story = next(s for s in bench.room.stories if s.slug == slug)
    return bench.room.url(SITE, render.path_of(bench.room.sites[SITE], story))


def path(bench) -> str:
    return url(bench).removeprefix(bench.room.origin(bench.room.sites[SITE].address))


def document(bench) -> dict:
    return bench.index.documents[document_id(url(bench))]


def test_visits_taper_off():
    first = NOW
    moments, now = [], first
    while (due := next_visit(first, now)) is not None:
        moments.append(due - first)
        now = due
    assert moments == [timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30)]
    # Whoever was away for two days makes one visit, not two.
    assert next_visit(first, first + timedelta(days=2)) == first + timedelta(days=7)


def test_unchanged_pages_cost_a_conditional_request_and_no_write(site):
    versions, segments = dict(site.index.versions), sorted(p.stat().st_size for p in (site.folder / "raw").rglob("*.warc.gz"))
    assert visit(site, minutes=30) == {}
    site.room.log.clear()
    count = len(site.index.documents)
    assert visit(site, minutes=31) == {"revisit_unchanged": count}
    asked = [entry for entry in site.room.log if entry["path"] != "/robots.txt"]
    assert {(entry["status"], entry["conditional"]) for entry in asked} == {(304, True)}
    assert visit(site, minutes=5) == {}
    done = run(site, "second")
    assert done.planned == 0
    assert site.index.versions == versions
    grown = [p.stat().st_size for p in (site.folder / "raw").rglob("*.warc.gz")]
    assert sum(grown) - sum(segments) < 2000


def test_an_edit_is_a_new_revision_with_its_difference(site):
    before = document(site)
    site.room.edit(SITE, SLUG, swap=("1.135 billion", "1.1 billion"))
    assert visit(site, hours=1, minutes=1)["revisit_changed"] == 1
    assert run(site, "second").outcomes["indexed"] == 1
    after = document(site)
    assert (after["doc_id"], after["revision"]) == (before["doc_id"], 2)
    assert "1.1 billion" in after["body"]
    versions = {name: body for name, body in site.index.revisions.items() if name.startswith(after["doc_id"])}
    assert [body["revision"] for body in versions.values()] == [1, 2]
    newest = versions[f"{after['doc_id']}-2"]
    assert newest["changes"] == {"title": False, "added": 1, "removed": 1}
    told = history_of(site.ledger, url(site))
    assert told is not None
    assert ["removed", " 1.135"] in told["revisions"][1]["changes"]
    assert ["added", " 1.1"] in told["revisions"][1]["changes"]
    assert [s["source"] for s in told["sightings"]] == [SITE]
    # The next visits find it unchanged, and revisions are sent once.
    versions = dict(site.index.versions)
    assert "revisit_changed" not in visit(site, days=1)
    run(site, "third")
    assert site.index.versions == versions


def test_a_page_that_is_gone_is_marked_and_comes_back(site):
    site.room.fault(SITE, "status", path=path(site), value=404)
    assert visit(site, hours=1, minutes=1)["revisit_not_found"] == 1
    assert visit(site, hours=6, minutes=1) == {"revisit_gone": 1}
    run(site, "second")
    assert document(site)["page"]["state"] == "gone"
    assert document(site)["revision"] == 1
    site.room.mend()
    visit(site, days=1)
    run(site, "third")
    assert "page" not in document(site)


def test_410_needs_no_second_look(site):
    site.room.fault(SITE, "status", path=path(site), value=410)
    assert visit(site, hours=1, minutes=1)["revisit_gone"] == 1


def test_a_page_that_leads_home_is_gone(site):
    site.room.fault(SITE, "redirect", path=path(site), value="/")
    assert visit(site, hours=1, minutes=1)["revisit_gone"] == 1


def test_a_page_that_moved_says_where_to(site):
    moved = f"{url(site)}?edition=2"
    site.room.fault(SITE, "moved", path=path(site), value=moved, times=1)
    assert "revisit_changed" not in visit(site, hours=1, minutes=1)
    run(site, "second")
    assert document(site)["page"]["state"] == "moved"
    assert document(site)["page"]["moved_to"] == moved
    assert document(site)["revision"] == 1


def test_a_wall_in_place_of_an_article_is_no_edit(site):
    site.room.fault(SITE, "html", path=path(site))
    counts = visit(site, hours=1, minutes=1)
    assert "revisit_changed" not in counts
    run(site, "second")
    assert document(site)["revision"] == 1


def test_the_budget_bounds_a_round(site):
    site.clock.moment += timedelta(hours=2)
    parts = site.parts(gap_s=0)
    assert sum(revisit_due(parts, "visit", until=parts.clock.now() + timedelta(minutes=5), limit=2).values()) == 2
    with site.ledger.reading() as conn:
        left = revisits.due(conn, parts.clock.now(), 100)
        assert len(left) == len(site.index.documents) - 2
        # Nobody looks again at what a run is working on.
        conn.execute(items.items.update().values(claimed_until=parts.clock.now() + timedelta(hours=1)))
        assert revisits.due(conn, parts.clock.now(), 100) == []


def test_new_pages_that_wait_and_the_polls_come_before_visits(site):
    site.clock.moment += timedelta(hours=2)
    with site.ledger.reading() as conn:
        due = list(revisits.due(conn, site.clock.moment, 100))
        asked = hosts.asked(conn, [host_of(url(site))], now=site.clock.moment).get(host_of(url(site)), 0)
    # Four fifths of the day's requests are over but for three, of which a new page wants one.
    parts = site.parts(gap_s=0, host_requests=-(-(asked + 3) * 5 // 4))
    with site.ledger.transaction() as conn:
        items.add(conn, [FeedEntry(source_id=SITE, url=url(site) + "-new", guid=None)], now=site.clock.moment, mode="live")
    assert len(due) > 2
    assert sum(revisit_due(parts, "visit", until=parts.clock.now() + timedelta(minutes=5)).values()) == 2


@pytest.mark.parametrize("ledger_url", ["sqlite", "postgresql"], indirect=True)
def test_two_rounds_at_once_ask_for_no_page_twice(site):
    site.room.log.clear()
    site.clock.moment += timedelta(days=2)
    rounds = [Thread(target=revisit_due, args=(site.parts(gap_s=0), f"r{n}"), kwargs={"until": site.clock.now() + timedelta(minutes=5)}) for n in range(2)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    asked = Counter(entry["path"] for entry in site.room.log if entry["path"].startswith("/news/"))
    assert set(asked.values()) == {1}


def test_a_round_that_died_is_made_good_after_its_time(site):
    with site.ledger.transaction() as conn:
        now = site.clock.now() + timedelta(hours=2)
        taken = revisits.due(conn, now, 100)
        revisits.take(conn, [row.item_id for row in taken], until=now + timedelta(minutes=5))
    assert taken
    assert visit(site, hours=2) == {}
    assert visit(site, minutes=6) == {"revisit_unchanged": len(taken)}
