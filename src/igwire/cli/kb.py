"""`igwire kb`: the knowledge base."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Entities that igwire knows by name.")


@app.command()
def check(json: output.JsonFlag = False) -> None:
    """Read the whole knowledge base and name the first fault by file and line; list names that several entities share."""
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
