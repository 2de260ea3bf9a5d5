"""The search for a JDK: which folders are good, and what is said when none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from igwire.errors import ConfigError
from igwire.runtime import java


def install(home: Path, release: str, *programs: str) -> Path:
    (home / "bin").mkdir(parents=True)
    for program in programs:
        (home / "bin" / program).touch(mode=0o755)
    (home / "release").write_text(release, encoding="utf-8")
    return home


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return install(tmp_path / "jvm" / "java-17", 'JAVA_VERSION="17.0.15"\n', "java", "javac")


@pytest.fixture
def runtime_only(tmp_path: Path) -> Path:
    return install(tmp_path / "jvm" / "jre-25", 'JAVA_VERSION="25"\nMODULES="java.base java.logging"\n', "java")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return install(tmp_path / "jvm" / "jdk-21", 'JAVA_VERSION="21.0.4"\nMODULES="java.base jdk.compiler jdk.jdi"\n', "java", "javac")


def test_the_first_good_kit_is_taken(old: Path, runtime_only: Path, good: Path) -> None:
    assert java.find([old, runtime_only, good]) == good


def test_java_8_names_its_version_otherwise(tmp_path: Path) -> None:
    kit = java.inspect(install(tmp_path / "8", 'JAVA_VERSION="1.8.0_432"\n', "java", "javac"))
    assert kit is not None
    assert (kit.version, kit.good) == (8, False)


def test_a_kit_without_jdi_is_not_full(tmp_path: Path) -> None:
    kit = java.inspect(install(tmp_path / "small", 'JAVA_VERSION="25.0.1"\nMODULES="java.base jdk.compiler"\n', "java", "javac"))
    assert kit is not None
    assert not kit.good


def test_no_good_kit_says_what_was_seen_and_names_the_alternatives(old: Path, runtime_only: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        java.find([tmp_path / "nothing", old, runtime_only])
    message = str(caught.value)
    assert f"{old} (Java 17)" in message
    assert f"{runtime_only} (Java 25, not a full JDK)" in message
    for word in ("JAVA_HOME", "IGWIRE_ES_URL", "ES_HOME", "ENGINE=compose"):
        assert word in message


def test_java_home_comes_before_the_usual_places(old: Path, good: Path) -> None:
    folders = list(java.candidates(str(good), [str(old.parent / "*")]))
    assert folders[0] == good
    assert folders[-2:] == [good, old] if good > old else [old, good]
