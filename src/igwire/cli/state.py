"""`igwire status` and `igwire trace`: how things stand, and what became of one article."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from igwire.cli import output

# A daily run, and two hours for it to be late.
_FRESH = timedelta(hours=26)


def status(json: output.JsonFlag = False) -> None:
    """When the last daily run went well, and what the newest runs did; exit code 1 after 26 hours without a good one."""
    from igwire import wiring
    from igwire.ledger import runs

    with wiring.ledger().reading() as conn:
        good, newest = runs.last_good(conn), runs.newest(conn)
        buried = len(runs.open_dead_letters(conn))
    fresh = good is not None and good.finished_at is not None and datetime.now(UTC) - good.finished_at < _FRESH
    if output.as_json(json):
        output.record({"ok": fresh, "last_good_run": good.id if good else None, "finished_at": good.finished_at if good else None, "dead_letters": buried})
    else:
        rows = [{"run": r.id, "status": r.status, "started": f"{r.started_at:%Y-%m-%d %H:%M}", **_counts(r.totals)} for r in newest]
        output.rows(rows, ["run", "status", "started", "planned", "indexed", "pending_index"], json_flag=False)
        output.say(f"Last good daily run: {good.id if good else 'none yet'}. Open dead letters: {buried}.")
    if not fresh:
        raise typer.Exit(1)


def _counts(totals: dict[str, object] | None) -> dict[str, object]:
    outcomes = (totals or {}).get("outcomes")
    return {"planned": (totals or {}).get("planned"), **(outcomes if isinstance(outcomes, dict) else {})}


def trace(key: Annotated[str, typer.Argument(help="URL, or id of an item or document.")], json: output.JsonFlag = False) -> None:
    """Every poll, fetch, decision and write of one article."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.ledger import items, runs

    with wiring.ledger().reading() as conn:
        item = items.find(conn, key)
        if item is None:
            raise UsageError(f"the ledger knows no article {key!r}: no feed that was read has named it")
        events = runs.trace(conn, item)
    rows = [{"at": f"{e.at:%Y-%m-%d %H:%M:%S}", "what": e.what, "run": e.run_id, "detail": e.detail} for e in events]
    output.rows(rows, ["at", "what", "run", "detail"], json_flag=json, title=f"{item.url}: {item.state}")
