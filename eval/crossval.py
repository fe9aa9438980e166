"""Estimates unseen sources: ``python -m eval.crossval`` holds out whole sources, six folds.

The kept sets are other sources than these, so this is an estimate, and a harsh one: a fold takes
away all that was known of a kind of prompt. Prints the figures and the calibration fitted on them.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from eval import metrics
from eval.data import LABELS, own, public
from eval.fit import INVERSE_L2, TREE_WEIGHT, Space, linear_labels, tree_labels
from eval.train import OWN_WEIGHT
from eval.vectors import Floats, features, signals

FOLDS = 6


def assigned(groups: list[str], labels: list[int]) -> dict[str, int]:
    """Return source -> fold, filling folds evenly by label, large sources first."""
    load = np.zeros((FOLDS, len(LABELS)))
    label_of = dict(zip(groups, labels, strict=True))
    found = {}
    for group, size in sorted(Counter(groups).items(), key=lambda pair: (-pair[1], pair[0])):
        label = label_of[group]
        found[group] = int(np.argmin(load[:, label] + 0.1 * load.sum(axis=1)))
        load[found[group], label] += size
    return found


def held_out() -> tuple[Floats, metrics.Ints, list[str]]:
    """Return the mixed logits of each public row by a model that never saw its source."""
    rows, extra = public("train"), own()
    read = features([r.prompt for r in rows])
    extra_read = features([r.prompt for r in extra])
    y = np.array([r.label for r in rows])
    groups = [r.group for r in rows]
    folds = assigned(groups, y.tolist())
    fold = np.array([folds[g] for g in groups])
    logits = np.zeros((len(rows), 3))
    for k in range(FOLDS):
        inside = [f for f, z in zip(read, fold, strict=True) if z != k] + extra_read
        outside = [f for f, z in zip(read, fold, strict=True) if z == k]
        target = np.append(y[fold != k], [r.label for r in extra])
        weight = np.append(np.ones((fold != k).sum()), [OWN_WEIGHT] * len(extra))
        space = Space.of(inside, at_least=3)
        linear = linear_labels(space.matrix(inside), target, weight, INVERSE_L2)
        trees = tree_labels(signals(inside), target, weight)
        logits[fold == k] = linear.decision_function(space.matrix(outside))
        logits[fold == k] += TREE_WEIGHT * np.log(trees.predict_proba(signals(outside)) + 1e-9)
    return logits - logits[:, :1], y, groups


def shares(logits: Floats, calibration: tuple[float, float, float]) -> Floats:
    """Return the calibrated probabilities."""
    slope, calculation, complex_ = calibration
    z = slope * logits + np.array([0.0, calculation, complex_])
    power = np.exp(z - z.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def fitted_slope(logits: Floats, y: metrics.Ints) -> float:
    """Return the slope with the smallest log loss; shifts stay 0, they do not carry over."""
    grid = np.arange(0.2, 2.0, 0.02)
    rows = np.arange(len(y))
    loss = [-np.log(shares(logits, (s, 0.0, 0.0))[rows, y] + 1e-12).mean() for s in grid]
    return float(grid[int(np.argmin(loss))])


def main() -> None:
    """Print the held-out figures, the worst sources and the calibration."""
    logits, y, groups = held_out()
    slope = fitted_slope(logits, y)
    p = shares(logits, (slope, 0.0, 0.0))
    said = p.argmax(axis=1)
    print(f"held-out sources: accuracy {metrics.accuracy(said, y):.4f}")
    print(f"  COMPLEX called SIMPLE {metrics.complex_called_simple(said, y):.4f}")
    print(f"  SIMPLE against COMPLEX {metrics.simple_against_complex(said, y):.4f}")
    print(f"  slope {slope:.2f}: ECE {metrics.calibration_error(p, y):.4f}")
    source = np.array(groups)
    by_source = {g: float(np.mean((said == y)[source == g])) for g in set(groups)}
    for group, share in sorted(by_source.items(), key=lambda pair: pair[1])[:15]:
        print(f"  {group:34} {(source == group).sum():5} {share:.3f}")


if __name__ == "__main__":
    main()
