"""Airflow ignores a misspelt variable without a word: every one that is shipped must be an option that it knows."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from igwire.runtime.airflow import Airflow
from igwire.settings import Settings

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(params=["compose", "standing"])
def variables(request, tmp_path):
    if request.param == "standing":
        return Airflow.from_settings(Settings(state=tmp_path, home=ROOT), {}).environment()
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return compose["services"]["airflow-scheduler"]["environment"]


def test_every_variable_is_an_option_of_airflow(variables):
    from airflow.configuration import conf

    known = {(section, option) for section, facts in conf.configuration_description.items() for option in facts["options"]}
    given = {tuple(name.lower().split("__")[1:]) for name in variables if name.startswith("AIRFLOW__")}
    assert len(given) > 10
    assert given <= known


def test_a_tasks_token_lives_longer_than_the_slowest_task(variables):
    # A collect task may take ten minutes with what it waits for, which is all that Airflow gives by default.
    assert int(variables["AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME"]) >= 1200
