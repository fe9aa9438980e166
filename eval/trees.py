"""Takes fitted trees apart into the form of :mod:`router.analyzer.forest`."""

from __future__ import annotations

from typing import Any

Output = tuple[list[tuple[int, float, int, int]], list[float], float]
"""Nodes (feature, threshold, tree, mask of leaves kept), eight leaves a tree, the base value."""


def flatten(fitted: Any) -> list[Output]:
    """Return one output a class, or the one of a regression."""
    bases = fitted._baseline_prediction.ravel()
    return [
        _output([stage[k] for stage in fitted._predictors], float(base))
        for k, base in enumerate(bases)
    ]


def _output(trees: list[Any], base: float) -> Output:
    nodes: list[tuple[int, float, int, int]] = []
    leaves: list[float] = []
    for number, tree in enumerate(trees):
        values: list[float] = []

        def walk(
            index: int, tree: Any = tree, values: list[float] = values, number: int = number
        ) -> int:
            """Visit leaves left to right; return the mask of the leaves under the node."""
            node = tree.nodes[index]
            if node["is_leaf"]:
                values.append(float(node["value"]))
                return 1 << len(values) - 1
            left = walk(int(node["left"]))
            right = walk(int(node["right"]))
            threshold = float(node["num_threshold"])
            nodes.append((int(node["feature_idx"]), threshold, number, ~left & 0xFF))
            return left | right

        walk(0)
        leaves += values + [0.0] * (8 - len(values))
    return nodes, leaves, base
