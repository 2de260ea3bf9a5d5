"""`igwire newsroom`: the offline web of the demo and the tests, in the foreground until it is stopped."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from igwire.cli import output


def newsroom(
    port: Annotated[int, typer.Option(help="Port on every loopback address; 0 = a free one.")] = 8100,
    catalogue: Annotated[Path | None, typer.Option(help="Write the served sources to this catalogue file.")] = None,
    log: Annotated[Path | None, typer.Option(help="Append one JSON line a request to this file.")] = None,
    replay: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help='Serve recorded pages instead: lines of {"file", "url", "title"?, "date"?}.')
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Only what was published before this instant (UTC).")] = None,
) -> None:
    """Serve the newsroom on loopback addresses of its own."""
    import yaml

    from igwire.newsroom.replay import add_hosts, read_list
    from igwire.newsroom.replay import catalogue as replay_catalogue
    from igwire.newsroom.server import Newsroom

    moment = until.replace(tzinfo=UTC) if until else None
    room = Newsroom(port=port, log=log, now=(lambda: moment) if moment else None)
    hosts = read_list(replay) if replay else []
    add_hosts(room, hosts)
    room.open()
    sources = replay_catalogue(room, hosts) if replay else room.catalogue()
    if catalogue:
        catalogue.parent.mkdir(parents=True, exist_ok=True)
        catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": sources}, allow_unicode=True, sort_keys=False), encoding="utf-8")
    output.say(f"The newsroom serves {len(sources)} sources on port {room.port}; stop it with Ctrl-C.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: room.stop())
    room.serve()
