"""Roles, keys and the analyst, against a server with the shape of Elasticsearch's security answers; and the roles against what the code asks for."""

from __future__ import annotations

import ast
import base64
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from elasticsearch import Elasticsearch
from fakes import FakeClock
from servers import served

from igwire import schema
from igwire.errors import ConfigError, Unavailable
from igwire.index import migrate, security
from igwire.index.writer import BulkWriter
from igwire.model import WriteAction
from igwire.runtime.elasticsearch import authorization
from igwire.runtime.secrets import KeyFolder
from igwire.search.reader import Reader
from igwire.search.request import SearchRequest
from igwire.settings import Settings

SOURCES = Path(__file__).parents[3] / "src" / "igwire"
USER = "Basic " + base64.b64encode(b"elastic:secret").decode()


class SecurityShaped(ThreadingHTTPServer):
    """Keeps roles, keys and users; `refuse` holds beginnings of paths that are answered with 403, `off` a server without security."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.roles: dict[str, dict] = {}
        self.users: dict[str, dict] = {}
        self.keys: dict[str, dict] = {}
        self.refuse: tuple[str, ...] = ()
        self.off = False
        self.made = 0

    def known(self, header: str) -> str:
        """user, api_key, or an empty text for a stranger."""
        if header == USER:
            return "realm"
        valid = {"ApiKey " + key["encoded"] for key in self.keys.values() if not key["invalidated"]}
        return "api_key" if header in valid else ""


class _Handler(BaseHTTPRequestHandler):
    server: SecurityShaped
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        pass

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Length", str(len(data))), ("Content-Type", "application/json"), ("X-Elastic-Product", "Elasticsearch")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _any(self) -> None:
        server, path = self.server, self.path.partition("?")[0]
        written = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = json.loads(written or b"{}") if path.startswith("/_security") else {}
        who = server.known(self.headers.get("Authorization", ""))
        if server.off and path.startswith("/_security"):
            return self._answer(400, {"error": f"no handler found for uri [{path}] and method [{self.command}]"})
        if not who and not server.off:
            return self._answer(401, _error(401, "security_exception", "unable to authenticate user"))
        if any(path.startswith(beginning) for beginning in server.refuse):
            reason = "action [x] is unauthorized for API key id [1] of user [elastic], this action is granted by the cluster privileges [manage_security,all]"
            return self._answer(403, _error(403, "security_exception", reason))
        query = dict(parse_qsl(self.path.partition("?")[2]))
        return self._answer(*_answered(server, self.command, path, {**query, **sent}, who))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any


def _error(status: int, kind: str, reason: str) -> dict:
    return {"error": {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason}, "status": status}


def _answered(server: SecurityShaped, method: str, path: str, sent: dict, who: str) -> tuple[int, dict]:
    name = path.rpartition("/")[2]
    if path == "/":
        return 200, {"version": {"number": "9.5.3"}, "tagline": "You Know, for Search"}
    if path == "/_security/_authenticate":
        return 200, {"username": "elastic", "authentication_type": who}
    if path.startswith("/_security/role/"):
        created = name not in server.roles
        server.roles[name] = sent
        return 200, {"role": {"created": created}}
    if path.startswith("/_security/user/"):
        if method == "GET":
            return (200, {name: server.users[name]}) if name in server.users else (404, {})
        created = name not in server.users
        server.users[name] = {**server.users.get(name, {}), **{k: v for k, v in sent.items() if v is not None}}
        return 200, {"created": created}
    return _keys(server, method, name, sent)


def _keys(server: SecurityShaped, method: str, name: str, sent: dict) -> tuple[int, dict]:
    if method == "GET":
        return 200, {
            "api_keys": [
                {"id": key, "name": held["name"], "invalidated": held["invalidated"]} for key, held in server.keys.items() if held["name"] == sent["name"]
            ]
        }
    if method == "DELETE":
        for key in sent["ids"]:
            server.keys[key]["invalidated"] = True
        return 200, {"invalidated_api_keys": sent["ids"], "error_count": 0}
    if name != "api_key":
        changed = server.keys[name]["role_descriptors"] != sent["role_descriptors"]
        server.keys[name] |= sent
        return 200, {"updated": changed}
    server.made += 1
    made = f"id{server.made}"
    encoded = base64.b64encode(f"{made}:hidden-{made}".encode()).decode()
    server.keys[made] = {**sent, "encoded": encoded, "invalidated": False}
    return 200, {"id": made, "name": sent["name"], "api_key": f"hidden-{made}", "encoded": encoded}


@pytest.fixture
def server():
    with served(SecurityShaped()) as made:
        yield made


@pytest.fixture
def client(server):
    made = Elasticsearch(f"http://127.0.0.1:{server.server_port}", basic_auth=("elastic", "secret"))
    yield made
    made.close()


@pytest.fixture
def keys(tmp_path):
    return KeyFolder(tmp_path / "keys")


def test_roles_keys_and_the_analyst_are_made_once(server, client, keys):
    assert security.has_security(client)
    first = list(security.apply(client, "mine", keys, analyst_password="typed"))
    assert [d for d in first if not d.ok] == []
    assert set(server.roles) == {"mine-writer", "mine-page", "mine-analyst", "mine-dashboards"}
    assert [held["name"] for held in server.keys.values()] == ["mine-writer", "mine-page", "mine-dashboards"]
    assert server.users["mine-analyst"]["roles"] == ["mine-analyst"]
    # Each key may what its role may, and no more.
    for held in server.keys.values():
        assert held["role_descriptors"] == {held["name"]: {part: server.roles[held["name"]][part] for part in ("cluster", "indices", "applications")}}
    kept = {name: keys.read(name) for name in security.KEYS}
    again = list(security.apply(client, "mine", keys, analyst_password="other"))
    assert {d.detail for d in again} == {"is as its file says", "works", "is there"}
    assert {name: keys.read(name) for name in security.KEYS} == kept
    assert len(server.keys) == 3
    assert server.users["mine-analyst"]["password"] == "typed"


def test_keys_are_for_their_owner_only_and_never_said(client, keys):
    done = list(security.apply(client, "mine", keys, analyst_password="typed"))
    for name in security.KEYS:
        assert (keys.folder / name).stat().st_mode & 0o777 == 0o600
        assert keys.read(name) not in str(done)
        assert "hidden" not in str(done)
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert "typed" not in str(done)


def test_a_key_that_the_server_does_not_know_is_made_again_and_a_role_that_changed_is_brought_to_its_key(server, client, keys):
    list(security.apply(client, "mine", keys))
    lost, page = server.keys.pop("id1"), server.keys["id2"]
    page["role_descriptors"] = {"mine-page": {"cluster": ["all"]}}
    done = {d.id: d.detail for d in security.apply(client, "mine", keys) if d.what == "API key"}
    assert done == {"mine-writer": "made", "mine-page": "may now do what its role's file says", "mine-dashboards": "works"}
    assert keys.read("writer") != lost["encoded"]
    assert page["role_descriptors"]["mine-page"]["cluster"] == []


def test_rotating_ends_the_old_keys_after_the_new_ones_are_kept(server, client, keys):
    list(security.apply(client, "mine", keys))
    old = keys.read("writer")
    done = {d.id: d.detail for d in security.apply(client, "mine", keys, rotate=True) if d.what == "API key"}
    assert set(done.values()) == {"made, 1 older ended"}
    ended = [held["encoded"] for held in server.keys.values() if held["invalidated"]]
    assert old in ended
    assert keys.read("writer") not in ended


def test_what_is_refused_is_named_and_blocks_nothing_else(server, client, keys):
    server.refuse = ("/_security/role/mine-page", "/_security/user")
    done = list(security.apply(client, "mine", keys, analyst_password="typed"))
    assert [(d.what, d.id) for d in done if not d.ok] == [("role", "mine-page"), ("user", "mine-analyst")]
    assert all("manage_security" in d.detail for d in done if not d.ok)
    assert keys.read("page")


def test_without_a_password_there_is_no_analyst(server, client, keys):
    assert list(security.apply(client, "mine", keys))[-1].detail == "not made: IGWIRE_ANALYST_PASSWORD is empty"
    assert server.users == {}


def test_a_server_without_security_is_found_out(server, client, keys):
    server.off = True
    assert not security.has_security(client)
    security.without(keys)
    assert [keys.read(name) for name in security.KEYS] == ["", "", ""]
    assert (keys.folder / "writer").exists()


def test_wrong_credentials_and_keys_are_no_makers_of_keys(server, client, keys):
    with pytest.raises(ConfigError, match="IGWIRE_ES_USER"):
        security.has_security(client.options(basic_auth=("elastic", "wrong")))
    list(security.apply(client, "mine", keys))
    with pytest.raises(ConfigError, match="by a user, not by a key"):
        security.has_security(client.options(api_key=keys.read("writer")))


def test_a_key_that_may_not_says_what_to_do(server, client):
    server.refuse = ("/_component_template", "/mine-")
    with pytest.raises(ConfigError, match=r"prepare the indices mine-….*igwire security apply"):
        migrate.apply(client, "mine")
    writer = BulkWriter(client, "mine", FakeClock())
    with pytest.raises(Unavailable, match=r"refuses to write to mine-articles-write.*unauthorized.*igwire security apply"):
        list(writer.write([WriteAction(doc_id="1", version=1, body={"title": "a"})]))
    with pytest.raises(Unavailable, match=r"credentials read.*IGWIRE_ES_API_KEY_FILE"):
        Reader(client, "mine").search(SearchRequest(text="icann"))


def test_a_key_comes_from_its_file_and_a_missing_file_is_named(tmp_path, keys):
    keys.write("page", "abc")
    settings = Settings(es_api_key_file=str(keys.folder / "page"), es_user="elastic")
    assert (settings.es_key, authorization(settings)) == ("abc", "ApiKey abc")
    assert settings.variables()["IGWIRE_ES_API_KEY_FILE"] == str(keys.folder / "page")
    keys.write("page", "")
    assert authorization(Settings(es_api_key_file=str(keys.folder / "page"))) == ""
    with pytest.raises(ConfigError, match=r"IGWIRE_ES_API_KEY_FILE.*nowhere"):
        _ = Settings(es_api_key_file=str(tmp_path / "nowhere")).es_key


# ── the roles against what the code asks for ────────────────────────────────────────────────────────────────────────

# Method of the client → the privilege that its action needs, of the cluster or of an index. From "Elasticsearch privileges" and, where a page is
# silent, the action's name in the server (indices:data/read/… is `read`, cluster:monitor/… is `monitor`).
NEEDS = {
    "info": ("cluster", "monitor"), "nodes.stats": ("cluster", "monitor"), "cluster.get_settings": ("cluster", "monitor"),
    "cluster.put_component_template": ("cluster", "manage_index_templates"), "cluster.delete_component_template": ("cluster", "manage_index_templates"),
    "indices.put_index_template": ("cluster", "manage_index_templates"), "indices.delete_index_template": ("cluster", "manage_index_templates"),
    "search": ("index", "read"), "msearch": ("index", "read"), "get": ("index", "read"), "count": ("index", "read"), "open_point_in_time": ("index", "read"),
    "close_point_in_time": ("index", "read"), "helpers.scan": ("index", "read"), "helpers.bulk": ("index", "index", "delete"), "bulk": ("index", "index", "delete"),
    "indices.exists_alias": ("index", "view_index_metadata"), "indices.get_alias": ("index", "view_index_metadata"), "indices.get": ("index", "view_index_metadata"),
    "indices.get_mapping": ("index", "view_index_metadata"), "indices.get_settings": ("index", "view_index_metadata"), "indices.create": ("index", "create_index"),
    "indices.put_mapping": ("index", "manage"), "indices.update_aliases": ("index", "manage"), "indices.put_settings": ("index", "manage"),
    "indices.flush": ("index", "maintenance"), "indices.forcemerge": ("index", "maintenance"), "indices.refresh": ("index", "maintenance"),
    "indices.delete": ("index", "delete_index"),
}  # fmt: skip
IMPLIED = {"manage": {"manage", "view_index_metadata", "maintenance", "create_index", "delete_index"}}
# Who uses which modules. `security` itself is the superuser's.
USERS = {
    "page": ["search/reader.py"],
    "writer": ["index/migrate.py", "index/writer.py", "index/entities.py", "index/tending.py", "search/reader.py", "search/bare.py", "wiring.py"],
}


def asked_for(file: str) -> set[str]:
    """Every method of the client that a module calls."""
    found = set()
    for node in ast.walk(ast.parse((SOURCES / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (words := chain(node.func)) and len(words) > 1 and words[0] in ("client", "_client", "helpers"):
            found.add(".".join(words if words[0] == "helpers" else words[1:]))
    return found - {"options", "close"}


def chain(node: ast.expr) -> list[str]:
    """`self._client.options(…).indices.get` as ["_client", "indices", "get"]; empty for what is no such chain."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr] if node.attr not in ("client", "_client") else [node.attr]
    if isinstance(node, ast.Call):
        inner = chain(node.func)
        return inner[:-1] if inner[-1:] == ["options"] else []
    return [node.id] if isinstance(node, ast.Name) else []


