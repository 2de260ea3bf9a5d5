"""Where the real things are built: clients, stores and clocks from the settings. Nothing else constructs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from igwire import settings
from igwire.errors import ConfigError, Unavailable, UsageError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from igwire.enrich.tagger import Tagger
    from igwire.feeds.catalogue import Catalogue
    from igwire.fetch.client import Client
    from igwire.index.tending import Tended
    from igwire.index.writer import BulkWriter
    from igwire.kb import KnowledgeBase
    from igwire.kb.curation import Decision, Decisions
    from igwire.ledger.database import Ledger
    from igwire.model import WebArchive
    from igwire.pipeline.alerting import Told
    from igwire.pipeline.parts import Parts
    from igwire.pipeline.report import Report
    from igwire.pipeline.tend import Line
    from igwire.runtime.delivery import Deliverer
    from igwire.runtime.secrets import KeyFolder
    from igwire.search.alerts import Alerts
    from igwire.search.reader import Reader
    from igwire.search.rights import Viewer
    from igwire.store.backup import Manifest, Saved
    from igwire.store.warc import WarcStore


class SystemClock:
    """The machine's clock; see `ports.Clock`."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


__all__ = ["Unavailable", "settings"]
CLOCK = SystemClock()


def elasticsearch_client() -> Elasticsearch:
    """A client for the configured server, or for the local node where none is configured."""
    from elasticsearch import Elasticsearch

    chosen = settings.get()
    options: dict[str, Any] = {}
    if key := chosen.es_key:
        options["api_key"] = key
    elif chosen.es_user:
        options["basic_auth"] = (chosen.es_user, chosen.es_password.get_secret_value())
    if chosen.es_ca_certs:
        options["ca_certs"] = chosen.es_ca_certs
    return Elasticsearch(elasticsearch_url(), **options)


def elasticsearch_url() -> str:
    """Address of the server: IGWIRE_ES_URL, else where the local node runs, else where it would."""
    chosen = settings.get()
    if chosen.es_url:
        return chosen.es_url
    from igwire.runtime.elasticsearch import LocalElasticsearch

    return LocalElasticsearch.from_settings(chosen).url or f"http://127.0.0.1:{chosen.es_port}"


def key_folder() -> KeyFolder:
    """Where the API keys of igwire's parts are kept."""
    from igwire.runtime.secrets import KeyFolder

    return KeyFolder(settings.get().state.absolute() / "keys")


def reader() -> Reader:
    """Reads from the index."""
    from igwire.search.reader import Reader

    return Reader(elasticsearch_client(), settings.get().index_prefix, knowledge_base, topics_named, titles)


def viewer() -> Viewer:
    """Who reads on the command line: whoever runs igwire owns the archive, unless IGWIRE_WEB_VIEWER says otherwise."""
    return settings.get().web_viewer or "owner"


def knowledge_base() -> KnowledgeBase:
    """The knowledge base, read once a process."""
    from igwire.kb import packaged

    return packaged()


def topics_named(words: str) -> tuple[str, ...]:
    """Ids of the topics that a query names."""
    return tagger().topics_named(words)


def titles() -> dict[str, dict[str, str]]:
    """What people call sources, topics and kinds of sources, by id."""
    from igwire.kb import topics

    sources = {source.id: source.title for source in catalogue().by_id.values()}
    return {"source": sources, "topic": {topic.id: topic.title for topic in topics.load().by_id.values()}}


def search_index() -> BulkWriter:
    """Writes to the index."""
    from igwire.index.writer import BulkWriter

    chosen = settings.get()
    return BulkWriter(elasticsearch_client(), chosen.index_prefix, CLOCK, tries=chosen.es_tries)


def catalogue() -> Catalogue:
    """The sources: the configured catalogue, else the package's; and those that the user added."""
    from igwire.feeds.catalogue import HERE, load

    own = own_sources()
    return load([*(settings.get().catalogue or (HERE,)), *([own] if own.exists() else [])])


def own_sources() -> Path:
    """The file that `igwire sources add` and `import` write to."""
    return settings.get().state.absolute() / "sources.yaml"


def ledger() -> Ledger:
    """The ledger, migrated. What is noted in it is logged as IGWIRE_LOG says."""
    from igwire import logs
    from igwire.ledger.database import Ledger

    logs.to_stderr(settings.get().log)
    return Ledger.open(settings.get().ledger)


def check_ledger() -> None:
    """Raises ConfigError naming a pending migration, Unavailable when the ledger cannot be opened; changes nothing."""
    from igwire.ledger.database import HEAD, Ledger, known_versions

    standing = Ledger.standing(settings.get().ledger)
    if standing is not None and standing not in known_versions():
        raise ConfigError(f"the ledger was written by a newer igwire (it stands at {standing}). Upgrade igwire, or restore a backup.")
    if standing not in (None, HEAD):
        raise ConfigError(
            f"a migration is pending: the ledger stands at {standing}, this igwire needs {HEAD}. The next command that opens it migrates it and keeps a copy beside it; back up first (`igwire backup`)."
        )


