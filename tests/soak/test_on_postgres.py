"""The whole suites of ledger and pipeline with the ledger on PostgreSQL; the daily tests run a few of them there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_ledger_and_pipeline_on_postgresql(postgres):
    command = [sys.executable, "-m", "pytest", "-q", "tests/unit/ledger", "tests/unit/pipeline"]
    # Options of the outer run are not its own: --basetemp would clear the folders of the tests that run beside it.
    variables = {**os.environ, "IGWIRE_TEST_LEDGER": "postgresql", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
