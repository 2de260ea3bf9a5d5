"""`igwire serve`: the search page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from fastapi import FastAPI

    from igwire.settings import Settings


def serve(host: Annotated[str, typer.Option(help="Address to listen on.")] = "", port: Annotated[int, typer.Option(help="0 = the setting's.")] = 0) -> None:
    """Serve the search page until it is stopped. Beyond this machine it needs IGWIRE_WEB_TOKEN or IGWIRE_WEB_USER_HEADER."""
    import uvicorn

    from igwire import settings

    chosen = settings.get()
    address, number = host or chosen.web_host, port or chosen.web_port
    app = page_for(chosen, address)
    output.say(f"The search page is at http://{f'[{address}]' if ':' in address else address}:{number}/; stop it with Ctrl-C.")
    uvicorn.run(app, host=address, port=number, log_level="warning", server_header=False)


def page_for(chosen: Settings, address: str) -> FastAPI:
    """The page as it may listen on `address`. Raises ConfigError where it would be open to everybody."""
    from fastapi import Depends

    from igwire import wiring
    from igwire.web import access
    from igwire.web.app import create_app

    token, header = chosen.web_token.get_secret_value(), chosen.web_user_header
    access.check(address, token=token, user_header=header)
    # Behind a proxy on this machine sits the public, too.
    own = access.is_loopback(address) and not header
    guards = [Depends(access.guard(token=token, user_header=header))] if token or header else []
    return create_app(
        wiring.reader,
        wiring.CLOCK,
        viewer=chosen.web_viewer or ("owner" if own else "public"),
        dependencies=guards,
        metrics=wiring.metrics,
        titles=wiring.titles,
    )
