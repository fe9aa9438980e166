"""Fits the parts of the model; every numeric choice is here, with its purpose."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from eval.vectors import Floats, Vocabulary, signals, vocabularies
from router.analyzer.features import Features
from router.analyzer.signals import SIGNALS

SEED = 20261121
RARE = 3  # n-grams in fewer prompts are noise
BLOCK_WEIGHTS = (1.0, 1.0, 0.7, 1.0)  # ask, letters, ends, text
SIGNAL_WEIGHT = 0.15  # of a standardised signal beside n-grams of unit length
INVERSE_L2 = 1.0
STEPS = 60  # of the solver; more move no label
TREES = 60
TREE_WEIGHT = 0.4
ASK_SHARE = 0.35  # of a second linear part, which knows the ask alone, mixed in log space


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
        # Half the width is half the memory to walk through; weights end up in eight bits anyway.
        return sp.hstack([*blocks, sp.csr_matrix(dense)]).tocsr().astype(np.float32)

    def of_the_ask(self) -> NDArray[np.int64]:
        """Return the columns of the ask alone."""
        ask, letters, *rest = self.widths()
        signals_at = ask + letters + sum(rest)
        told = [i for i, name in enumerate(SIGNALS) if name.startswith(("ask: ", "form: "))]
        told += [SIGNALS.index(n) for n in ("ask words", "numbers in the ask", "not english")]
        return np.concatenate([np.arange(ask + letters), signals_at + np.array(sorted(told))])

    def widths(self) -> list[int]:
        """Return the number of columns of each block."""
        return [len(v.columns) for v in self.vocabularies]


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of the three labels, one row each, and their constants."""

    weights: Floats
    constants: Floats

    def logits(self, x: sp.csr_matrix) -> Floats:
        """Return one row a prompt."""
        return np.asarray(x @ self.weights.T + self.constants)


def mixed_labels(space: Space, x: sp.csr_matrix, y: Floats, weight: Floats) -> Linear:
    """Fit the labels' linear part twice, on all columns and on those of the ask, and mix them.

    What surrounds an ask (stuffing, padding, a topic) can then move a label only so far. A mixture
    of two linear parts is one linear part, so at run time it costs nothing.
    """
    whole = linear_labels(x, y, weight)
    columns = space.of_the_ask()
    ask = linear_labels(x[:, columns], y, weight)
    weights = (1 - ASK_SHARE) * whole.coef_
    weights[:, columns] += ASK_SHARE * ask.coef_
    constants = (1 - ASK_SHARE) * whole.intercept_ + ASK_SHARE * ask.intercept_
    return Linear(weights, constants)


def linear_labels(
    x: sp.csr_matrix, y: Floats, weight: Floats, steps: int = STEPS
) -> LogisticRegression:
    """Fit the labels' linear part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        return LogisticRegression(C=INVERSE_L2, max_iter=steps, tol=1e-3).fit(x, y, weight)


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
