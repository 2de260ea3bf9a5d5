"""`igwire kb`: the knowledge base."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Entities that igwire knows by name.")


@app.command()
def check(json: output.JsonFlag = False) -> None:
    """Read the whole knowledge base and name the first fault by file and line; list names that several entities share on purpose."""
    from igwire.kb import load
    from igwire.kb.loader import clashes

    kb = load()
    shared = [{"name": name, "entities": ", ".join(ids)} for name, ids in clashes(kb)]
    output.rows(shared, ["name", "entities"], json_flag=json, title=f"{len(kb.by_id)} entities, version {kb.version}; shared names")


@app.command()
def show(entity: Annotated[str, typer.Argument(help="Local id such as org:icann.")]) -> None:
    """Print one entity."""
    from igwire.errors import UsageError
    from igwire.kb import load

    kb = load()
    if entity not in kb.by_id:
        raise UsageError(f"there is no entity {entity!r}; look for it with `igwire kb search TEXT`")
    output.record(asdict(kb.by_id[entity]))


@app.command()
def search(text: str, json: output.JsonFlag = False) -> None:
    """Find entities by a part of any of their names."""
    from igwire.kb import load

    found = [{"id": e.id, "type": e.type, "name": e.name, "qid": e.qid} for e in load().search(text)]
    output.rows(found, ["id", "type", "name", "qid"], json_flag=json)


@app.command()
def refresh(
    out: Annotated[Path | None, typer.Option(help="File for the diff; without it, it is printed.")] = None,
    propose: Annotated[int, typer.Option(help="Also look for the QIDs of so many entities that have none.", min=0)] = 0,
) -> None:
    """Ask Wikidata for names that the knowledge base lacks, and print a diff to review and apply with `patch -p1`; nothing is changed."""
    from igwire import wiring
    from igwire.kb import load
    from igwire.kb.refresh import diff, proposals

    ask = wiring.wikidata()
    text = diff(ask)
    if out:
        out.write_text(text, encoding="utf-8")
        output.say(f"{text.count(chr(10) + '+')} new lines in {out}; review them, then `patch -p1 < {out}` and `igwire kb check`.")
    else:
        print(text, end="")
    blank = [(e.id, e.name) for e in load().by_id.values() if e.qid is None and not e.series][:propose]
    for found in proposals(ask, blank):
        output.say(f"{found.entity} may be {found.qid}: {found.label} ({found.description}) {found.site}")
