"""Refits the score to outcomes of one's own: what the strong model gained on each prompt.

The user's rows correct the shipped score by a ridge regression over the signals, chosen by
cross-validation; so ten rows change little and a thousand change what they prove. All figures of
the report come from held-out folds.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from operator import mul

from router.analyzer.features import BLOCKS
from router.analyzer.model import Analyzer
from router.analyzer.signals import SIGNALS
from router.analyzer.weights import Weights, dump

FOLDS = 5
FREE = 2  # the first columns, the shipped score and the constant, are not shrunk
FEWEST = 20  # rows; fewer look like noise
_L2 = (30.0, 300.0, 3000.0, 30000.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both models scored on a prompt, 0..1 or any one scale."""

    prompt: str
    strong: float
    weak: float


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold: prompts of at least this score go to the strong model."""

    threshold: float
    strong_share: float
    quality: float  # mean quality reached
    kept: float  # of the strong model's mean quality


@dataclass(frozen=True, slots=True)
class Refit:
    """The refitted weights with the curve that held-out rows gave."""

    correction: Sequence[float]  # factor of the shipped raw score, constant, one weight a signal
    slope: float
    shift: float
    curve: Sequence[Point]
    shipped: Sequence[Point]  # the curve of the weights as they were
    held_out: Sequence[float] = ()  # each row's score by a fit that has not seen it


def refit(analyzer: Analyzer, rows: Sequence[Outcome]) -> Refit:
    """Fit the correction; raises ValueError if nothing can be learned from the rows."""
    if len(rows) < FEWEST:
        raise ValueError(f"{len(rows)} rows are too few; collect at least {FEWEST}")
    gain = [r.strong - r.weak for r in rows]
    if min(gain) == max(gain):
        raise ValueError("the strong model gains the same on every row; nothing can be learned")
    read = [analyzer.read(r.prompt) for r in rows]
    shipped = [analyzer.outputs(f)[2] for f in read]
    columns = _standardised([shipped, *map(list, zip(*(f.signals for f in read), strict=True))])
    values = [columns.values[0], [1.0] * len(rows), *columns.values[1:]]
    folds = _folds(values, gain)
    held_out: dict[float, list[float]] = {}
    for l2 in _L2:
        held_out[l2] = [0.0] * len(rows)
        for fold in range(FOLDS):
            weights = _solve(_added(folds[:fold] + folds[fold + 1 :]), l2)
            for i in range(fold, len(rows), FOLDS):
                held_out[l2][i] = sum(w * c[i] for w, c in zip(weights, values, strict=True))
    best = min(
        _L2, key=lambda l2: sum((a - b) ** 2 for a, b in zip(held_out[l2], gain, strict=True))
    )
    factor, constant, *by_signal = _solve(_added(folds), best)
    raw = [w / s for w, s in zip([factor, *by_signal], columns.spreads, strict=True)]
    constant -= sum(map(mul, raw, columns.means))
    slope, shift = _logistic(held_out[best], [g > 0 for g in gain])
    scores = [1 / (1 + exp(-(slope * x + shift))) for x in held_out[best]]
    return Refit(
        [raw[0], constant, *raw[1:]],
        slope,
        shift,
        curve(scores, rows),
        curve(shipped, rows),
        scores,
    )


def curve(scores: Sequence[float], rows: Sequence[Outcome]) -> list[Point]:
    """Return quality against share of strong calls, from all strong to none; ties go together."""
    ranked = sorted(zip(scores, rows, strict=True), key=lambda pair: pair[0])
    best = sum(r.strong for r in rows) / len(rows)
    total = best * len(rows)
    points = [Point(ranked[0][0], 1.0, best, 1.0)]
    for index, (score, row) in enumerate(ranked):
        total += row.weak - row.strong
        if index + 1 == len(ranked) or ranked[index + 1][0] > score:
            above = (score + ranked[index + 1][0]) / 2 if index + 1 < len(ranked) else score + 1e-9
            quality = total / len(rows)
            share = 1 - (index + 1) / len(rows)
            points.append(Point(above, share, quality, quality / best if best else 0.0))
    return points


def rewrite(weights: Weights, fitted: Refit, threshold: float, version: str) -> bytes:
    """Return the bytes of a weights file whose score is the refitted one."""
    factor, constant, *by_signal = fitted.correction
    model = weights.json("model")
    for block in BLOCKS:
        model["scales"][block][2] *= factor
    model["mix"][2] *= factor
    model["constants"][2] = model["constants"][2] * factor + constant
    model["score"] = {
        "slope": fitted.slope, "shift": fitted.shift, "complex": 0.0, "calculation": 0.0,
        "threshold": threshold,
    }  # fmt: skip
    old = weights.floats("signals.2")
    sections = {name: weights.section(name) for name in weights.header["sections"]}
    sections["signals.2"] = array(
        "f", [o * factor + n for o, n in zip(old, by_signal, strict=True)]
    ).tobytes()
    sections["model"] = json.dumps(model).encode()
    kept = {k: v for k, v in weights.header.items() if k not in ("sections", "sha256", "format")}
    return dump({**kept, "version": version}, sections)


@dataclass(frozen=True, slots=True)
class _Columns:
    values: list[list[float]]
    means: list[float]
    spreads: list[float]


def _standardised(columns: list[list[float]]) -> _Columns:
    assert len(columns) == len(SIGNALS) + 1
    values, means, spreads = [], [], []
    for column in columns:
        mean = sum(column) / len(column)
        spread = (sum((x - mean) ** 2 for x in column) / len(column)) ** 0.5
        means.append(mean)
        spreads.append(spread if spread > 1e-9 else float("inf"))
        values.append([(x - mean) / spreads[-1] for x in column])
    return _Columns(values, means, spreads)


def _normal(columns: list[list[float]], target: list[float]) -> list[list[float]]:
    """Return the lower triangle of the normal equations, the target's products as last row."""
    rows = [*columns, target]
    return [[sum(map(mul, rows[i], rows[j])) for j in range(i + 1)] for i in range(len(rows))]


