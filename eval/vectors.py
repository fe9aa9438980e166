"""Feature matrices of the same shape as the run time computes, one column a weight."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from eval.data import OWN, Row
from router.analyzer.conversation import last_turn, prompt_turn
from router.analyzer.features import BLOCKS, Features, extract
from router.analyzer.grams import LONGEST_STEM, Stems
from router.analyzer.lexicon import CATEGORIES
from router.analyzer.text import fold

Floats = NDArray[np.float64]

# Which countable signal a list of the lexicon of other languages feeds.
_FEEDS = {
    "calculate": "calculate", "lookup": "lookup", "edit": "edit", "create": "creative_object",
    "design": "design", "prove": "prove", "explain_why": "diagnosis", "code": "code_object",
    "compare": "analysis", "plan": "planning", "quantity_words": "quantity",
    "number_words": "number_word", "constraints": "constraint", "math_terms": "maths",
    "command": "assistant", "judge": "analysis", "produce": "create",
}  # fmt: skip


def foreign_lexicon() -> dict[str, list[str]]:
    """Return category -> stems of the other languages, folded as prompts are."""
    found: dict[str, set[str]] = {category: set() for category in _FEEDS.values()}
    languages = json.loads((OWN / "lexicon.json").read_text(encoding="utf-8"))
    for language, lists in languages.items():
        for name, words in lists.items() if language != "en" else ():
            if name in _FEEDS:
                stems = {fold(w).lstrip() for w in words}
                found[_FEEDS[name]] |= {s for s in stems if 0 < len(s) <= LONGEST_STEM}
    return {category: sorted(stems) for category, stems in sorted(found.items())}


def counters(lexicon: dict[str, list[str]]) -> dict[str, int]:
    """Return stem -> counter, as the run time holds it."""
    packed: dict[str, int] = {}
    for category, stems in lexicon.items():
        for stem in stems:
            packed[stem] = packed.get(stem, 0) | 1 << 8 * CATEGORIES.index(category)
    return packed


def features(prompts: Sequence[str]) -> list[Features]:
    """Read prompts exactly as the run time does."""
    stems = Stems(counters(foreign_lexicon()))
    return [extract(p, stems) for p in prompts]


@dataclass(frozen=True, slots=True)
class Reading:
    """A row as the run time reads it, with the earlier ask whose label it may inherit."""

    own: Features
    task: Features | None
    settled: bool

    @property
    def by_own_text(self) -> bool:
        """Return whether the row's own text decides; others would teach the wrong words."""
        return self.task is None and not self.settled


def readings(rows: Sequence[Row]) -> list[Reading]:
    """Read rows exactly as the run time does."""
    stems = Stems(counters(foreign_lexicon()))
    found = []
    for row in rows:
        turn = last_turn(row.messages) if row.messages else prompt_turn(row.prompt)
        task = extract(turn.task, stems) if turn.task else None
        found.append(Reading(extract(turn.text, stems, turn.context), task, turn.settled))
    return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The n-grams of one block with their idf, in the order of their columns."""

    columns: dict[str, int]
    idf: Floats

    @classmethod
    def of(cls, read: Sequence[Features], block: int, at_least: int) -> Vocabulary:
        """Count the n-grams of a block; rarer ones than ``at_least`` prompts are left out."""
        counts = Counter(g for f in read for g in f.grams[block])
        kept = sorted(g for g, n in counts.items() if n >= at_least)
        idf = np.array([np.log((1 + len(read)) / (1 + counts[g])) + 1 for g in kept])
        return cls({g: i for i, g in enumerate(kept)}, np.sqrt(np.round(idf**2 * 8) / 8))

    def keep(self, mask: NDArray[np.bool_]) -> Vocabulary:
        """Return the vocabulary with the masked columns alone; idf stays as counted."""
        kept = [g for g, k in zip(self.columns, mask, strict=True) if k]
        return Vocabulary({g: i for i, g in enumerate(kept)}, self.idf[mask])

    def matrix(self, read: Sequence[Features], block: int) -> sp.csr_matrix:
        """Return one L2-normalised row a prompt."""
        columns: list[int] = []
        ends = [0]
        for f in read:
            columns.extend(sorted(self.columns[g] for g in f.grams[block] if g in self.columns))
            ends.append(len(columns))
        index = np.array(columns, dtype=np.int64)
        found = sp.csr_matrix(
            (self.idf[index], index, np.array(ends)), shape=(len(read), len(self.columns))
        )
        norm = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
        return (sp.diags(1 / np.where(norm == 0, 1, norm)) @ found).tocsr()


def vocabularies(read: Sequence[Features], at_least: int) -> list[Vocabulary]:
    """Return the vocabulary of each block."""
    return [Vocabulary.of(read, block, at_least) for block in range(len(BLOCKS))]


def signals(read: Sequence[Features]) -> Floats:
    """Return one row of signals a prompt."""
    return np.array([f.signals for f in read], dtype=np.float64)