def raw_store() -> WarcStore:
    """The raw store."""
    from igwire.store.remote import Remote
    from igwire.store.warc import WarcStore

    chosen = settings.get()
    return WarcStore(chosen.state.absolute() / "raw", CLOCK, Remote(chosen.raw_url) if chosen.raw_url else None)


@lru_cache(maxsize=1)
def tagger() -> Tagger:
    """The tagger with the whole knowledge base, the reviewers' decisions and the model that IGWIRE_NER names; made once a process."""
    from igwire.enrich.engines import engine_of
    from igwire.enrich.tagger import packaged_tagger

    return packaged_tagger().under(engine_of(settings.get().ner), decisions())


def curation_file() -> Path:
    """The file of the reviewers' decisions: IGWIRE_CURATION, else in the state folder."""
    return _user_file(settings.get().curation, "curation.yaml")


def _user_file(given: str, name: str) -> Path:
    """The file that a setting names, else the one in the state folder."""
    return Path(given).absolute() if given else settings.get().state.absolute() / name


def decisions() -> Decisions:
    """The reviewers' decisions. Raises CatalogueError with file and line."""
    from igwire.kb import curation

    return curation.load(curation_file(), knowledge_base())


def decide(row: dict[str, Any]) -> Decision:
    """Append a decision to the file. Raises CatalogueError when it is faulty."""
    from igwire.kb import curation

    return curation.add(curation_file(), row, knowledge_base())


def alerts() -> Alerts:
    """The alerts of the user's file. Raises CatalogueError."""
    from igwire.search.alerts import load

    return load(_user_file(settings.get().alerts, "alerts.yaml"))


def run_alerts() -> list[Told]:
    """Tell every target of every alert what is new for it."""
    from igwire.pipeline.alerting import run_alerts as run

    return run(alerts(), ledger_=ledger(), reader=reader, courier=_courier(), clock=CLOCK)


def _courier() -> Deliverer:
    from igwire.runtime.delivery import Deliverer

    chosen = settings.get()
    return Deliverer(folder=chosen.state.absolute() / "alerts", smtp=chosen.smtp_url.get_secret_value(), sender=chosen.contact)


def wikidata() -> Callable[[str], bytes]:
    """Asks Wikidata one SPARQL query through the guarded client. Raises FetchError when it is away or refuses."""
    from urllib.parse import urlencode

    from igwire.errors import FetchError
    from igwire.kb.refresh import ENDPOINT

    client = fetcher()
    # The service asks for a pause between queries of one client.
    pause_s = 1.0

    def ask(query: str) -> bytes:
        url = f"{ENDPOINT}?{urlencode({'query': query, 'format': 'json'})}"
        capture = client.get(url, headers={"Accept": "application/sparql-results+json"}, deadline_s=90)
        if capture.status != 200:
            raise FetchError(ENDPOINT, "http_error", f"Wikidata answered {capture.status}; the knowledge base is unchanged")
        CLOCK.sleep(pause_s)
        return capture.body

    return ask


def fetcher() -> Client:
    """The guarded HTTP client. Raises ConfigError when real hosts would be asked without a contact."""
    from igwire.fetch.client import Client, user_agent
    from igwire.fetch.guard import Guard

    chosen = settings.get()
    if not chosen.contact and not chosen.allow_loopback:
        raise ConfigError("IGWIRE_CONTACT is not set: publishers must be able to reach whoever runs this robot. Set it to a mail address or a page.")
    return Client(agent=user_agent(chosen.contact), guard=Guard(chosen.allow_loopback, public=bool(chosen.contact)))


def fetch_stage(allow_loopback: bool) -> dict[str, Any]:
    """What `igwire stage fetch` needs: a client, the gap, and which hosts are the user's own (those on loopback, where allowed)."""
    from igwire.fetch.client import Client, user_agent
    from igwire.fetch.guard import Guard

    chosen = settings.get()
    loopback = ("127.0.0.0/8", "::1/128") if allow_loopback else ()
    guard = Guard((*chosen.allow_loopback, *loopback), public=bool(chosen.contact))

    def own(host: str) -> bool:
        if host == "localhost":
            return guard.allows("127.0.0.1", 0)
        try:
            return guard.allows(host.strip("[]"), 0)
        except ValueError:
            return False

    return {"fetcher": Client(agent=user_agent(chosen.contact), guard=guard), "gap_s": chosen.gap_s, "own": own}


def parts() -> Parts:
    """Everything that the pipeline works with."""
    from igwire.pipeline.parts import Knobs, Parts
    from igwire.store.space import free

    chosen = settings.get()
    knobs = Knobs(
        gap_s=chosen.gap_s,
        budget_s=chosen.collect_budget_s,
        threads=chosen.fetch_threads,
        parser_workers=chosen.parser_workers,
        batches=chosen.batches,
        host_requests=chosen.host_requests,
        free_floor=int(chosen.free_floor_gb * 1024**3),
        tdm_general=chosen.tdm_basis == "general",
        index_excerpts=chosen.index_text == "excerpt",
    )
    return Parts(
        ledger=ledger(), store=raw_store(), catalogue=catalogue(), clock=CLOCK, knobs=knobs, fetcher=fetcher, tagger=tagger, index=search_index,
        forget_told=_courier().forget, free_bytes=partial(free, chosen.state.absolute()), web_archives=tuple(map(_web_archive, chosen.web_archives)),
    )  # fmt: skip