def _solve(normal: list[list[float]], l2: float) -> list[float]:
    """Solve the ridge by Cholesky; the shipped score and the constant are hardly shrunk."""
    size = len(normal) - 1
    lower: list[list[float]] = []
    for i in range(size):
        row: list[float] = []
        for j in range(i):
            row.append((normal[i][j] - sum(map(mul, row, lower[j]))) / lower[j][j])
        penalty = 1e-3 if i < FREE else l2
        row.append((normal[i][i] + penalty - sum(map(mul, row, row))) ** 0.5)
        lower.append(row)
    half: list[float] = []
    for i in range(size):
        half.append((normal[size][i] - sum(map(mul, lower[i], half))) / lower[i][i])
    solved = [0.0] * size
    for i in reversed(range(size)):
        known = sum(lower[k][i] * solved[k] for k in range(i + 1, size))
        solved[i] = (half[i] - known) / lower[i][i]
    return solved


def _folds(columns: list[list[float]], target: list[float]) -> list[list[list[float]]]:
    """Return the normal equations of each fifth of the rows."""
    return [
        _normal([c[fold::FOLDS] for c in columns], target[fold::FOLDS]) for fold in range(FOLDS)
    ]


def _added(parts: Sequence[list[list[float]]]) -> list[list[float]]:
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*parts, strict=True)]


def _logistic(x: Sequence[float], y: Sequence[bool]) -> tuple[float, float]:
    """Fit P(the strong model is better) = sigmoid(slope * x + shift) by Newton's method."""
    slope, shift = 1.0, 0.0
    for _ in range(50):
        p = [1 / (1 + exp(-max(-30.0, min(30.0, slope * v + shift)))) for v in x]
        w = [max(q * (1 - q), 1e-9) for q in p]
        e = [q - t for q, t in zip(p, y, strict=True)]
        a = sum(wi * v * v for wi, v in zip(w, x, strict=True)) + 1e-3
        b = sum(map(mul, w, x))
        c = sum(w) + 1e-3
        g, h = sum(map(mul, e, x)) + 1e-3 * slope, sum(e) + 1e-3 * shift
        det = a * c - b * b
        step = (c * g - b * h) / det, (a * h - b * g) / det
        slope, shift = slope - max(-2.0, min(2.0, step[0])), shift - max(-2.0, min(2.0, step[1]))
    return max(slope, 1e-6), shift
