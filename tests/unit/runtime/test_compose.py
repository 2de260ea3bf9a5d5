"""The compose file, read: what can be known without a container engine."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from igwire.errors import ConfigError
from igwire.index import security
from igwire.runtime.health import COMPONENTS
from igwire.runtime.secrets import complete_env
from igwire.settings import Settings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]


def test_versions_are_the_projects_own():
    pom = (ROOT / "local-elasticsearch" / "pom.xml").read_text(encoding="utf-8")
    version = re.search(r"9\.5\.\d+", pom)
    assert version
    images = [s["image"] for s in SERVICES.values() if "elastic.co" in s["image"]]
    assert len(images) == 3
    assert all(image.endswith(f":{version[0]}") for image in images)


def test_every_setting_is_spelled_right():
    known = {f"IGWIRE_{name.upper()}" for name in Settings.model_fields}
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            assert not variable.startswith("IGWIRE_") or variable in known, f"{name}: {variable}"
    assert set(re.findall(r"\$\{(IGWIRE_[A-Z_]+)", TEXT)) <= known


def test_everything_listens_on_loopback_and_has_a_password():
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"


def test_every_service_of_airflow_has_the_same_keys_and_database():
    ours = [s["environment"] for s in SERVICES.values() if s["image"] == "igwire:local"]
    assert len(ours) >= 5
    common = {name: value for name, value in ours[0].items() if name.startswith("AIRFLOW") or name in ("IGWIRE_STATE", "IGWIRE_LEDGER_URL", "IGWIRE_ES_URL")}
    assert len(common) > 10
    assert all(environment.items() >= common.items() for environment in ours)
    for name in ("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        assert "${" in ours[0][name], name
    assert ours[0]["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    # Tasks take up to ten minutes, which is what a token lives by default.
    assert int(ours[0]["AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME"]) > 1200


def test_the_superuser_is_known_to_the_bootstrap_alone_and_the_others_have_keys():
    ours = {name: s["environment"] for name, s in SERVICES.items() if s["image"] == "igwire:local"}
    assert {name for name, environment in ours.items() if "ELASTIC_PASSWORD" in str(list(environment.values()))} == {"bootstrap"}
    # .env is read into every container; what stands there for others is emptied again.
    for variables in ours.values():
        assert all(variables[name] == "" for name in ("ELASTIC_PASSWORD", "KIBANA_PASSWORD", "KIBANA_KEY"))
    keys = {name: environment["IGWIRE_ES_API_KEY_FILE"] for name, environment in ours.items()}
    state = Path(ours["bootstrap"]["IGWIRE_STATE"])
    assert keys.pop("bootstrap") == ""
    assert (keys.pop("airflow-api-server"), keys.pop("kibana-objects")) == (f"{state}/keys/page", f"{state}/keys/dashboards")
    assert set(keys.values()) == {f"{state}/keys/writer"}
    assert {Path(file).name for file in [*keys.values(), "page", "dashboards"]} == set(security.KEYS)
    assert "igwire security apply && igwire index apply" in SERVICES["bootstrap"]["command"][-1]


def test_health_checks_ask_for_components_that_there_are():
    asked = [s["healthcheck"]["test"][-1] for s in SERVICES.values() if "igwire.runtime.health" in str(s.get("healthcheck"))]
    assert sorted(asked) == sorted(COMPONENTS)


def test_what_waits_for_whom():
    for name, service in SERVICES.items():
        assert service["restart"] in ("no", "unless-stopped")
        if service["restart"] != "no":
            assert "healthcheck" in service, name
        for other, wanted in service.get("depends_on", {}).items():
            condition = wanted["condition"]
            assert condition == ("service_completed_successfully" if SERVICES[other]["restart"] == "no" else "service_healthy")


def test_volumes_are_named_and_secrets_have_an_example():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            name = volume.split(":")[0]
            assert (ROOT / name).is_file() if name.startswith(".") else name in COMPOSE["volumes"], volume
    required = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert required == example


def test_the_image_owns_the_folders_that_volumes_are_mounted_on():
    # A named volume takes its owner from the image; a folder that is not there would belong to root.
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    owned = re.search(r"chown igwire (.+)", dockerfile)[1].split()
    for service in SERVICES.values():
        if service["image"] == "igwire:local":
            assert {volume.split(":")[1] for volume in service["volumes"]} <= set(owned)


def test_the_image_runs_the_tested_python():
    assert "FROM python:3.11-" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--python-version 3.11" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_image_copies_what_exists():
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / path).exists() for path in line.split()[1:-1]), line


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
    return tmp_path


def read_env(folder):
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_secrets_are_made_once_for_their_owner_only(folder):
    assert "FERNET_KEY" in complete_env(folder)
    values = read_env(folder)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert all(value for name, value in values.items() if name != "IGWIRE_CONTACT")
    assert len(set(values.values())) == len(values)
    assert complete_env(folder) == []
    assert read_env(folder) == values


@pytest.mark.parametrize("before", ["IGWIRE_CONTACT=me@example.org", "IGWIRE_CONTACT=me@example.org\nELASTIC_PASSWORD=\nJWT_SECRET=mine\n"])
def test_an_env_of_the_users_own_is_completed_and_never_changed(folder, before):
    (folder / ".env").write_text(before)
    (folder / ".env").chmod(0o644)
    added = complete_env(folder)
    assert (folder / ".env").read_text().startswith(before)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert "IGWIRE_CONTACT" not in added
    assert all(read_env(folder).values())
    assert ("JWT_SECRET" in added) == ("mine" not in before)


def test_elsewhere_than_in_the_source_folder_it_says_so(tmp_path):
    with pytest.raises(ConfigError, match="IGWIRE_HOME"):
        complete_env(tmp_path)


def test_compose_itself_takes_the_file(folder):
    program = os.environ.get("IGWIRE_COMPOSE")
    if not program:
        pytest.skip("no docker compose plugin: scripts/compose builds one where Go is installed, and scripts/test hands it over")
    complete_env(folder)
    command = [program, "--env-file", folder / ".env", "--file", ROOT / "docker-compose.yml", "config", "--quiet"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    refused = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert "IGWIRE_CONTACT" in refused.stderr, "without a contact nothing may start"
    done = subprocess.run(command, env={**variables, "IGWIRE_CONTACT": "tests@example.org"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("overlays", [["docker-compose.tls.yml"]])
def test_compose_takes_the_overlays(folder, overlays):
    program = os.environ.get("IGWIRE_COMPOSE")
    if not program:
        pytest.skip("no docker compose plugin: scripts/compose builds one where Go is installed, and scripts/test hands it over")
    complete_env(folder)
    files = [argument for name in ["docker-compose.yml", *overlays] for argument in ("--file", ROOT / name)]
    command = [program, "--env-file", folder / ".env", *files, "config", "--format", "json"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "IGWIRE_CONTACT": "tests@example.org"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    # What speaks to Elasticsearch or Kibana does it over TLS and knows the authority.
    for name, service in services.items():
        variables = service.get("environment") or {}
        for variable, value in variables.items():
            assert not str(value).startswith(("http://elasticsearch", "http://kibana")), f"{name}: {variable}"
        if "IGWIRE_ES_URL" in variables:
            assert variables["IGWIRE_ES_CA_CERTS"].startswith("/certs/")
            assert any(volume["target"] == "/certs" for volume in service["volumes"]), name


def test_overlays_use_the_same_versions_and_known_settings():
    known = {f"IGWIRE_{name.upper()}" for name in Settings.model_fields}
    for file in ROOT.glob("docker-compose.*.yml"):
        for name, service in yaml.safe_load(file.read_text(encoding="utf-8"))["services"].items():
            assert service.get("image", SERVICES["elasticsearch"]["image"]) == SERVICES["elasticsearch"]["image"], name
            assert all(not v.startswith("IGWIRE_") or v in known for v in service.get("environment", {})), name
