"""Runs `igwire` in this process as the shell would: arguments in, exit code and output out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from igwire import settings
from igwire.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines of standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """A folder and variables of its own; `run` gives what a shell would see."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], **variables: str) -> None:
        self._patch, self._capture = monkeypatch, capfd
        for name in ("ES_HOME", "KIBANA_HOME", "ENGINE"):
            monkeypatch.delenv(name, raising=False)
        self.set(**variables)

    def set(self, **variables: str) -> None:
        """Change variables for the commands that follow."""
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def run(self, *words: str) -> Ended:
        """One command; what was printed before it is thrown away."""
        self._capture.readouterr()
        self._patch.setattr(sys, "argv", ["igwire", *words])
        settings.get.cache_clear()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            settings.get.cache_clear()
        return Ended(code, *self._capture.readouterr())
