"""Words, given names and cities by which names are recognised that the knowledge base does not list: the files below `lists/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from igwire.errors import CatalogueError

HERE = Path(__file__).parent / "lists"

# Regions have no figure: they count as large.
REGION = 9999


@dataclass(frozen=True, slots=True)
class City:
    """A place that is known by name only: its names in several scripts, ISO country (or None), thousands of people."""

    names: tuple[str, ...]
    country: str | None
    thousands: int


@dataclass(frozen=True)
class Lexicon:
    """The lists of one folder, each read when it is first asked for; with the words of one `language` beside the general ones. Raises CatalogueError with file and line."""

    folder: Path = HERE
    language: str | None = None

    @cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Word lists by kind (`address`, `speech`, `organisation`, …). A language's own list adds words to a kind, or takes away those with a - before them."""
        return self._with_own("words")

    @cached_property
    def speech(self) -> dict[str, tuple[str, ...]]:
        """Words that attribute quotations, by kind (`verbs`, `pronouns`, `things`, `bodies`, `works`); a language's own verbs are those of its `words` too."""
        speech = self._with_own("speech")
        return speech | {"verbs": (*speech["verbs"], *self._own("words").get("speech", ()))}

    @cached_property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Words for offices and jobs, by kind (`heads`, `modifiers`, `endings`, `connectors`, `han`, `arabic`)."""
        return self._kinds("roles.yaml")

    def _with_own(self, stem: str) -> dict[str, tuple[str, ...]]:
        words = self._kinds(f"{stem}.yaml")
        for kind, own in self._own(stem).items():
            away = {word[1:] for word in own if word[0] == "-"}
            words[kind] = tuple(word for word in (*words.get(kind, ()), *own) if word[0] != "-" and word not in away)
        return words

    def _own(self, stem: str) -> dict[str, tuple[str, ...]]:
        name = f"{stem}.{self.language}.yaml"
        return self._kinds(name) if self.language and (self.folder / name).exists() else {}

    def _kinds(self, name: str) -> dict[str, tuple[str, ...]]:
        file = self.folder / name
        loaded = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        if not isinstance(loaded, dict) or not all(isinstance(text, str) for text in loaded.values()):
            raise CatalogueError("it must map a kind to words", file=str(file), line=1)
        return {kind: tuple(text.split()) for kind, text in loaded.items()}

    @cached_property
    def first_names(self) -> tuple[str, ...]:
        """Given names as they are written."""
        return tuple(line for _, line in self._lines("first_names.txt"))

    @cached_property
    def cities(self) -> tuple[City, ...]:
        """Cities, capitals, states and regions."""
        rows = [self._city("cities.tsv", number, line, 3) for number, line in self._lines("cities.tsv")]
        return tuple(rows + [self._city("regions.txt", number, line, 2) for number, line in self._lines("regions.txt")])

    def _lines(self, name: str) -> list[tuple[int, str]]:
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]

    def _city(self, name: str, number: int, line: str, columns: int) -> City:
        cells = line.split("\t")
        if len(cells) != columns or (columns == 3 and not cells[2].isdigit()):
            raise CatalogueError(f"needs {columns} columns: names, country, thousands of people", file=str(self.folder / name), line=number)
        return City(tuple(cells[0].split("|")), cells[1] if cells[1] != "-" else None, int(cells[2]) if columns == 3 else REGION)
