"""`igwire eval`: ranking on judged collections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Measure the ranking on a collection of documents and queries.")


@app.command()
def run(
    docs: Annotated[Path, typer.Option(help='JSON lines {"id", "title", "text"}.', exists=True, dir_okay=False)],
    queries: Annotated[Path, typer.Option(help='JSON lines {"id", "query"}.', exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help='JSON lines {"id", "hits"}: ids of documents, best first, at most 100.')],
    plain: Annotated[bool, typer.Option("--plain", help="A bare multi_match on Elasticsearch's defaults, for comparison.")] = False,
) -> None:
    """Index the documents into a scratch index, ask every query as the page does, write the hits, drop the index."""
    from igwire import wiring
    from igwire.pipeline.evaluate import read_rows

    asked, rows = read_rows(queries, "query"), read_rows(docs, "text")
    with wiring.scratch_index(rows, plain=plain) as answer, out.open("w", encoding="utf-8") as target:
        for hits in answer(asked):
            if fault := hits.pop("fault", ""):
                output.say(f"Query {hits['id']}: {fault}")
            target.write(json.dumps(hits, ensure_ascii=False) + "\n")
