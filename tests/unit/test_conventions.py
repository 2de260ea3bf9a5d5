"""Rules of the house that tools do not keep."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from igwire.cli import app
from igwire.pipeline.stagefile import STAGES
from igwire.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("module", ["igwire", "igwire.cli", "igwire.orchestrate", "igwire.wiring"])
def test_nothing_heavy_is_imported(module):
    code = f"import sys, {module}; print([m for m in ('lxml', 'trafilatura', 'elasticsearch', 'sqlalchemy', 'fastapi', 'airflow', 'feedparser') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", f"import it inside the function that needs it: {done.stdout}"


def test_files_and_functions_are_short():
    lengths = []
    for file in SOURCES:
        if "migrations/versions" in str(file):
            continue
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 500, f"{file} is longer than 500 lines: split it by what its parts know"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths.append(node.end_lineno - node.lineno + 1)
                assert lengths[-1] <= 60, f"{file}: {node.name} has {lengths[-1]} lines, at most 60 are readable"
    assert sorted(lengths)[len(lengths) // 2] <= 10


def test_dag_files_only_wire():
    for file in (*(ROOT / "dags").glob("*.py"), *(ROOT / "plugins").glob("*.py")):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 95, f"{file}: move work into igwire.orchestrate"


def test_only_settings_reads_the_environment():
    for file in SOURCES:
        if file.name in ("settings.py", "airflow.py"):
            continue
        assert not re.search(r"os\.environ|os\.getenv", file.read_text(encoding="utf-8")), f"{file}: read it in settings.py"


def test_locks_are_hashed_and_name_no_place():
    for lock in (ROOT / "requirements.lock", ROOT / "requirements-test.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^([a-z0-9._-]+)==\S+ *(?:;[^\\]*)?\\$", text, re.MULTILINE)
        assert len(pins) > 100
        assert "--hash=sha256:" in text


def test_the_newest_migration_is_the_one_that_the_code_expects():
    from igwire.ledger.database import HEAD

    versions = sorted((ROOT / "src/igwire/ledger/migrations/versions").glob("*.py"))
    assert versions[-1].name.startswith(HEAD)


def test_the_migrations_make_the_tables_of_the_code(tmp_path):
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from igwire.ledger.database import Ledger
    from igwire.ledger.tables import metadata

    ledger = Ledger.open(f"sqlite:///{tmp_path / 'l.db'}")
    with ledger.engine.connect() as conn:
        assert isinstance(conn, sa.Connection)
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    ledger.close()


def test_the_readme_names_its_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_every_hostile_case_is_tried_where_its_list_says():
    rows = [line.split("|") for line in (ROOT / "tests/soak/hostile/README.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| (\d|robots)", line)]
    assert [row[1].strip() for row in rows] == [*map(str, range(1, 26)), "robots"]
    for row in rows:
        named = re.findall(r"`([^:`]+)::(\w+)`", row[3])
        assert named
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {test}: mend tests/soak/hostile/README.md"


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> set[str]:
    """What follows `igwire` in code, inline or indented."""
    return set(re.findall(r"`igwire ([a-z][^`]*)`", text)) | set(re.findall(r"^ {4}(?:\S+/)?igwire ([a-z].*)$", text, re.MULTILINE))


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.name)
def test_every_command_that_the_documents_name_is_there_with_its_options(file):
    for command in sorted(commands(file.read_text(encoding="utf-8"))):
        node, rest = typer.main.get_command(app), command.replace("\\|", "|").replace("[", "").replace("]", "").split()
        while rest and hasattr(node, "commands"):
            for name in rest[0].split("|"):
                assert name in node.commands, f"{file.name}: there is no `igwire {command}`"
            node, rest = node.commands[rest[0].split("|")[0]], rest[1:]
        known = {option for parameter in node.params for option in parameter.opts}
        named = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert named <= known, f"{file.name}: `igwire {command}` does not know {', '.join(named - known)}"


def test_every_setting_is_told_of():
    told = "".join(file.read_text(encoding="utf-8") for file in documents())
    names = [field.validation_alias or f"IGWIRE_{name.upper()}" for name, field in Settings.model_fields.items()]
    assert [name for name in names if not re.search(rf"\b{name}\b", told)] == [], "tell of it in docs/operations.md"


def test_the_help_names_every_stage():
    (name, *_) = typer.main.get_command(app).commands["stage"].params
    assert re.findall(r"[a-z]+", name.help.replace(" or ", " ")) == sorted(STAGES)
