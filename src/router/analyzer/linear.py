"""The linear part: weights of n-grams and of signals, three sums at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from math import sqrt

from router.analyzer.weights import BIAS, LANE

Sums = tuple[float, float, float]  # toward CALCULATION, toward COMPLEX, the score
_MASK = (1 << LANE) - 1


class Block:
    """One block of n-grams; each is L2-normalised by the idf of the n-grams it knows."""

    def __init__(self, table: dict[str, int], scales: Sums) -> None:
        self.table = table
        self._scales = scales

    def weight(self, gram: str, lane: int) -> int:
        """Return the weight of one n-gram toward a label, as it is stored; 0 if it is unknown."""
        packed = self.table.get(gram)
        return 0 if packed is None else (packed >> LANE * lane & _MASK) - BIAS

    def sums(self, grams: Collection[str]) -> Sums:
        """Return the block's share of the two label logits and of the score."""
        known = list(filter(None, map(self.table.get, grams)))
        if not known:
            return 0.0, 0.0, 0.0
        packed = sum(known)
        squared = packed >> 3 * LANE
        bias = BIAS * len(known)
        norm = sqrt(squared / 8)
        first, second, third = self._scales
        return (
            ((packed & _MASK) - bias) * first / norm,
            ((packed >> LANE & _MASK) - bias) * second / norm,
            ((packed >> 2 * LANE & _MASK) - bias) * third / norm,
        )


class Dense:
    """The weights of the signals, three to each."""

    def __init__(self, weights: Sequence[Sums]) -> None:
        self._weights = weights

    def sums(self, signals: Sequence[float]) -> Sums:
        """Return the signals' share of the two label logits and of the score."""
        first = second = third = 0.0
        present = zip(filter(None, signals), compress(self._weights, signals), strict=True)
        for value, (a, b, c) in present:  # most signals are zero
            first += value * a
            second += value * b
            third += value * c
        return first, second, third
