"""Checks that reasons name what decided: without the signals of one, its label is less likely."""

from __future__ import annotations

from collections.abc import Iterable

from router.analyzer import Analyzer, Complexity
from router.analyzer.explain import named
from router.analyzer.features import Features

LABELS = tuple(Complexity)


def upheld(analyzer: Analyzer, prompts: Iterable[str]) -> list[bool]:
    """Return for each reason that is named whether its label is less likely without it."""
    found = []
    for prompt in prompts:
        features = analyzer.read(prompt)
        before = analyzer.shares(features)
        place = before.index(max(before))
        for reason in named(features, analyzer.toward(LABELS[place])):
            signals = list(features.signals)
            for index, neutral in reason.signals:
                signals[index] = neutral
            without = Features(features.grams, signals, features.parts)
            found.append(analyzer.shares(without)[place] < before[place])
    return found
