"""Indices as they should be: templates, versioned indices, aliases. Applied again, nothing changes.

<prefix>-articles (read) ─┐
<prefix>-articles-write ──┴▶ <prefix>-articles-v1-000002        <prefix>-runs, -runs-write ─▶ <prefix>-runs-v1-000001
<prefix>-articles-earlier ─▶ <prefix>-articles-v1-000001 (was live: a way back; an index without any alias is unfinished)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from elasticsearch import ApiError, AuthorizationException, BadRequestError, Elasticsearch, TransportError

from igwire import schema
from igwire.errors import ConfigError, Unavailable
from igwire.failpoints import reach
from igwire.index.document import document_hash

# Above every built-in template and those of Fleet (documented as 200 and below 501).
_PRIORITY = 501
# What to do when a request is refused for want of a privilege.
REMEDY = "Use the key of igwire's writer: a user who may make roles and keys runs `igwire security apply`, which brings it up to date."
# Documents read at once while two versions are compared: about 5 MB.
_CHUNK = 500
# The server writes these out for a completion field although nobody asked.
_SERVER_DEFAULTS = {("preserve_separators", True), ("preserve_position_increments", True), ("max_input_length", 50)}


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
    """Bring templates, first indices and aliases into being; what was made, in words.

    Raises Unavailable when nobody answers, ConfigError when the credentials do not suffice.
    """
    check_server(client)
    try:
        return [done for kind in schema.COMPONENTS for done in _apply(client, prefix, kind)]
    except AuthorizationException as error:
        raise ConfigError(f"Elasticsearch does not let these credentials prepare the indices {prefix}-…: {error}. {REMEDY}") from error


def _apply(client: Elasticsearch, prefix: str, kind: str) -> list[str]:
    _put_templates(client, prefix, kind)
    if not client.indices.exists_alias(name=f"{prefix}-{kind}-write"):
        return _first_version(client, prefix, kind)
    return _add_fields(client, prefix, kind)


def _first_version(client: Elasticsearch, prefix: str, kind: str) -> list[str]:
    """The index with its aliases in one call, so that of several processes that start at once one makes it and the others find it."""
    name = _next_name(client, prefix, kind)
    reach("applying")
    try:
        client.indices.create(index=name, aliases={f"{prefix}-{kind}": {}, f"{prefix}-{kind}-write": {"is_write_index": True}})
    except ApiError:
        if not client.indices.exists_alias(name=f"{prefix}-{kind}-write"):
            raise
        return []
    return [f"index {name} with its aliases"]


def missing_fields(client: Elasticsearch, prefix: str, kind: str) -> dict[str, Any]:
    """Fields of the schema that the live index lacks, as a mapping that adds them; also those inside objects that it has."""
    return _lacking(_mapping(client, f"{prefix}-{kind}-write"), schema.properties(kind))


def _lacking(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in wanted.items():
        if name not in live:
            found[name] = field
        elif inner := _lacking(live[name].get("properties", {}), field.get("properties", {})):
            # The kind of object must be said again, or the server takes a nested one for a plain one.
            found[name] = {**({"type": field["type"]} if "type" in field else {}), "properties": inner}
    return found


def _add_fields(client: Elasticsearch, prefix: str, kind: str) -> list[str]:
    """Give the live index the fields that it lacks; what needs an analyzer that it has not stays for a rebuild, and `diff` names it."""
    done = []
    for name, field in missing_fields(client, prefix, kind).items():
        try:
            client.indices.put_mapping(index=f"{prefix}-{kind}-write", properties={name: field})
        except BadRequestError:
            continue
        done.append(f"field {name} in {live_index(client, prefix, kind)}")
    return done


def diff(client: Elasticsearch, prefix: str) -> list[dict[str, str]]:
    """Where the server differs from the schema: `index`, `path`, `server`, `schema` and `remedy` (apply or rebuild) of each setting."""
    check_server(client)
    return [difference for kind in schema.COMPONENTS for difference in _diff(client, prefix, kind)]


def _diff(client: Elasticsearch, prefix: str, kind: str) -> Iterator[dict[str, str]]:
    alias = f"{prefix}-{kind}-write"
    if not client.indices.exists_alias(name=alias):
        yield {"index": alias, "path": "", "server": "absent", "schema": "present", "remedy": "apply"}
        return
    server, wanted = flat(_mapping(client, alias)), flat(schema.properties(kind))
    missing = flat(missing_fields(client, prefix, kind))
    for path in sorted(server.keys() | wanted.keys()):
        if server.get(path) != wanted.get(path):
            remedy = "apply" if path in missing else "rebuild"
            yield {"index": alias, "path": path, "server": server.get(path, "absent"), "schema": wanted.get(path, "absent"), "remedy": remedy}


def _mapping(client: Elasticsearch, index: str) -> dict[str, Any]:
    answer = client.indices.get_mapping(index=index)
    properties: dict[str, Any] = next(iter(answer.values()))["mappings"].get("properties", {})
    return properties


def flat(value: Any, path: str = "") -> dict[str, str]:
    """A mapping as dotted path → value in words, so that two can be compared; defaults that the server writes out are left out."""
    if not isinstance(value, dict):
        return {} if (path.rpartition(".")[2], value) in _SERVER_DEFAULTS else {path: str(value).lower()}
    return {name: text for key, inner in value.items() for name, text in flat(inner, f"{path}.{key}".lstrip(".")).items()}


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
    name = _next_name(client, prefix, kind)
    client.indices.create(index=name)
    return name


def _next_name(client: Elasticsearch, prefix: str, kind: str) -> str:
    base = f"{prefix}-{kind}-v{schema.VERSION}-"
    numbers = [int(match[1]) for name in client.indices.get(index=f"{base}*") if (match := re.search(r"-(\d{6})$", name))]
    return f"{base}{max(numbers, default=0) + 1:06}"


def live_index(client: Elasticsearch, prefix: str, kind: str = "articles") -> str:
    """The index behind the write alias."""
    return str(next(iter(client.indices.get_alias(name=f"{prefix}-{kind}-write"))))


def swap(client: Elasticsearch, prefix: str, new: str, kind: str = "articles") -> str:
    """Let both aliases point to `new`, in one call; the index that they left (kept for a way back, and marked as such by a third alias)."""
    old, earlier = live_index(client, prefix, kind), _earlier(prefix, kind)
    actions = [{"remove": {"index": old, "alias": alias, "must_exist": True}} for alias in (f"{prefix}-{kind}", f"{prefix}-{kind}-write")]
    actions += [_add(prefix, kind, new), _add(prefix, kind, new, write=True), {"add": {"index": old, "alias": earlier}}]
    if new in _was_live(client, prefix, kind):
        actions.append({"remove": {"index": new, "alias": earlier}})
    reach("swapping")
    answer = client.indices.update_aliases(actions=actions)
    reach("swapped")
    if answer.get("errors"):
        raise Unavailable(f"the aliases could not be moved from {old} to {new}: {answer}")
    return old


def _earlier(prefix: str, kind: str) -> str:
    return f"{prefix}-{kind}-earlier"


def _was_live(client: Elasticsearch, prefix: str, kind: str) -> set[str]:
    """Versions that the aliases have left; not those that a rebuild began and did not finish."""
    alias = _earlier(prefix, kind)
    return set(client.indices.get_alias(name=alias)) if client.indices.exists_alias(name=alias) else set()


def versions(client: Elasticsearch, prefix: str, kind: str = "articles") -> list[dict[str, Any]]:
    """All versions of an index, oldest first: `index`, `documents`, `live`, `complete` (false: a rebuild fills it, or did not come to its end)."""
    live = live_index(client, prefix, kind)
    complete = {live, *_was_live(client, prefix, kind)}
    names = sorted(name for name in client.indices.get(index=f"{prefix}-{kind}-v*") if re.search(r"-v\d+-\d{6}$", name))
    return [{"index": name, "documents": client.count(index=name)["count"], "live": name == live, "complete": name in complete} for name in names]


def roll_back(client: Elasticsearch, prefix: str, kind: str = "articles") -> tuple[str, str]:
    """Let the aliases point to the complete version before the live one, in one call; (index that is live now, index that was).

    Raises ConfigError when there is no earlier one.
    """
    live = live_index(client, prefix, kind)
    before = [version["index"] for version in versions(client, prefix, kind) if version["complete"] and version["index"] < live]
    if not before:
        raise ConfigError(f"{live} is the oldest version of {prefix}-{kind} that is complete; there is nothing to roll back to")
    return before[-1], swap(client, prefix, before[-1], kind)


class Versions:
    """The versions of the article index, as a rebuild handles them."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def new(self) -> str:
        """A new, empty version; its name."""
        return new_version(self._client, self._prefix)

    def swap(self, index: str) -> str:
        """Make a version the live one; the index that it replaced."""
        return swap(self._client, self._prefix, index)

    def hashes(self, index: str) -> Iterator[tuple[str, str]]:
        """Id and hash of every document of a version, as `document_hash` gives it."""
        self._client.indices.refresh(index=index)
        return _hashes(self._client, index)


def _hashes(client: Elasticsearch, index: str) -> Iterator[tuple[str, str]]:
    pit = client.open_point_in_time(index=index, keep_alive="2m")["id"]
    after: list[Any] | None = None
    try:
        while True:
            found = client.search(pit={"id": pit, "keep_alive": "2m"}, sort=["_shard_doc"], search_after=after, size=_CHUNK, track_total_hits=False)
            hits = found["hits"]["hits"]
            yield from ((hit["_id"], document_hash(hit["_source"])) for hit in hits)
            if not hits:
                return
            after = hits[-1]["sort"]
    finally:
        client.close_point_in_time(id=pit)


def drop(client: Elasticsearch, prefix: str) -> None:
    """Delete every index and template of a scratch prefix; what is not there is passed over."""
    # The server refuses to delete by pattern, so the names are asked for first.
    for name in client.indices.get(index=f"{prefix}*"):
        client.indices.delete(index=name, ignore_unavailable=True)
    client.options(ignore_status=404).indices.delete_index_template(name=f"{prefix}-*")
    client.options(ignore_status=404).cluster.delete_component_template(name=f"{prefix}-*")
