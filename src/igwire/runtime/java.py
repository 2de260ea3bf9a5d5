"""Finds a Java development kit that can run Elasticsearch."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from igwire.errors import ConfigError

# What Elasticsearch 9 is compiled for.
OLDEST = 21
# Where packages, archives, SDKMAN and macOS put a kit; each is the folder above `bin`.
PLACES = (
    "/usr/lib/jvm/*",
    "/usr/local/lib/jvm/*",
    "/opt/*",
    "/opt/java/*",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """An installed kit: its folder, its main version (0 when unknown) and whether it is a full one."""

    home: Path
    version: int
    full: bool

    @property
    def good(self) -> bool:
        """Elasticsearch can run on it: new enough, with compiler and the module jdk.jdi."""
        return self.full and self.version >= OLDEST


def inspect(home: Path) -> Kit | None:
    """What is installed in `home`, read from its file `release`; None when there is no Java."""
    if not (home / "bin" / "java").is_file() or not (home / "release").is_file():
        return None
    release = dict(re.findall(r'^(\w+)="([^"]*)"', (home / "release").read_text(encoding="utf-8", errors="replace"), re.MULTILINE))
    version = re.match(r"(?:1\.)?(\d+)", release.get("JAVA_VERSION", ""))
    # Some distributions leave the list of modules out of the file; their jmods or compiler then speak for a full kit.
    modules = release.get("MODULES", "")
    full = (home / "bin" / "javac").is_file() and (not modules or "jdk.jdi" in modules.split())
    return Kit(home=home, version=int(version[1]) if version else 0, full=full)


def candidates(java_home: str, places: Iterable[str] = PLACES) -> Iterator[Path]:
    """Folders to look into, in order of preference: JAVA_HOME, the `java` of PATH, then `places` (patterns)."""
    if java_home:
        yield Path(java_home)
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]
    for place in places:
        pattern = Path(place).expanduser()
        # Newest first where folder names carry versions; any that is good will do.
        yield from sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))), reverse=True)


def find(folders: Iterable[Path]) -> Path:
    """The first good kit's folder among `folders`. Raises ConfigError that lists what was seen and names the alternatives."""
    seen: dict[Path, str] = {}
    for kit in filter(None, map(inspect, folders)):
        if kit.good:
            return kit.home
        seen[kit.home] = f"{kit.home} (Java {kit.version}{'' if kit.full else ', not a full JDK'})"
    found = f"Found only {', '.join(seen.values())}. " if seen else ""
    raise ConfigError(
        f"The local Elasticsearch needs a full JDK {OLDEST} or newer. {found}"
        "Install one (for example openjdk-21-jdk or Temurin) or point JAVA_HOME to it. "
        "Instead you can set IGWIRE_ES_URL to a running Elasticsearch, ES_HOME to an unpacked official archive, "
        "or use containers (ENGINE=compose)."
    )
