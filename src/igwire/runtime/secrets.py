"""Secrets of the standing system, readable by their owner only: its .env with random ones, made once, and the API keys of its parts."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from igwire.errors import ConfigError

# What people type into a login page.
_TYPED = {"IGWIRE_AIRFLOW_PASSWORD", "IGWIRE_ANALYST_PASSWORD"}


def complete_env(folder: Path) -> list[str]:
    """Make `.env` from `.env.example` with new secrets, or add what it lacks; names of what was added. What stands there is never changed."""
    target = folder / ".env"
    if not (folder / ".env.example").is_file():
        raise ConfigError(f"{folder} is not igwire's source folder (no .env.example): run it there or set IGWIRE_HOME to it.")
    example = (folder / ".env.example").read_text(encoding="utf-8").splitlines()
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    there = _set_names(text)
    lines = [line for line in example if _name(line) not in there] if text else example
    added = [_name(line) for line in lines if _name(line)]
    if added:
        # Made with its mode at once: there is no moment in which others can read it.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as out:
            out.write("\n" if text and not text.endswith("\n") else "")
            out.writelines(_filled(line) + "\n" for line in lines if _name(line) or not text)
    return added


def _name(line: str) -> str:
    """The variable that a line sets; empty for comments."""
    return "" if line.startswith("#") else line.partition("=")[0].strip()


def _set_names(text: str) -> set[str]:
    """What a .env sets. An empty secret counts as missing, so that a copy of the example works; the later line wins."""
    return {_name(line) for line in text.splitlines() if line.partition("=")[2].strip() or _name(line) == "IGWIRE_CONTACT"}


def _filled(line: str) -> str:
    return f"{line}{_secret(_name(line))}" if line.endswith("=") and _name(line) else line


def _secret(name: str) -> str:
    """Letters and digits only, since some stand in URLs; Fernet has a form of its own, and people type some of them."""
    if name == "IGWIRE_CONTACT":
        return ""
    if name == "FERNET_KEY":
        return urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(10 if name in _TYPED else 32)


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """A folder with one file a key, named as the part of igwire that uses it."""

    folder: Path

    def read(self, name: str) -> str:
        """The kept key, or an empty text."""
        file = self.folder / name
        return file.read_text(encoding="utf-8").strip() if file.exists() else ""

    def write(self, name: str, key: str) -> None:
        """Keep a key in place of the one before, in one step: a reader finds the old one or the new one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.folder / f".{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(key)
        new.replace(self.folder / name)
