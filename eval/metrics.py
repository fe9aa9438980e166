"""The figures of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SIMPLE, CALCULATION, COMPLEX = range(3)


def accuracy(said: Ints, truth: Ints) -> float:
    """Return the share of labels that are right."""
    return float(np.mean(said == truth))


def complex_called_simple(said: Ints, truth: Ints) -> float:
    """Return the share of COMPLEX prompts that would go to the cheapest model."""
    return float(np.mean(said[truth == COMPLEX] == SIMPLE))


def simple_against_complex(said: Ints, truth: Ints) -> float:
    """Return the accuracy on SIMPLE and COMPLEX prompts alone."""
    return accuracy(said[truth != CALCULATION], truth[truth != CALCULATION])


def calibration_error(probabilities: Floats, truth: Ints, bins: int = 10) -> float:
    """Return the expected calibration error of the label's probability."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(confidence[place == b].mean() - right[place == b].mean()) * np.mean(place == b)
            for b in np.unique(place)
        )
    )


def apgr(score: Floats, strong: Floats, weak: Floats) -> float:
    """Return the average performance gap recovered, RouteLLM's ten quantile bins."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, 11)))
    points = []
    for index, edge in enumerate(edges):
        up = score >= edge if index < len(edges) - 1 else score > edge
        points.append((up.mean(), np.where(up, strong, weak).mean()))
    points.sort()
    share, quality = (np.array(v) for v in zip(*points, strict=True))
    area = np.sum((share[1:] - share[:-1]) * (quality[1:] + quality[:-1]) / 2)
    span = share[-1] - share[0]
    return float((area - weak.mean() * span) / ((strong.mean() - weak.mean()) * span))


def flips(attacked: Sequence[int], clean: Sequence[int]) -> float:
    """Return the share of attacked prompts whose label is not that of the clean twin."""
    return sum(a != c for a, c in zip(attacked, clean, strict=True)) / len(clean)
