"""What is asked of sites once a week, beside their feeds: what they reserve, and how sources on probation can be followed."""

from __future__ import annotations

from igwire.pipeline.parts import Parts
from igwire.pipeline.probation import probe_within_budget
from igwire.pipeline.reservations import ask_due


def ask_sites(parts: Parts, run_id: str) -> dict[str, int]:
    """Ask what is due, within the budget of one task; counts by verdict, and those of `reservations.ask_due`."""
    return ask_due(parts, run_id) | probe_within_budget(parts, run_id)
