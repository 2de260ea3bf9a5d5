"""Who may look at a page that stands alone: everybody of this machine, or whoever has the token, or whom a reverse proxy has let in."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException, Request

from igwire.errors import ConfigError


def is_loopback(host: str) -> bool:
    """Whether a page that listens there is open to this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check(host: str, *, token: str, user_header: str) -> None:
    """Raises ConfigError where the page would be open to everybody."""
    if not is_loopback(host) and not token and not user_header:
        raise ConfigError(
            f"the page would be open to everybody on {host}: set IGWIRE_WEB_TOKEN to a long random text, or IGWIRE_WEB_USER_HEADER to the header "
            "in which your reverse proxy names the user, or listen on 127.0.0.1"
        )
    if token and len(token) < 16:
        raise ConfigError("IGWIRE_WEB_TOKEN is too short to keep anybody out: take at least 16 random characters, as `openssl rand -hex 16` gives")


def guard(*, token: str, user_header: str) -> Callable[[Request], None]:
    """What every route asks for: the proxy's user, or the token as a bearer or as the password of any user. Answers 401 otherwise.

    The header proves nothing by itself: only the proxy may be able to reach the page, and it must overwrite the header.
    """

    def look(request: Request) -> None:
        if user_header and request.headers.get(user_header, "").strip():
            return
        if token and hmac.compare_digest(_offered(request.headers.get("Authorization", "")).encode(), token.encode()):
            return
        ask: dict[str, Any] = {"headers": {"WWW-Authenticate": 'Basic realm="igwire", charset="UTF-8"'}} if token else {}
        raise HTTPException(401, "This page needs a token, or a login at the proxy in front of it.", **ask)

    return look


def _offered(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
