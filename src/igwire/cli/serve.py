"""`igwire serve`: the search page."""

from __future__ import annotations

from typing import Annotated

import typer

from igwire.cli import output


def serve(host: Annotated[str, typer.Option(help="Address to listen on.")] = "", port: Annotated[int, typer.Option(help="0 = the setting's.")] = 0) -> None:
    """Serve the search page until it is stopped."""
    import uvicorn

    from igwire import settings, wiring
    from igwire.errors import ConfigError
    from igwire.web.app import create_app

    chosen = settings.get()
    address, number = host or chosen.web_host, port or chosen.web_port
    if address not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError(f"the page would be open to everybody on {address}: put it behind a reverse proxy with a login, on 127.0.0.1")
    output.say(f"The search page is at http://{address}:{number}/; stop it with Ctrl-C.")
    uvicorn.run(create_app(wiring.reader), host=address, port=number, log_level="warning")
