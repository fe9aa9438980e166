"""Boosted trees evaluated for all trees at once, in a handful of C-level calls.

Each tree has at most eight leaves, one bit each. A threshold that is passed rules out the leaves
left of it; the masks of all thresholds of a feature are multiplied out ahead, so one binary search
a feature finds everything it rules out. The lowest bit left in a tree's byte is its leaf
(QuickScorer, Lucchese et al. 2015).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import compress
from operator import getitem

LEAVES = 8
_LOWEST_BIT = bytes((n & -n).bit_length() - 1 if n else 0 for n in range(256))


class Forest:
    """Trees over the signals; ``nodes`` are (feature, threshold, tree, mask of leaves kept)."""

    def __init__(
        self, nodes: Sequence[tuple[int, float, int, int]], leaves: Sequence[float]
    ) -> None:
        self.trees = len(leaves) // LEAVES
        self._leaves = [tuple(leaves[i : i + LEAVES]) for i in range(0, len(leaves), LEAVES)]
        self._all = (1 << 8 * self.trees) - 1
        by_feature: dict[int, list[tuple[float, int]]] = {}
        for feature, threshold, tree, kept in nodes:
            ruled_out = (~kept & 0xFF) << 8 * tree
            by_feature.setdefault(feature, []).append((threshold, ruled_out))
        self._cuts: list[tuple[list[float], list[int]]] = []
        for feature in range(max(by_feature, default=-1) + 1):
            thresholds, masks, mask = [], [self._all], 0
            for threshold, ruled_out in sorted(by_feature.get(feature, ())):
                mask |= ruled_out
                thresholds.append(threshold)
                masks.append(self._all ^ mask)
            self._cuts.append((thresholds, masks))
        # Signals are never negative, and a larger one rules out more: what zeros rule out is known.
        self._at_zero = self._all
        for thresholds, masks in self._cuts:
            self._at_zero &= masks[bisect_left(thresholds, 0.0)]

    def leaf_values(self, signals: Sequence[float]) -> list[float]:
        """Return the value of the leaf that each tree ends in; no signal may be negative."""
        alive = self._at_zero
        present = zip(filter(None, signals), compress(self._cuts, signals), strict=False)
        for value, (thresholds, masks) in present:
            alive &= masks[bisect_left(thresholds, value)]
        leaf = alive.to_bytes(self.trees, "little").translate(_LOWEST_BIT)
        return list(map(getitem, self._leaves, leaf))
