"""`igwire sources`: the catalogue, how its sources do, and getting lists in and out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from igwire.pipeline.preview import Preview

app = typer.Typer(no_args_is_help=True, help="The catalogue of sources.")
Wanted = Annotated[list[str] | None, typer.Argument(help="Ids or collections; everything when left out.")]


@app.command("list")
def list_sources(wanted: Wanted = None, json: output.JsonFlag = False) -> None:
    """List sources with what the last poll of each brought."""
    from igwire import wiring
    from igwire.ledger import sources

    catalogue = wiring.catalogue()
    chosen = catalogue.choose(wanted) if wanted else list(catalogue.by_id.values())
    with wiring.ledger().reading() as conn:
        states = sources.states(conn, [s.id for s in chosen])
    rows = [{**asdict(s), "state": states[s.id].state, "last_success_at": states[s.id].last_success_at} for s in chosen]
    output.rows(rows, ["id", "title", "kind", "language", "status", "state", "last_success_at"], json_flag=json)


@app.command()
def check(wanted: Wanted = None, json: output.JsonFlag = False) -> None:
    """Probe sources on probation and poll the others that are due, slowly, and say how each answers; exit code 1 when one does badly."""
    from igwire import wiring
    from igwire.pipeline import space
    from igwire.pipeline.health import healths
    from igwire.pipeline.poll import poll_due
    from igwire.pipeline.probation import followed, probe_due
    from igwire.pipeline.reservations import ask_due

    parts = wiring.parts()
    space.require(parts)
    chosen = parts.catalogue.choose(wanted) if wanted else list(parts.catalogue.by_id.values())
    now = datetime.now(UTC)
    run_id, until = f"check__{now:%Y-%m-%dT%H:%M:%S}", now + timedelta(hours=1)
    probe_due(parts, run_id, until=until, wanted=[s for s in chosen if s.status == "probation"])
    ids = {s.id for s in chosen}
    active = [s for s in followed(parts).active() if s.id in ids]
    poll_due(parts, run_id, active, mode="live", until=until)
    ask_due(parts, run_id, wanted=active)
    with parts.ledger.reading() as conn:
        found = [h for h in healths(parts, conn) if h.source.id in ids]
    rows = [{"id": h.source.id, "grade": h.grade, "state": h.state.state, "way": h.source.way, "reason": h.reason} for h in found]
    output.rows(rows, ["id", "grade", "state", "way", "reason"], json_flag=json)
    if any(h.grade == "bad" for h in found):
        raise typer.Exit(1)


@app.command()
def poll(json: output.JsonFlag = False) -> None:
    """Poll the feeds that are due and probe sources on probation whose week is over: what the DAG poll_feeds does, without Airflow."""
    from igwire import wiring
    from igwire.pipeline.poll import poll_sources
    from igwire.pipeline.weekly import ask_sites

    parts, run_id = wiring.parts(), f"cli__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    counts = poll_sources(parts, run_id) | ask_sites(parts, run_id)
    output.rows([{"answer": word, "count": count} for word, count in counts.items()], ["answer", "count"], json_flag=json)


@app.command()
def health(
    wanted: Wanted = None, grade: Annotated[str, typer.Option(help="Only this grade: good, watch, bad, wanted, new.")] = "", json: output.JsonFlag = False
) -> None:
    """How the sources do, with reasons, as the last polls and probes left them; asks nobody."""
    from igwire import wiring
    from igwire.pipeline.health import document, healths

    parts = wiring.parts()
    ids = {s.id for s in parts.catalogue.choose(wanted)} if wanted else set(parts.catalogue.by_id)
    with parts.ledger.reading() as conn:
        found = [document(h) for h in healths(parts, conn) if h.source.id in ids and grade in ("", h.grade)]
    output.rows(found, ["source_id", "grade", "state", "way", "reason", "unusual", "open_gaps", "next_poll_at"], json_flag=json)


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Home page of the publication, or its feed.")],
    name: Annotated[str, typer.Option("--id", help="Id; made from the host when left out.")] = "",
    kind: Annotated[str, typer.Option(help="Kind of publisher; see docs/sources.md.")] = "news",
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    json: output.JsonFlag = False,
) -> None:
    """Find the feed of a site, show what following it would bring, and add it to your own catalogue."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.feeds.catalogue import append
    from igwire.feeds.exchange import slug
    from igwire.model import SOURCE_KINDS, Source
    from igwire.pipeline import space
    from igwire.pipeline.preview import preview
    from igwire.urls import fetch_url, host_of

    if kind not in SOURCE_KINDS:
        raise UsageError(f"there is no kind {kind!r}; there are {', '.join(SOURCE_KINDS)}")
    parts, site = wiring.parts(), fetch_url(url)
    space.require(parts)
    wanted = Source(id=name or slug(host_of(site), parts.catalogue.by_id), title=host_of(site), site=site, feed_url=site, kind=kind, status="probation")
    seen = preview(parts, f"add__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", wanted)
    _show(seen, json)
    if not seen.finding.way:
        raise typer.Exit(1)
    if wanted.id in parts.catalogue.by_id:
        raise UsageError(f"there is a source {wanted.id!r} already; choose another --id")
    if yes or typer.confirm(f"Add {seen.source.id} to {wiring.own_sources()}?", err=True):
        append(wiring.own_sources(), [seen.source])
        output.say(f"Added. It is polled with the next run; `igwire sources health {seen.source.id}` tells how it does.")


