"""The rows that training and evaluation read."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("FAREGATE_DATA", ROOT.parent / "shared" / "data"))
OWN = ROOT / "eval" / "data"
SETS = ROOT / "tests" / "sets"
LABELS = ("SIMPLE", "CALCULATION", "COMPLEX")


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled prompt; ``group`` is its source, family or language."""

    prompt: str
    label: int
    group: str
    clean: str | None = None  # red team: the same ask without the attack


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strong and a weak model scored on a prompt."""

    id: str
    prompt: str
    bench: str
    strong: float
    weak: float


def jsonl(path: Path) -> list[dict[str, object]]:
    """Return the rows of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def rows(path: Path) -> list[Row]:
    """Return the labelled prompts of a file, or none where the file is absent."""
    if not path.exists():
        return []
    return [
        Row(
            prompt=str(r["prompt"]),
            label=LABELS.index(str(r["label"])),
            group=str(r.get("source") or r.get("family") or r.get("language") or path.stem),
            clean=str(r["clean"]) if "clean" in r else None,
        )
        for r in jsonl(path)
    ]


def public(split: str) -> list[Row]:
    """Return the rows of ``train`` or ``dev`` of the shared data, if it is there."""
    return rows(SHARED / "complexity" / f"{split}.jsonl")


def own() -> list[Row]:
    """Return the project's hand-written training rows, attacked prompts with their clean twins."""
    found = [r for path in sorted((OWN / "train").glob("*.jsonl")) for r in rows(path)]
    twins = {(r.clean, r.label, r.group) for r in found if r.clean}
    return found + [Row(c, label, group) for c, label, group in sorted(twins) if c]


def outcomes(name: str) -> list[Outcome]:
    """Return routing outcomes such as ``mmlu_labels``, if they are there."""
    path = SHARED / "outcomes" / f"{name}.jsonl"
    if not path.exists():
        return []
    return [
        Outcome(
            str(r["id"]), str(r["prompt"]), str(r["bench"]),
            float(str(r["strong"])), float(str(r["weak"])),
        )
        for r in jsonl(path)
    ]  # fmt: skip
