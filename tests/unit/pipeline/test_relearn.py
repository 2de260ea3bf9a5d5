"""A ledger made again from the raw store gives the same documents, revisions and tombstones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from invented import LIVE, WORDS, page, serve

from igwire.errors import UsageError
from igwire.index.document import document_hash
from igwire.ledger import documents, erasures
from igwire.ledger.database import Ledger
from igwire.pipeline import erase as erasing
from igwire.pipeline.imports import Text, import_texts
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.relearn import relearn
from igwire.pipeline.run import run_all
from igwire.urls import document_id


def hashes(bench) -> dict[str, str]:
    return {doc_id: document_hash(body) for doc_id, body in bench.index.documents.items()}


def test_the_ledger_comes_back_from_the_raw_store_with_the_same_documents(bench, tmp_path):
    serve(bench, one=(200, page("One", WORDS[::-1])), two=(200, page("Two")), three=(200, page("Three")), gone=(410, b""))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    import_texts(bench.parts(), "i1", iter([Text(title="Own", body=f"A text of our own. {WORDS}", origin="own.txt")]))
    serve(bench, one=(200, page("One", WORDS[::-1])), two=(200, page("Two", f"{WORDS} It was corrected later.")), three=(200, page("Three")))
    bench.clock.moment += timedelta(hours=2)
    run_all(bench.parts(gap_s=0), "r2", LIVE)
    parts = bench.parts()
    erasing.erase(parts, erasing.tombstones_for(parts, keys=["http://news.example/one"], reason="asked for", now=bench.clock.now()))
    run_all(bench.parts(gap_s=0), "r3", LIVE)
    before = hashes(bench)
    assert len(before) == 3
    versions = dict(bench.index.versions)

    with pytest.raises(UsageError, match="not empty"):
        relearn(parts, "again")
    bench.ledger.close()
    bench.ledger = Ledger.open(f"sqlite:///{tmp_path / 'another.db'}")
    bench.index.documents.clear()
    done = relearn(bench.parts(), "again")
    assert (done.documents, done.tombstones, done.unreadable) == (3, 1, 0)
    assert rebuild(bench.parts(), "b1", first="extract", selection=Selection()).ok
    assert hashes(bench) == before
    # The index held versions of the lost ledger: new ones lie above them.
    assert all(bench.index.versions[doc_id] > versions[doc_id] for doc_id in before)
    two = document_id("http://news.example/two")
    with bench.ledger.reading() as conn:
        assert [r.revision for r in documents.history(conn, [two])[two]] == [1, 2]
        assert erasures.held(conn, [document_id("http://news.example/one")])
