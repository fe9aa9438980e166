"""What ``calibrate`` learns from how many rows: ``python -m eval.calibration_curve``.

Fits on some rows of a pair of models and measures APGR on rows that neither the fit nor the shipped
weights have seen: the dev rows of the shared outcomes, of which the fit gets a part, drawn again
for each of a few rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from random import Random

import numpy as np

from eval.data import Outcome as Row
from eval.data import outcomes
from eval.metrics import apgr
from router.analyzer import Analyzer, load
from router.analyzer.calibration import Outcome, refit, rewrite
from router.analyzer.model import shipped_weights
from router.analyzer.weights import parse

SIZES = (50, 100, 200, 400, 1000)
ROUNDS = 5
SEED = 7
SETS = (("dev", "outcomes2"), ("mmlu_dev", "outcomes"), ("gsm8k_dev", "outcomes"))


def recovered(analyzer: Analyzer, rows: Sequence[Row]) -> float:
    """Return the APGR of an analyzer's score on rows."""
    score = np.array([analyzer.classify_prompt(row.prompt).score for row in rows])
    strong, weak = (np.array([getattr(row, name) for row in rows]) for name in ("strong", "weak"))
    return apgr(score, strong, weak)


def calibrated(rows: Sequence[Row]) -> Analyzer:
    """Return the analyzer that ``calibrate`` makes of rows."""
    found = refit(load(), [Outcome(row.prompt, row.strong, row.weak) for row in rows])
    return Analyzer(parse(rewrite(shipped_weights(), found, 0.5, "calibrated"), "calibrated"))


def curve(rows: Sequence[Row]) -> list[tuple[int, float, float, float]]:
    """Return for each size: the APGR of the shipped and of the calibrated score, and its spread."""
    found = []
    for size in (n for n in SIZES if n <= len(rows) // 2):
        shipped, fitted = [], []
        for number in range(ROUNDS):
            mixed = list(rows)
            Random(SEED + number).shuffle(mixed)
            seen, unseen = mixed[:size], mixed[size:]
            shipped.append(recovered(load(), unseen))
            fitted.append(recovered(calibrated(seen), unseen))
        found.append(
            (size, statistics.fmean(shipped), statistics.fmean(fitted), statistics.pstdev(fitted))
        )
    return found


def main() -> int:
    """Print a table for each set that is there."""
    for name, folder in SETS:
        rows = outcomes(name, folder)
        print(f"{folder}/{name}: {len(rows)} rows, mean of {ROUNDS} draws")
        for size, shipped, fitted, spread in curve(rows):
            print(f"  {size:5} rows: shipped {shipped:.3f}, calibrated {fitted:.3f} ± {spread:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