def _show(seen: Preview, json: bool) -> None:
    article = seen.article.article if seen.article else None
    dated = [e.published or e.updated for e in seen.finding.entries]
    shown = {
        "id": seen.source.id, "title": seen.source.title, "language": seen.source.language, "way": seen.finding.way, "url": seen.finding.url,
        "reason": seen.finding.reason, "entries": len(seen.finding.entries), "newest": max(filter(None, dated), default=None),
        "article_url": seen.article_url, "robots": "forbids the article" if seen.problem == "robots" else "allows it" if seen.article else "not asked",
        "article_title": article.title if article else None, "article_words": len(article.text.split()) if article else 0,
        "article": article.text[:300] if article else (seen.article.reason if seen.article else seen.problem),
    }  # fmt: skip
    if output.as_json(json):
        output.record(shown)
    else:
        output.rows([{"what": key, "seen": value} for key, value in shown.items()], ["what", "seen"], json_flag=False)


@app.command()
def export(
    wanted: Wanted = None,
    form: Annotated[str, typer.Option("--as", help="opml, csv or markdown (the page docs/sources.md).")] = "opml",
    target: Annotated[Path | None, typer.Option("--out", help="File to write; standard output when left out.")] = None,
) -> None:
    """Write the catalogue as OPML, CSV or a page."""
    from igwire import settings, wiring
    from igwire.errors import UsageError
    from igwire.feeds import exchange
    from igwire.feeds.catalogue import groups

    catalogue = wiring.catalogue()
    chosen = catalogue.choose(wanted) if wanted else list(catalogue.by_id.values())
    if form not in ("opml", "csv", "markdown"):
        raise UsageError("--as must be opml, csv or markdown")
    if form == "markdown":
        ids = {s.id for s in chosen}
        listed = [(name, [s for s in group if s.id in ids]) for name, group in groups(settings.get().catalogue)]
        text = exchange.to_markdown((name, group) for name, group in listed if group)
    else:
        text = exchange.to_opml(chosen) if form == "opml" else exchange.to_csv(chosen)
    if target:
        target.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


@app.command("import")
def import_opml(path: Annotated[Path, typer.Argument(help="OPML file.", exists=True, dir_okay=False)], json: output.JsonFlag = False) -> None:
    """Take the feeds of an OPML file into your own catalogue, on probation: the next probe tells which of them work."""
    from igwire import wiring
    from igwire.feeds.catalogue import append
    from igwire.feeds.exchange import from_opml

    found, dropped = from_opml(path.read_bytes(), wiring.catalogue().by_id.values())
    if found:
        append(wiring.own_sources(), found)
    output.rows([{"id": s.id, "title": s.title, "feed_url": s.feed_url} for s in found], ["id", "title", "feed_url"], json_flag=json)
    output.say(f"{len(found)} sources added to {wiring.own_sources()}" + "".join(f", {count} left out: {reason}" for reason, count in dropped.items()))
