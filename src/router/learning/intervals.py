"""Intervals of 95 % without further packages: shares by Wilson, means by bootstrap. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

Z = 1.959964  # of a normal distribution, 95 %
_ROUNDS = 1000
# More groups than this are pooled by chance: the intervals hardly move, the time does.
_MOST_GROUPS = 2000
_SEED = 20261130
FEWEST_GROUPS = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds, ``None`` where there is too little to give any."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """What one session adds: to the sum, and to the count by which it is divided."""

    total: float
    count: int


def wilson(good: int, of: int) -> Interval | None:
    """Return a share and its bounds; ``None`` of nothing."""
    if not of:
        return None
    share, square = good / of, Z * Z / of
    middle = (share + square / 2) / (1 + square)
    spread = Z * sqrt(share * (1 - share) / of + square / of / 4) / (1 + square)
    return Interval(share, max(0.0, middle - spread), min(1.0, middle + spread))


def difference(one: Interval, other: Interval) -> Interval:
    """Return how much larger the ``other`` share is, by Newcombe's method."""
    bounds = (one.low, one.high, other.low, other.high)
    assert None not in bounds
    low1, high1, low2, high2 = (float(each or 0) for each in bounds)
    value = other.value - one.value
    below = sqrt((other.value - low2) ** 2 + (high1 - one.value) ** 2)
    above = sqrt((high2 - other.value) ** 2 + (one.value - low1) ** 2)
    return Interval(value, value - below, value + above)


def mean(groups: Sequence[Group]) -> Interval | None:
    """Return the mean over all counts. Groups are drawn whole: a session's requests are alike."""
    return _interval([_pooled(groups)], lambda means: means[0])


def mean_difference(one: Sequence[Group], other: Sequence[Group]) -> Interval | None:
    """Return how much larger the ``other`` mean is; ``None`` if either has no counts."""
    return _interval([_pooled(one), _pooled(other)], lambda means: means[1] - means[0])


def _interval(
    sides: Sequence[Sequence[Group]], of: Callable[[Sequence[float]], float]
) -> Interval | None:
    found = [_mean(groups) for groups in sides]
    if any(each is None for each in found):
        return None
    value = of([each for each in found if each is not None])
    if min(map(len, sides)) < FEWEST_GROUPS:
        return Interval(value, None, None)
    random = Random(_SEED)
    drawn = []
    for _ in range(_ROUNDS):
        means = [_mean(random.choices(groups, k=len(groups))) for groups in sides]
        drawn.append(of([each or 0.0 for each in means]))
    drawn.sort()
    return Interval(value, drawn[round(0.025 * _ROUNDS)], drawn[round(0.975 * _ROUNDS) - 1])


def _mean(groups: Sequence[Group]) -> float | None:
    count = sum(group.count for group in groups)
    return sum(group.total for group in groups) / count if count else None


def _pooled(groups: Sequence[Group]) -> Sequence[Group]:
    if len(groups) <= _MOST_GROUPS:
        return groups
    mixed = list(groups)
    Random(_SEED).shuffle(mixed)
    parts = (mixed[start::_MOST_GROUPS] for start in range(_MOST_GROUPS))
    return [
        Group(sum(group.total for group in part), sum(group.count for group in part))
        for part in parts
    ]
