"""Who may do what in Elasticsearch: roles as JSON files beside this module, an API key for each part of igwire, one user for Kibana.

roles/*.json ─▶ roles ─▶ keys of writer, page and dashboards ─▶ the analyst        each step by itself: one that is refused blocks no other

Applied again it changes nothing: a key that works is kept, and only what it may do is brought up to date. Made by a user, never by a
key: a key that a key made has no privileges (Elasticsearch, "Create API key").
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from string import Template
from typing import Any, Protocol

from elasticsearch import ApiError, Elasticsearch, TransportError

from igwire.errors import ConfigError, Unavailable
from igwire.model import Applied

HERE = Path(__file__).parent / "roles"
# Parts of igwire that log in by a key, named as their role; the analyst is a person.
KEYS = ("writer", "page", "dashboards")
ANALYST = "analyst"
# What of a role an API key takes.
_KEY_PARTS = ("cluster", "indices", "applications")
# What a server without security says to a request for it.
_NO_HANDLER = (400, 404, 405)


class KeyFolder(Protocol):
    """Where keys are kept, each readable by its owner only."""

    def read(self, name: str) -> str:
        """The kept key, or an empty text."""

    def write(self, name: str, key: str) -> None:
        """Keep a key in place of the one before; an empty one says that none is needed."""


def roles(prefix: str) -> dict[str, dict[str, Any]]:
    """Every role by its short name, for indices that begin with `prefix`."""
    return {file.stem: json.loads(Template(file.read_text(encoding="utf-8")).substitute(prefix=prefix)) for file in sorted(HERE.glob("*.json"))}


def has_security(client: Elasticsearch) -> bool:
    """Whether the server asks who somebody is. Raises ConfigError when it refuses the credentials or knows them for a key's, Unavailable when it is away."""
    try:
        who = client.security.authenticate()
    except ApiError as error:
        if error.status_code in _NO_HANDLER:
            return False
        if error.status_code in (401, 403):
            raise ConfigError(f"Elasticsearch refuses the credentials: {error}. Roles and keys are made by a user: set IGWIRE_ES_USER.") from error
        raise Unavailable(f"Elasticsearch answers with an error: {error}") from error
    except TransportError as error:
        raise Unavailable(f"Elasticsearch does not answer: {error}. Check IGWIRE_ES_URL.") from error
    if who.get("authentication_type") == "api_key":
        raise ConfigError("roles and keys are made by a user, not by a key: set IGWIRE_ES_USER and IGWIRE_ES_PASSWORD, and unset IGWIRE_ES_API_KEY.")
    return True


def apply(client: Elasticsearch, prefix: str, keys: KeyFolder, *, analyst_password: str = "", rotate: bool = False) -> Iterator[Applied]:
    """Bring roles, keys and the analyst into being; `rotate` makes new keys and ends the old ones."""
    wanted = roles(prefix)
    for name, role in wanted.items():
        yield _tried("role", f"{prefix}-{name}", partial(_role, client, f"{prefix}-{name}", role))
    for name in KEYS:
        yield _tried("API key", f"{prefix}-{name}", partial(_key, client, prefix, name, wanted[name], keys, rotate))
    yield _tried("user", f"{prefix}-{ANALYST}", partial(_analyst, client, prefix, analyst_password))


def without(keys: KeyFolder) -> None:
    """Note for every part that its server needs no key."""
    for name in KEYS:
        keys.write(name, "")


def _tried(what: str, name: str, step: Callable[[], str]) -> Applied:
    try:
        return Applied(what=what, id=name, ok=True, detail=step())
    except (ApiError, TransportError) as error:
        return Applied(what=what, id=name, ok=False, detail=str(error)[:500])


def _role(client: Elasticsearch, name: str, role: dict[str, Any]) -> str:
    answer = client.security.put_role(name=name, **role)
    return "made" if answer["role"]["created"] else "is as its file says"


def _key(client: Elasticsearch, prefix: str, name: str, role: dict[str, Any], keys: KeyFolder, rotate: bool) -> str:
    descriptors = {f"{prefix}-{name}": {part: role[part] for part in _KEY_PARTS}}
    kept = keys.read(name)
    if kept and not rotate and _works(client, kept):
        answer = client.security.update_api_key(id=_id_of(kept), role_descriptors=descriptors)
        return "may now do what its role's file says" if answer["updated"] else "works"
    made = client.security.create_api_key(name=f"{prefix}-{name}", role_descriptors=descriptors, metadata={"managed_by": "igwire"})
    keys.write(name, made["encoded"])
    # Only now: whoever asks in between has a key that works.
    ended = _end_others(client, f"{prefix}-{name}", made["id"])
    return "made" + (f", {ended} older ended" if ended else "")


def _works(client: Elasticsearch, key: str) -> bool:
    """Whether the server knows this key; a server whose data were lost does not."""
    try:
        client.options(api_key=key).security.authenticate()
    except ApiError as error:
        if error.status_code == 401:
            return False
        raise
    return True


def _id_of(key: str) -> str:
    return base64.b64decode(key).decode().partition(":")[0]


def _end_others(client: Elasticsearch, name: str, kept: str) -> int:
    found = client.security.get_api_key(name=name, owner=True)["api_keys"]
    others = [key["id"] for key in found if key["id"] != kept and not key["invalidated"]]
    if others:
        client.security.invalidate_api_key(ids=others, owner=True)
    return len(others)


def _analyst(client: Elasticsearch, prefix: str, password: str) -> str:
    """Somebody who has changed the password keeps it."""
    name = f"{prefix}-{ANALYST}"
    there = client.options(ignore_status=404).security.get_user(username=name)
    if name in there:
        client.security.put_user(username=name, roles=[name], full_name=there[name].get("full_name"), email=there[name].get("email"))
        return "is there"
    if not password:
        return "not made: IGWIRE_ANALYST_PASSWORD is empty"
    client.security.put_user(username=name, password=password, roles=[name], full_name="igwire analyst")
    return "made"
