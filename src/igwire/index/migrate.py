"""Indices as they should be: templates, versioned indices, aliases. Applied again, nothing changes.

<prefix>-articles (read) ─┐
<prefix>-articles-write ──┴▶ <prefix>-articles-v1-000001        <prefix>-runs, -runs-write ─▶ <prefix>-runs-v1-000001
"""

from __future__ import annotations

import re
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from igwire import schema
from igwire.errors import ConfigError, Unavailable

# Above every built-in template and those of Fleet (documented as 200 and below 501).
_PRIORITY = 501


def check_server(client: Elasticsearch) -> str:
    """The server's version. Raises Unavailable when nobody answers, ConfigError when it is no Elasticsearch 9."""
    try:
        version: str = client.info()["version"]["number"]
    except ApiError as error:
        if error.status_code in (401, 403):
            raise ConfigError(f"Elasticsearch refuses the credentials: {error}. Check IGWIRE_ES_API_KEY or IGWIRE_ES_USER.") from error
        raise Unavailable(f"Elasticsearch answers with an error: {error}") from error
    except TransportError as error:
        raise Unavailable(f"Elasticsearch does not answer: {error}. Start it with `igwire es up`, or check IGWIRE_ES_URL.") from error
    if not version.startswith("9."):
        raise ConfigError(f"the server at IGWIRE_ES_URL is Elasticsearch {version}; igwire needs 9.x")
    return version


def apply(client: Elasticsearch, prefix: str) -> list[str]:
    """Bring templates, first indices and aliases into being; what was made, in words."""
    check_server(client)
    done = []
    for kind in schema.COMPONENTS:
        _put_templates(client, prefix, kind)
        if not client.indices.exists_alias(name=f"{prefix}-{kind}-write"):
            name = new_version(client, prefix, kind)
            client.indices.update_aliases(actions=[_add(prefix, kind, name), _add(prefix, kind, name, write=True)])
            done.append(f"index {name} with its aliases")
    return done


def _put_templates(client: Elasticsearch, prefix: str, kind: str) -> None:
    names = []
    for part in schema.COMPONENTS[kind]:
        names.append(f"{prefix}-{kind}-{part}-v{schema.VERSION}")
        client.cluster.put_component_template(name=names[-1], **schema.component(part))
    client.indices.put_index_template(
        name=f"{prefix}-{kind}-v{schema.VERSION}", index_patterns=[f"{prefix}-{kind}-v{schema.VERSION}-*"], composed_of=names, priority=_PRIORITY
    )


def _add(prefix: str, kind: str, index: str, *, write: bool = False) -> dict[str, Any]:
    alias = f"{prefix}-{kind}-write" if write else f"{prefix}-{kind}"
    return {"add": {"index": index, "alias": alias, **({"is_write_index": True} if write else {})}}


def new_version(client: Elasticsearch, prefix: str, kind: str = "articles") -> str:
    """A new, empty index beside the others; its name."""
    base = f"{prefix}-{kind}-v{schema.VERSION}-"
    numbers = [int(match[1]) for name in client.indices.get(index=f"{base}*") if (match := re.search(r"-(\d{6})$", name))]
    name = f"{base}{max(numbers, default=0) + 1:06}"
    client.indices.create(index=name)
    return name


def live_index(client: Elasticsearch, prefix: str, kind: str = "articles") -> str:
    """The index behind the write alias."""
    return str(next(iter(client.indices.get_alias(name=f"{prefix}-{kind}-write"))))


def swap(client: Elasticsearch, prefix: str, new: str, kind: str = "articles") -> str:
    """Let both aliases point to `new`, in one call; the index that they left (kept for a way back)."""
    old = live_index(client, prefix, kind)
    remove = [{"remove": {"index": old, "alias": alias, "must_exist": True}} for alias in (f"{prefix}-{kind}", f"{prefix}-{kind}-write")]
    answer = client.indices.update_aliases(actions=[*remove, _add(prefix, kind, new), _add(prefix, kind, new, write=True)])
    if answer.get("errors"):
        raise Unavailable(f"the aliases could not be moved from {old} to {new}: {answer}")
    return old


def drop(client: Elasticsearch, prefix: str) -> None:
    """Delete every index and template of a scratch prefix; what is not there is passed over."""
    # The server refuses to delete by pattern, so the names are asked for first.
    for name in client.indices.get(index=f"{prefix}*"):
        client.indices.delete(index=name, ignore_unavailable=True)
    client.options(ignore_status=404).indices.delete_index_template(name=f"{prefix}-*")
    client.options(ignore_status=404).cluster.delete_component_template(name=f"{prefix}-*")
