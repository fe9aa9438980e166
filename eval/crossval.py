"""Estimates unseen sources: ``python -m eval.crossval`` holds out whole families of sources.

A fold takes away all that was known of a family, so this is harsher than new sources of known
kinds. Prints the figures, the worst families, and the calibration fitted on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval import metrics, second_opinions
from eval.data import LABELS, Row, everything, own
from eval.families import family
from eval.fit import TREE_WEIGHT, Linear, Space, mixed_labels, tree_labels
from eval.train import CALIBRATION, own_weights
from eval.vectors import Floats, Reading, readings, signals
from router.analyzer.features import Features
from router.analyzer.situation import describes_a_situation

FOLDS = 5
RARE = 4  # a fold's model is thrown away: rarer n-grams only cost time


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The labels that models without a row's family gave it."""

    rows: Sequence[Row]
    logits: Floats
    settled: metrics.Ints
    task_logits: Floats  # of the earlier ask; all zero if there is none
    situation: NDArray[np.bool_]  # that the text tells one, whatever its label

    def shares(self, calibration: tuple[float, float, float]) -> Floats:
        """Return the calibrated probabilities, the harder label of turn and task."""
        found = shares(self.logits, calibration)
        tasks = shares(self.task_logits, calibration)
        has_task = self.task_logits.any(axis=1)
        harder = has_task & (tasks.argmax(axis=1) >= found.argmax(axis=1))
        found[harder] = tasks[harder]
        found[self.settled == 1] = (0.97, 0.01, 0.02)
        return found


def assigned(names: list[str], labels: list[int]) -> dict[str, int]:
    """Return family -> fold, filling folds evenly by label, large families first."""
    load = np.zeros((FOLDS, len(LABELS)))
    found = {}
    for name, _ in sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])):
        seen = [label for n, label in zip(names, labels, strict=True) if n == name]
        counts = np.bincount(seen, minlength=len(LABELS))
        found[name] = int(np.argmin(load @ (counts / counts.sum()) + 0.1 * load.sum(axis=1)))
        load[found[name]] += counts
    return found


def held_out() -> HeldOut:
    """Return the label of each public row by a model that never saw its family."""
    rows, extra = everything("train"), own()
    read, extra_read = readings(rows), readings(extra)
    names = [family(r.group) for r in rows]
    folds = assigned(names, [r.label for r in rows])
    logits, tasks = np.zeros((len(rows), 3)), np.zeros((len(rows), 3))
    for k in range(FOLDS):
        inside = [i for i, n in enumerate(names) if folds[n] != k and read[i].by_own_text]
        outside = [i for i, n in enumerate(names) if folds[n] == k]
        fitted = _Fitted.on(
            [read[i].own for i in inside] + [r.own for r in extra_read],
            np.array([rows[i].label for i in inside] + [r.label for r in extra]),
            np.array([1.0] * len(inside) + own_weights(extra)),
        )
        logits[outside] = fitted.logits([read[i].own for i in outside])
        leaning = [i for i in outside if read[i].task is not None]
        if leaning:
            tasks[leaning] = fitted.logits([t for i in leaning if (t := read[i].task)])
    described = np.array([describes_a_situation(r.own) for r in read])
    return HeldOut(rows, logits, _settled(read), tasks, described)


def _settled(read: Sequence[Reading]) -> metrics.Ints:
    return np.array([int(r.settled) for r in read])


@dataclass(frozen=True, slots=True)
class _Fitted:
    space: Space
    linear: Linear
    trees: object

    @classmethod
    def on(cls, read: Sequence[Features], y: metrics.Ints, weight: Floats) -> _Fitted:
        space = Space.of(read, at_least=RARE)
        linear = mixed_labels(space, space.matrix(read), y, weight)
        return cls(space, linear, tree_labels(signals(read), y, weight))

    def logits(self, read: Sequence[Features]) -> Floats:
        found = self.linear.logits(self.space.matrix(read))
        found += TREE_WEIGHT * np.log(self.trees.predict_proba(signals(read)) + 1e-9)  # type: ignore[attr-defined]
        return found - found[:, :1]


def shares(logits: Floats, calibration: tuple[float, float, float]) -> Floats:
    """Return the calibrated probabilities."""
    slope, calculation, complex_ = calibration
    z = slope * logits + np.array([0.0, calculation, complex_])
    power = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def fitted_slope(found: HeldOut, y: metrics.Ints) -> float:
    """Return the slope with the smallest log loss under the shipped shifts."""
    grid = np.arange(0.2, 2.0, 0.02)
    rows = np.arange(len(y))
    loss = [
        -np.log(found.shares((s, *CALIBRATION[1:]))[rows, y] + 1e-12).mean() for s in grid.tolist()
    ]
    return float(grid[int(np.argmin(loss))])


def figures(found: HeldOut) -> dict[str, tuple[float, int]]:
    """Return the held-out figures by their names in the benchmark, each with its rows.

    A figure that is no share of rows has none.
    """
    y = np.array([r.label for r in found.rows])
    p = found.shares(CALIBRATION)
    said = p.argmax(axis=1)
    hard, two_way = y == metrics.COMPLEX, y != metrics.CALCULATION
    missed = metrics.complex_called_simple(said, y)
    two = metrics.simple_against_complex(said, y)
    table = {
        "families held out: accuracy": (metrics.accuracy(said, y), len(y)),
        "families held out: COMPLEX called SIMPLE <": (missed, int(hard.sum())),
        "families held out: SIMPLE against COMPLEX": (two, int(two_way.sum())),
        "families held out: calibration error (ECE) <": (metrics.calibration_error(p, y), 0),
    }
    of_round = np.array(
        [f"sources of the {'second' if r.kind else 'first'} round" for r in found.rows]
    )
    kind = np.array([r.kind for r in found.rows])
    for column in (of_round, kind):
        for name in sorted(set(column.tolist()) - {""}):
            part = column == name
            share = metrics.accuracy(said[part], y[part])
            table[f"held out, {name}: accuracy"] = (share, int(part.sum()))
    return table | second_opinions.figures(found, p)


def main() -> None:
    """Print the held-out figures, the worst families and the calibration."""
    found = held_out()
    y = np.array([r.label for r in found.rows])
    for name, (value, _) in figures(found).items():
        print(f"{name.removesuffix(' <'):56} {value:.4f}")
    print(f"slope of the smallest log loss: {fitted_slope(found, y):.2f}")
    said = found.shares(CALIBRATION).argmax(axis=1)
    names = np.array([family(r.group) for r in found.rows])
    by_family = {n: float(np.mean((said == y)[names == n])) for n in set(names.tolist())}
    for name, share in sorted(by_family.items(), key=lambda pair: pair[1])[:25]:
        print(f"  {name:34} {(names == name).sum():5} {share:.3f}")


if __name__ == "__main__":
    main()
