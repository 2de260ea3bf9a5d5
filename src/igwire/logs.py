"""The trace as log lines for machines: one JSON object a line, with run, source and item ids as fields."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

# What `trace` gives beside the message.
FIELDS = ("what", "run_id", "source_id", "item_id")
_TRACE = logging.getLogger("igwire.trace")


def trace(what: str, detail: str, *, run_id: str | None = None, source_id: str | None = None, item_id: str | None = None) -> None:
    """Log one line of the ledger's trace, when somebody listens."""
    if _TRACE.isEnabledFor(logging.INFO):
        _TRACE.info("%s", detail, extra={"what": what, "run_id": run_id, "source_id": source_id, "item_id": item_id})


class JsonLines(logging.Formatter):
    """`at`, `level`, `logger`, `message`, those of FIELDS that are known, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(), "level": record.levelname.lower(), "logger": record.name,
            "message": record.getMessage(),
        }  # fmt: skip
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _ToStderr(logging.StreamHandler[IO[str]]):
    """Ours, so that it is set up once."""


def to_stderr(kind: str) -> None:
    """Write igwire's log to standard error from now on; `kind`: json, or empty for nothing."""
    logger = logging.getLogger("igwire")
    if kind != "json" or any(isinstance(handler, _ToStderr) for handler in logger.handlers):
        return
    handler = _ToStderr(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
