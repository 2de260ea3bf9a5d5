"""Applying reviewers' decisions to the mentions of a text; each changed mention says which decision changed it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from igwire.kb import KnowledgeBase
from igwire.kb.curation import Decision, Decisions
from igwire.model import Mention


@dataclass(frozen=True)
class Curator:
    """Applies decisions in the order of their file: a later one sees what an earlier one made. Pure."""

    decisions: Decisions
    kb: KnowledgeBase

    @property
    def stamp(self) -> str:
        """Part of the tags' stamp: changed decisions make the archive's tags stale. Empty without decisions."""
        return f" curation/{self.decisions.version}" if self.decisions.version else ""

    def apply(self, mentions: Sequence[Mention], fields: Iterable[tuple[str, str]], *, language: str | None, source: str | None) -> tuple[Mention, ...]:
        """The mentions as the reviewers want them. `fields`: (title or text, content)."""
        current = list(mentions)
        for decision in self.decisions.listed:
            if decision.language not in (None, language) or decision.source not in (None, source):
                continue
            if decision.decision == "link":
                current = self._linked(current, decision, fields)
            else:
                current = [changed for m in current if (changed := self._changed(m, decision) if _fits(m, decision) else m)]
        return tuple(current)

    def _changed(self, mention: Mention, decision: Decision) -> Mention | None:
        """What becomes of a mention that the decision is about; None: it is hidden."""
        if decision.decision == "hide":
            return None
        why = _why(decision)
        if decision.into:
            return self._of(decision.into, mention.start, mention.end, mention.surface, mention.field, why, mention.role)
        kind = decision.type or mention.type
        if decision.unlink:
            return mention._replace(type=kind, entity=None, name=None, qid=None, role=None, score=1.0, why=why)
        return mention._replace(type=kind, score=1.0, why=why)

    def _linked(self, mentions: Sequence[Mention], decision: Decision, fields: Iterable[tuple[str, str]]) -> list[Mention]:
        """Every occurrence of the surface linked; mentions that overlap one give way."""
        made = [
            self._of(decision.into or "", *match.span(), match[0], field, _why(decision), None)
            for field, content in fields
            for match in self._patterns[decision.line].finditer(content)
        ]
        kept = [m for m in mentions if not any(m.field == n.field and m.start < n.end and n.start < m.end for n in made)] if made else list(mentions)
        return sorted([*kept, *made], key=lambda m: (m.field != "title", m.start))

    @cached_property
    def _patterns(self) -> dict[int, re.Pattern[str]]:
        return {d.line: _whole_words(d.surface or "") for d in self.decisions.listed if d.decision == "link"}

    def _of(self, entity: str, start: int, end: int, surface: str, field: str, why: str, role: str | None) -> Mention:
        known = self.kb.by_id[entity]
        return Mention(
            start=start, end=end, surface=surface, type=known.type, entity=known.id, name=known.name, qid=known.qid, score=1.0,
            why=f"{why}; kb {self.kb.version}", role=role, field=field,
        )  # fmt: skip


def _fits(mention: Mention, decision: Decision) -> bool:
    return decision.surface in (None, mention.surface) and decision.entity in (None, mention.entity)


def _why(decision: Decision) -> str:
    said = ", ".join(part for part in (decision.by, decision.on, decision.reason) if part)
    return f"curation line {decision.line}: {decision.decision}" + (f" ({said})" if said else "")


def _whole_words(surface: str) -> re.Pattern[str]:
    # No boundary is asked beside a Chinese character: words are not set apart there.
    left = r"(?<!\w)" if surface[:1] < "\u2e80" else ""
    right = r"(?!\w)" if surface[-1:] < "\u2e80" else ""
    return re.compile(f"{left}{re.escape(surface)}{right}")


def rows(decisions: Decisions) -> Iterator[dict[str, str | int | None]]:
    """The decisions for a table."""
    for d in decisions.listed:
        into = d.into or ("no link" if d.unlink else None)
        yield {"line": d.line, "decision": d.decision, "surface": d.surface, "entity": d.entity, "into": into, "type": d.type, "by": d.by, "reason": d.reason}
