"""Finding copies: documents a second through `igwire stage dedupe`, and whether memory stays flat; reference: rensa's signatures alone."""

from __future__ import annotations

import json
import random
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _report import arguments, memory_watched, report, timed

from igwire.newsroom.articles import stories
from igwire.pipeline.stagefile import run_stage

# Sentences an article: 250 words or so, the length of a wire item.
SENTENCES = 14
# Of ten articles one is a near-copy of an earlier one, one is stitched from four others.
COPY, MOSAIC = 0.1, 0.1
KEPT = 2000


def articles(count: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """News-like texts: sentences of the newsroom's own words, with copies and mosaics of the last few thousand."""
    words = [word for story in stories() if story.language == "en" for word in re.findall(r"[A-Za-z'-]+", story.text)]
    kept: list[list[str]] = []
    for number in range(count):
        chance = draw.random()
        if kept and chance < COPY:
            text = [*draw.choice(kept)[: SENTENCES - 2], sentence(words, draw), sentence(words, draw)]
        elif len(kept) > 4 and chance < COPY + MOSAIC:
            text = [part for other in draw.sample(kept, 4) for part in other[:3]]
        else:
            text = [sentence(words, draw) for _ in range(SENTENCES)]
            kept.append(text)
        if len(kept) > KEPT:
            kept.pop(draw.randrange(KEPT))
        yield {"id": number, "text": " ".join(text)}


def sentence(words: list[str], draw: random.Random) -> str:
    """Eighteen words that follow each other nowhere else."""
    return " ".join(draw.choices(words, k=18)).capitalize() + "."


def signatures(path: Path) -> None:
    """The reference: the same lines read, shingled and given a signature, nothing compared or kept."""
    import rensa

    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = json.loads(line)["text"].split()
            sketch = rensa.RMinHash(128, 1)
            sketch.update([" ".join(words[n : n + 5]) for n in range(len(words) - 4)])
            sketch.digest()


def main() -> None:
    """Measure at three sizes; the largest counts."""
    options = arguments(__doc__, workers={"type": int, "default": 2}, documents={"type": int, "default": 0})
    largest = options.documents or (20_000 if options.quick else 100_000)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in (largest // 4, largest // 2, largest):
            source, target = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
            with source.open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(row) + "\n" for row in articles(count, random.Random(7)))
            reference = timed(lambda source=source: signatures(source))
            with memory_watched() as memory:
                start = time.perf_counter()
                run_stage("dedupe", source, target, workers=options.workers)
                seconds = time.perf_counter() - start
            clustered = sum(json.loads(line)["of"] is not None for line in target.open(encoding="utf-8"))
            rows.append(
                {
                    "documents": count, "documents_per_s": count / seconds, "seconds": seconds, "reference_s": reference,
                    "copies": clustered, "peak_mb": memory.peak_mb,
                }
            )  # fmt: skip
            if abs(clustered - COPY * count) > 0.03 * count:
                raise SystemExit(f"{clustered} copies were found where about {COPY * count:.0f} were made")
    last = rows[-1]
    report(
        "dedupe", rows, share=last["reference_s"] / last["seconds"], reference="rensa's signatures of the same lines, one process, nothing compared or kept",
        documents=last["documents"], documents_per_s=round(last["documents_per_s"]), peak_mb=round(last["peak_mb"]),
        growth=round(last["peak_mb"] / rows[0]["peak_mb"], 2), workers=options.workers,
    )  # fmt: skip


if __name__ == "__main__":
    main()