def _web_archive(named: str) -> WebArchive:
    from igwire.model import WebArchive

    cdx, place = named.split()
    files = place.removeprefix("warc:")
    return WebArchive(cdx=cdx, files=files) if files != place else WebArchive(cdx=cdx, replay=place)


def backup(target: str) -> Saved:
    """Back everything up to a folder or an fsspec URL; see `pipeline.backup`."""
    from igwire import __version__
    from igwire.pipeline.backup import backup as save
    from igwire.store.remote import Remote

    chosen = settings.get()
    return save(parts(), Remote(target), chosen.state.absolute(), settings=chosen.shown(), release=__version__)


def metrics() -> tuple[bytes, str]:
    """Metrics of this moment in the OpenMetrics format, and their content type."""
    from igwire.pipeline.metrics import CONTENT_TYPE, text

    return text(parts(), settings.get().state.absolute()), CONTENT_TYPE


def index_room() -> str:
    """How full Elasticsearch's disk is and what that stops, in words."""
    from elasticsearch import ApiError, TransportError

    from igwire.index.tending import watermark

    try:
        used, stopped = watermark(elasticsearch_client())
    except (ApiError, TransportError) as error:
        return f"Elasticsearch does not tell of its disk: {str(error)[:200]}"
    return stopped or f"Elasticsearch's disk is {used:.0%} full, below its watermarks."


def tend() -> list[Line]:
    """The weekly care of the archive; see `pipeline.tend`."""
    from igwire.pipeline.tend import Care
    from igwire.pipeline.tend import tend as run

    chosen = settings.get()

    def save() -> str:
        done = backup(chosen.backup_url)
        return f"{done.files} files are in the backup, {done.copied} of them copied now"

    care = Care(
        parts=parts(), state=chosen.state.absolute(), index=_tended(), clock=CLOCK, keep_feeds_days=chosen.keep_feeds_days,
        backup=save if chosen.backup_url else None,
    )  # fmt: skip
    return run(care, f"tend__{CLOCK.now():%Y-%m-%dT%H:%M:%S}")


def restore(source: str) -> Manifest:
    """Bring a backup into the empty state folder; see `pipeline.backup`."""
    from igwire.pipeline.backup import restore as load
    from igwire.store.remote import Remote

    chosen = settings.get()
    return load(Remote(source), chosen.state.absolute(), ledger_url=chosen.ledger)


def rebuild_into_new(parts: Parts, run_id: str, *, first: str, selection: Any) -> Any:
    """Rebuild everything into a new index beside the live one and swap it in; see `pipeline.rebuild.into_new`."""
    from igwire.pipeline.rebuild import Selection, into_new

    if selection != Selection():
        raise UsageError("--into new makes a whole index; leave out --select and --only-stale")
    done = into_new(parts, run_id, index_versions(), first=first)
    refresh_names()
    return done


def refresh_names() -> None:
    """Weigh the names of entities, which searches suggest, by the articles that the live index holds. Raises Unavailable."""
    _tended().name()


def close_run(done: Report) -> None:
    """What follows a run's report: where it indexed something, searches suggest names by it."""
    if done.outcomes["indexed"]:
        # The articles are safe without it: the next run does it again, and the weekly care tells of a fault that lasts.
        with suppress(Unavailable):
            refresh_names()


def _tended() -> Tended:
    from igwire.index.tending import Tended

    return Tended(elasticsearch_client(), settings.get().index_prefix, knowledge_base)


def index_versions() -> Any:
    """The versions of the article index, brought up to the schema first."""
    from igwire.index import migrate

    client, prefix = elasticsearch_client(), settings.get().index_prefix
    migrate.apply(client, prefix)
    return migrate.Versions(client, prefix)


@contextmanager
def scratch_index(rows: list[dict[str, Any]], *, plain: bool = False) -> Iterator[Callable[[Iterable[dict[str, Any]]], Iterator[dict[str, Any]]]]:
    """An index with the documents `rows` and nothing else, dropped at exit; gives what answers queries on it (see `pipeline.evaluate`)."""
    from igwire.index import migrate
    from igwire.index.writer import BulkWriter
    from igwire.pipeline import evaluate
    from igwire.search.bare import BareIndex
    from igwire.search.reader import Reader

    client, prefix = elasticsearch_client(), f"{settings.get().index_prefix}-eval-{uuid4().hex[:8]}"
    migrate.check_server(client)
    try:
        if plain:
            bare = BareIndex(client, prefix)
            bare.fill(rows)
            yield bare.ask
        else:
            migrate.apply(client, prefix)
            evaluate.fill(BulkWriter(client, prefix, CLOCK), rows, tagger())
            client.indices.refresh(index=f"{prefix}-articles")
            yield partial(evaluate.ask, Reader(client, prefix, knowledge_base, topics_named))
    finally:
        migrate.drop(client, prefix)
