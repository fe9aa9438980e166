"""The rows that training and evaluation read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.analyzer.conversation import judged_text

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("FAREGATE_DATA", ROOT.parent / "shared" / "data"))
OWN = ROOT / "eval" / "data"
SETS = ROOT / "tests" / "sets"
LABELS = ("SIMPLE", "CALCULATION", "COMPLEX")


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled prompt or conversation; ``group`` is its source, family or language."""

    prompt: str  # of a conversation: what its last turn asks
    label: int
    group: str
    clean: str | None = None  # red team: the same ask without the attack
    messages: Sequence[Mapping[str, Any]] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strong and a weak model scored on a prompt."""

    id: str
    prompt: str
    bench: str
    strong: float
    weak: float


def jsonl(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def rows(path: Path) -> list[Row]:
    """Return the labelled prompts of a file, or none if the file is absent."""
    if not path.exists():
        return []
    return [
        Row(
            prompt=str(r["prompt"]) if "prompt" in r else judged_text(r["messages"]),
            label=LABELS.index(str(r["label"])),
            group=str(r.get("source") or r.get("family") or r.get("language") or path.stem),
            clean=str(r["clean"]) if "clean" in r else None,
            messages=r.get("messages", ()),
            kind=str(r.get("kind", "")),
        )
        for r in jsonl(path)
    ]


def public(split: str, folder: str = "complexity") -> list[Row]:
    """Return the rows of ``train`` or ``dev`` of the shared data, if they are there.

    ``complexity`` holds single prompts of 43 sources, ``complexity2`` conversations and what came
    up since, of 70.
    """
    return rows(SHARED / folder / f"{split}.jsonl")


def everything(split: str) -> list[Row]:
    """Return the rows of both folders."""
    return public(split) + public(split, "complexity2")


def own() -> list[Row]:
    """Return the project's hand-written training rows, attacked prompts with their clean twins."""
    found = [r for path in sorted((OWN / "train").glob("*.jsonl")) for r in rows(path)]
    twins = {(r.clean, r.label, r.group) for r in found if r.clean}
    return found + [Row(c, label, group) for c, label, group in sorted(twins) if c]


def outcomes(name: str, folder: str = "outcomes") -> list[Outcome]:
    """Return routing outcomes such as ``mmlu_labels``, if they are there."""
    path = SHARED / folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [
        Outcome(
            str(r["id"]), str(r["prompt"]), str(r["bench"]), float(r["strong"]), float(r["weak"])
        )
        for r in jsonl(path)
    ]
