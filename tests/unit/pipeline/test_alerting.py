"""Running alerts: nothing twice, nothing missed, one target's failure is nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes import FakeClock, FakeCourier

from igwire.errors import Unavailable
from igwire.ledger import runs
from igwire.ledger.database import Ledger
from igwire.model import Window
from igwire.pipeline.alerting import back_test, run_alerts
from igwire.search.alerts import Alert, Alerts
from igwire.search.request import SearchRequest
from igwire.search.results import Hit, Results, Span


class Shelf:
    """Answers searches from a list of (id, changed at); knows `changed_after` and pages."""

    def __init__(self) -> None:
        self.articles: list = []
        self.asked: list[SearchRequest] = []

    def search(self, request):
        self.asked.append(request)
        found = sorted((a for a in self.articles if a[1] > request.changed_after), key=lambda a: a[1], reverse=True)
        hits = [Hit(doc_id=i, score=None, document=document(i, at), snippets={}) for i, at in found]
        start = (request.page - 1) * request.size
        return Results(total=len(hits), total_exact=True, hits=tuple(hits[start : start + request.size]), facets={}, interpreted="", took_ms=1)


def document(doc_id, at):
    return {"title": f"Title {doc_id}", "url": f"https://a.example/{doc_id}", "source": {"title": "A"}, "revised_at": at.isoformat()}


@pytest.fixture
def ledger(tmp_path):
    made = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.close()


class Desk:
    def __init__(self, ledger, *targets, operators=()):
        self.ledger, self.clock, self.courier, self.shelf = ledger, FakeClock(), FakeCourier(), Shelf()
        alerts = (Alert(id="x", title="X", request=SearchRequest(text="icann"), targets=targets),) if targets else ()
        self.alerts = Alerts(alerts=alerts, operators=operators)

    def run(self):
        return run_alerts(self.alerts, ledger_=self.ledger, reader=lambda: self.shelf, courier=self.courier, clock=self.clock)

    def ids(self, target):
        return [[line.key for line in message.lines] for to, message in self.courier.sent if to == target]


def test_a_new_alert_tells_of_the_last_day_only(ledger):
    desk = Desk(ledger, "mail:a@example.org")
    now = desk.clock.now()
    desk.shelf.articles = [("new", now - timedelta(hours=3)), ("old", now - timedelta(days=3))]
    desk.run()
    desk.clock.sleep(3600)
    desk.run()
    assert desk.ids("mail:a@example.org") == [["new"]]


def test_what_reaches_the_index_late_is_told_and_nothing_twice(ledger):
    desk = Desk(ledger, "mail:a@example.org")
    now = desk.clock.now()
    desk.run()
    desk.clock.sleep(3600)
    # Fetched before the first run, indexed after it.
    desk.shelf.articles = [("late", now - timedelta(hours=1))]
    desk.run()
    desk.shelf.articles = [("late", desk.clock.now())]
    desk.run()
    assert desk.ids("mail:a@example.org") == [["late"]]


def test_a_target_that_fails_is_served_later_and_holds_up_no_other(ledger):
    desk = Desk(ledger, "mail:a@example.org", "webhook:https://b.example/")
    desk.shelf.articles = [("one", desk.clock.now() - timedelta(hours=1))]
    desk.courier.away = {"mail:a@example.org"}
    first, second = desk.run()
    assert "did not take" in first.fault
    assert (second.fault, second.sent) == ("", 1)
    desk.courier.away = set()
    desk.clock.sleep(7200)
    desk.run()
    assert desk.ids("mail:a@example.org") == [["one"]]
    assert desk.ids("webhook:https://b.example/") == [["one"]]


def test_more_than_a_page_is_counted(ledger):
    desk = Desk(ledger, "mail:a@example.org")
    desk.shelf.articles = [(f"a{n:03}", desk.clock.now() - timedelta(minutes=n)) for n in range(150)]
    desk.run()
    ((_, message),) = desk.courier.sent
    assert (len(message.lines), message.total) == (25, 150)


def test_the_feed_holds_a_month_whatever_was_told(ledger):
    desk = Desk(ledger, "atom")
    desk.shelf.articles = [("a", desk.clock.now() - timedelta(days=20)), ("b", desk.clock.now() - timedelta(days=40))]
    desk.run()
    desk.run()
    assert desk.ids("atom") == [["a"], ["a"]]


def test_operators_hear_of_failed_runs_and_of_sources_once(ledger):
    desk = Desk(ledger, operators=("mail:ops@example.org",))
    now = desk.clock.now()
    with ledger.transaction() as conn:
        runs.start(conn, "r1", mode="live", window=Window(start=now, end=now), now=now)
        totals = {"faults": ["3 documents wait for Elasticsearch"], "notes": ["apnic-blog: frozen since 2026-10-01"]}
        runs.finish(conn, "r1", status="failed", totals=totals, now=now)
    desk.run()
    desk.clock.sleep(3600)
    desk.run()
    ((_, message),) = desk.courier.sent
    assert [line.title for line in message.lines] == ["Run r1 failed: 3 documents wait for Elasticsearch", "apnic-blog: frozen since 2026-10-01"]


def test_an_index_that_is_away_is_a_fault_of_each_alert(ledger):
    desk = Desk(ledger, "atom")

    def away(_request):
        raise Unavailable("Elasticsearch does not answer")

    desk.shelf.search = away
    (told,) = desk.run()
    assert "does not answer" in told.fault


def test_a_back_test_counts_days_and_articles():
    alert = Alert(id="x", title="X", request=SearchRequest(text="icann"), targets=("atom",))
    asked = []

    def volume(request, interval):
        asked.append((request.since, request.until, interval))
        return [Span(start="a", found=2, covered=9), Span(start="b", found=0, covered=9), Span(start="c", found=1, covered=9)]

    done = back_test(alert, volume, now=FakeClock().now(), days=90)
    assert (done.fired, done.articles, done.days) == (2, 3, 90)
    assert [(str(a), str(b), i) for a, b, i in asked] == [("2026-08-26", "2026-11-24", "day")]