def allowed(role: dict, kind: str) -> set[str]:
    given = role["cluster"] if kind == "cluster" else [p for rule in role["indices"] for p in rule["privileges"]]
    return set().union(*(IMPLIED.get(privilege, {privilege}) for privilege in given))


@pytest.mark.parametrize("name", USERS)
def test_a_role_may_do_all_that_its_code_asks_for(name):
    role = security.roles("mine")[name]
    for file in USERS[name]:
        calls = asked_for(file)
        assert calls or file == "wiring.py", f"{file} asks for nothing: is the test blind?"
        for call in calls:
            assert call in NEEDS, f"{file} calls {call}: add to NEEDS what it needs, and to the role when that is more"
            kind, *needed = NEEDS[call]
            assert set(needed) <= allowed(role, kind), f"{file} calls {call}, which the role {name} does not allow"


@pytest.mark.parametrize("name", USERS)
def test_a_role_may_do_nothing_else(name):
    role = security.roles("mine")[name]
    needed = {(NEEDS[call][0], privilege) for file in USERS[name] for call in asked_for(file) for privilege in NEEDS[call][1:]}
    for kind, given in (("cluster", role["cluster"]), ("index", [p for rule in role["indices"] for p in rule["privileges"]])):
        for privilege in given:
            assert any((kind, one) in needed for one in IMPLIED.get(privilege, {privilege})), f"nothing that {name} runs needs {privilege}"


