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

from igwire.runtime.secrets import write_env
from igwire.settings import Settings

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
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


def test_everything_listens_on_loopback_and_has_a_password():
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"
    keys = {s["environment"]["AIRFLOW__API_AUTH__JWT_SECRET"] for n, s in SERVICES.items() if n.startswith("airflow")}
    assert len(keys) == 1


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
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert required == example


def test_the_image_copies_what_exists():
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / path).exists() for path in line.split()[1:-1]), line


def test_secrets_are_written_once_for_their_owner_only(tmp_path):
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
    assert write_env(tmp_path)
    file = tmp_path / ".env"
    values = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(value for name, value in values.items() if name != "IGWIRE_CONTACT")
    assert not write_env(tmp_path)


def test_compose_itself_takes_the_file(tmp_path):
    program = os.environ.get("IGWIRE_COMPOSE")
    if not program:
        pytest.skip("no docker compose plugin: scripts/compose builds one where Go is installed, and scripts/test hands it over")
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
    write_env(tmp_path)
    command = [program, "--env-file", tmp_path / ".env", "--file", ROOT / "docker-compose.yml", "config", "--quiet"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    refused = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert "IGWIRE_CONTACT" in refused.stderr, "without a contact nothing may start"
    done = subprocess.run(command, env={**variables, "IGWIRE_CONTACT": "tests@example.org"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("overlays", [["docker-compose.tls.yml"]])
def test_compose_takes_the_overlays(tmp_path, overlays):
    program = os.environ.get("IGWIRE_COMPOSE")
    if not program:
        pytest.skip("no docker compose plugin: scripts/compose builds one where Go is installed, and scripts/test hands it over")
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
    write_env(tmp_path)
    files = [argument for name in ["docker-compose.yml", *overlays] for argument in ("--file", ROOT / name)]
    command = [program, "--env-file", tmp_path / ".env", *files, "config", "--format", "json"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "IGWIRE_CONTACT": "tests@example.org"}
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
