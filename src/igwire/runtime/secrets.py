"""The .env of the container stack: random secrets, written once, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path


def write_env(folder: Path) -> bool:
    """Write `.env` from `.env.example`, empty values filled with secrets; False when there is one (it is never overwritten)."""
    target = folder / ".env"
    if target.exists():
        return False
    lines = [_filled(line) for line in (folder / ".env.example").read_text(encoding="utf-8").splitlines()]
    # Made with its mode at once: there is no moment in which others can read it.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    return True


def _filled(line: str) -> str:
    name, equals, value = line.partition("=")
    if line.startswith("#") or not equals or value or name == "IGWIRE_CONTACT":
        return line
    # Letters and digits only: some of these stand in URLs. Fernet has a form of its own.
    made = urlsafe_b64encode(secrets.token_bytes(32)).decode() if name == "FERNET_KEY" else secrets.token_hex(24)
    return f"{name}={made}"
