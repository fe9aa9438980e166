"""The linear part: weights of n-grams, three sums at a time."""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt

from router.analyzer.weights import BIAS, LANE

_MASK = (1 << LANE) - 1


class Block:
    """One block of n-grams; each is L2-normalised by the idf of the n-grams it knows."""

    def __init__(self, table: dict[str, int], scales: tuple[float, float, float]) -> None:
        self.table = table
        self._scales = scales

    def sums(self, grams: Collection[str]) -> tuple[float, float, float]:
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
