"""Room on the disk: what the state folder holds by kind, how fast the raw store grows, what is free."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

# What a folder or file of the state folder is called in reports.
_KINDS = {"raw": "raw store", "elasticsearch": "index", "airflow": "airflow", "alerts": "alerts"}


def used(state: Path) -> dict[str, int]:
    """Bytes on the disk by kind: raw store, ledger, index (where the local node keeps it), airflow, alerts, other."""
    found: Counter[str] = Counter()
    for file in state.rglob("*"):
        try:
            size = file.stat().st_size if file.is_file() and not file.is_symlink() else 0
        except OSError:
            continue
        top = file.relative_to(state).parts[0]
        found[_KINDS.get(top, "ledger" if top.startswith("ledger.db") else "other")] += size
    return dict(found)


def raw_growth(raw: Path, today: date, days: int = 30) -> float:
    """Bytes a day that the raw store grew by lately, over the days since its first segment but at most `days`; 0 when it is empty."""
    by_day: Counter[date] = Counter()
    for file in raw.glob("*/*/*/*.warc.gz*"):
        year, month, day = file.parts[-4:-1]
        by_day[date(int(year), int(month), int(day))] += file.stat().st_size
    if not by_day:
        return 0.0
    span = min(max((today - min(by_day)).days + 1, 1), days)
    return sum(size for day, size in by_day.items() if day > today - timedelta(days=span)) / span


def free(folder: Path) -> int:
    """Free bytes on the disk that holds the folder (or its nearest parent that exists)."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
