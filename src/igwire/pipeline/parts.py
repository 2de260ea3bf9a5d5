"""What the pipeline is given to work with: built by `wiring`, replaced by fakes in tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

from igwire.enrich.tagger import Tagger
from igwire.feeds.catalogue import Catalogue
from igwire.ledger.database import Ledger
from igwire.model import Source, WebArchive
from igwire.ports import Clock, Fetcher, RawStore, SearchIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Numbers that the settings decide; see `settings.Settings`."""

    gap_s: float
    budget_s: float
    threads: int
    parser_workers: int
    batches: int
    # Requests that one host gets in a UTC day at most.
    host_requests: int = 5000
    # With fewer free bytes nothing is fetched.
    free_floor: int = 0
    # Mining is done under Article 4 of Directive (EU) 2019/790: where a publisher reserves it, only metadata are kept.
    tdm_general: bool = False
    # The index holds no more of a text than everybody may see.
    index_excerpts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The pipeline's collaborators. The three callables are asked only when their stage runs, because building them is slow."""

    ledger: Ledger
    store: RawStore
    catalogue: Catalogue
    clock: Clock
    knobs: Knobs
    fetcher: Callable[[], Fetcher]
    tagger: Callable[[], Tagger]
    index: Callable[[], SearchIndex]
    # Asked for a past that the sources themselves do not reach; none unless the user named some.
    web_archives: tuple[WebArchive, ...] = ()
    # Free bytes on the disk of the state folder.
    free_bytes: Callable[[], int] = lambda: sys.maxsize
    # Takes what alerts wrote about these ids and addresses out of the operator's files.
    forget_told: Callable[[Collection[str]], None] = lambda _: None

    def source(self, source_id: str) -> Source:
        """The source, or a bare one when it has left the catalogue (or the text was imported): its articles stay."""
        return self.catalogue.by_id.get(source_id) or Source(id=source_id, title=source_id, site="", status="wanted", rights="full")
