"""`igwire curation`: reviewers' decisions on tags."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Reviewers' decisions on tags: hide, merge, correct, link. They outlive every re-run.")
_COLUMNS = ["line", "decision", "surface", "entity", "into", "type", "by", "reason"]


@app.command("list")
def list_(json: output.JsonFlag = False) -> None:
    """Print the decisions; the first fault is named by file and line."""
    from igwire import wiring
    from igwire.enrich.curation import rows

    output.rows(list(rows(wiring.decisions())), _COLUMNS, json_flag=json, title=str(wiring.curation_file()))


@app.command()
def check() -> None:
    """Read the file and name the first fault by file and line (exit code 2)."""
    from igwire import wiring

    found = wiring.decisions()
    output.say(f"{wiring.curation_file()}: {len(found.listed)} decisions, version {found.version or 'none'}.")


@app.command()
def add(
    decision: Annotated[str, typer.Argument(help="hide, merge, correct or link.")],
    surface: Annotated[str | None, typer.Option(help="The words as they are written.")] = None,
    entity: Annotated[str | None, typer.Option(help="The entity that they are linked to now.")] = None,
    into: Annotated[str | None, typer.Option(help="The entity that is meant; 'none' = no entity.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="The type that is meant.")] = None,
    language: Annotated[str | None, typer.Option(help="Only in texts of this language.")] = None,
    source: Annotated[str | None, typer.Option(help="Only in texts of this source.")] = None,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Append a decision; `igwire rebuild --from enrich --only-stale` then tags the archive again."""
    from igwire import wiring

    named = {"decision": decision, "surface": surface, "entity": entity, "type": kind, "language": language, "source": source, "by": by, "reason": reason}
    row: dict[str, Any] = {name: value for name, value in named.items() if value}
    if into:
        row["into"] = None if into == "none" else into
    made = wiring.decide({**row, "on": wiring.CLOCK.now().date().isoformat()})
    output.say(f"{wiring.curation_file()}:{made.line}: {made.decision}. `igwire rebuild --from enrich --only-stale` applies it to what is indexed.")
