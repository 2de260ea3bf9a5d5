"""The .env of the standing system: random secrets, made once, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from igwire.errors import ConfigError


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
    """Letters and digits only, since some stand in URLs; Fernet has a form of its own, and people type one password."""
    if name == "IGWIRE_CONTACT":
        return ""
    if name == "FERNET_KEY":
        return urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(10 if name == "IGWIRE_AIRFLOW_PASSWORD" else 32)
