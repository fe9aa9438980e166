"""Fits the parts of the model; every choice that is a number stands here, with what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from eval.vectors import Floats, Vocabulary, signals, vocabularies
from router.analyzer.features import Features

SEED = 20261121
RARE = 2  # n-grams in fewer prompts are noise
BLOCK_WEIGHTS = (1.0, 1.0, 0.7, 1.0)  # ask, letters, ends, text
SIGNAL_WEIGHT = 0.15  # of a standardised signal beside n-grams of unit length
INVERSE_L2 = 1.0
TREES = 60
TREE_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Space:
    """The columns of the linear part: n-grams by block, then standardised signals."""

    vocabularies: Sequence[Vocabulary]
    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, read: Sequence[Features], at_least: int = RARE) -> Space:
        """Take the columns from the prompts that are trained on."""
        raw = signals(read)
        return cls(vocabularies(read, at_least), raw.mean(axis=0), raw.std(axis=0) + 1e-6)

    def matrix(self, read: Sequence[Features]) -> sp.csr_matrix:
        """Return the rows of the linear part."""
        blocks = [
            weight * v.matrix(read, block)
            for block, (v, weight) in enumerate(zip(self.vocabularies, BLOCK_WEIGHTS, strict=True))
        ]
        dense = SIGNAL_WEIGHT * (signals(read) - self.mean) / self.spread
        return sp.hstack([*blocks, sp.csr_matrix(dense)]).tocsr()

    def widths(self) -> list[int]:
        """Return the number of columns of each block."""
        return [len(v.columns) for v in self.vocabularies]


def linear_labels(
    x: sp.csr_matrix, y: Floats, weight: Floats, inverse_l2: float = INVERSE_L2
) -> LogisticRegression:
    """Fit the labels' linear part."""
    return LogisticRegression(C=inverse_l2, max_iter=120, tol=1e-4).fit(x, y, weight)


def tree_labels(x: Floats, y: Floats, weight: Floats) -> HistGradientBoostingClassifier:
    """Fit the labels' trees."""
    return HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=8, learning_rate=0.22, l2_regularization=5,
        min_samples_leaf=20, max_features=0.4, random_state=SEED, early_stopping=False,
    ).fit(x, y, weight)  # fmt: skip


def linear_score(x: sp.csr_matrix, gain: Floats, weight: Floats, l2: float) -> Ridge:
    """Fit the score's linear part to what the strong model gains."""
    return Ridge(alpha=l2, solver="sparse_cg", tol=1e-6).fit(x, gain, weight)


def tree_score(x: Floats, gain: Floats, weight: Floats) -> HistGradientBoostingRegressor:
    """Fit the score's trees."""
    return HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=6, learning_rate=0.05, l2_regularization=20,
        min_samples_leaf=30, max_features=0.3, random_state=SEED, early_stopping=False,
    ).fit(x, gain, weight)  # fmt: skip