def test_every_module_that_knows_the_client_belongs_to_somebody():
    used = {
        file.relative_to(SOURCES).as_posix()
        for file in SOURCES.rglob("*.py")
        if re.search(r"^\s*from elasticsearch", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert used == {*USERS["page"], *USERS["writer"], "index/security.py"}


def covers(role: dict, index: str) -> bool:
    return any(re.fullmatch(pattern.replace("*", ".*"), index) for rule in role["indices"] for pattern in rule["names"])


def test_patterns_cover_index_and_alias_of_every_kind_and_no_neighbour():
    made = security.roles("mine")
    for kind in schema.COMPONENTS:
        for index in (f"mine-{kind}", f"mine-{kind}-write", f"mine-{kind}-v{schema.VERSION}-000001"):
            assert all(covers(made[name], index) for name in ("writer", "analyst", "dashboards")), index
    text = (SOURCES / "search" / "reader.py").read_text(encoding="utf-8")
    read = set(re.findall(r'_prefix\}-([a-z]+)"', text)) | set(re.findall(r'_beside\("([a-z]+)"', text))
    assert read
    assert all(covers(made["page"], f"mine-{kind}") and covers(made["page"], f"mine-{kind}-v{schema.VERSION}-000001") for kind in read), read
    for role in made.values():
        assert not any(covers(role, index) for index in (".kibana", ".security-7", "other-articles", "minefield-articles"))


def test_only_people_and_dashboards_have_anything_to_do_in_kibana():
    made = security.roles("mine")
    assert {name for name, role in made.items() if role["applications"]} == {"analyst", "dashboards"}
    assert made["analyst"]["applications"][0]["privileges"] == ["space_read"]
    assert all(set(role) == {"description", "cluster", "indices", "applications"} for role in made.values())
