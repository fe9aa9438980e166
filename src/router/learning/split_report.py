"""What each arm of a split costs, and how its answers are rated, with intervals. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from router.learning.intervals import (
    Group,
    Interval,
    difference,
    mean,
    mean_difference,
    wilson,
)
from router.learning.seen import Seen

_ARMS = ("A", "B")


@dataclass(slots=True)
class Arm:
    """The requests of one arm under one strategy. ``costs`` has a group for each session."""

    arm: str
    strategy: str
    requests: int = 0
    answered: int = 0
    running: int = 0
    unknown: int = 0
    good: int = 0
    judged: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    costs: dict[str, Group] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)

    def add(self, seen: Seen) -> None:
        """Count one request; one that still runs is counted apart."""
        row = seen.request
        if "ended_at" not in row:
            self.running += 1
            return
        self.requests += 1
        self.sessions.add(row["arm_key"])
        self.answered += seen.is_answered
        self.routes[row["route"]] += 1
        if verdict := row.get("feedback"):
            self.judged += 1
            self.good += verdict == "good"
        cost = seen.total_usd
        if cost is None:
            self.unknown += 1
            return
        before = self.costs.get(row["arm_key"], Group(0.0, 0))
        self.costs[row["arm_key"]] = Group(before.total + float(cost), before.count + 1)

    @property
    def cost(self) -> Interval | None:
        """The mean cost of a request, of those of which it is known."""
        return mean(list(self.costs.values()))

    @property
    def quality(self) -> Interval | None:
        """The share of good among rated answers."""
        return wilson(self.good, self.judged)


@dataclass(frozen=True, slots=True)
class Split:
    """One arm of each strategy, and how much the second one differs from the first."""

    arms: tuple[Arm, ...]
    cost: Interval | None = None
    quality: Interval | None = None


def splits(requests: Iterable[Seen]) -> list[Split]:
    """Return the arms. Each strategy of B is compared with the strategy of A that has most
    requests; others, from before a setting was changed, are shown alone.
    """
    found: dict[tuple[str, str], Arm] = {}
    for seen in requests:
        if arm := seen.request.get("arm"):
            key = (arm, seen.request["strategy"])
            found.setdefault(key, Arm(*key)).add(seen)
    sides = {
        name: sorted((a for a in found.values() if a.arm == name), key=lambda a: -a.requests)
        for name in _ARMS
    }
    first = sides["A"][:1]
    compared = [_compared(a, b) for a in first for b in sides["B"]]
    alone = sides["A"][1:] if compared else [*sides["A"], *sides["B"]]
    return [*compared, *(Split((arm,)) for arm in alone)]


def _compared(one: Arm, other: Arm) -> Split:
    ratings = one.quality, other.quality
    quality = difference(ratings[0], ratings[1]) if ratings[0] and ratings[1] else None
    cost = mean_difference(list(one.costs.values()), list(other.costs.values()))
    return Split((one, other), cost, quality)


def in_words(split: Split) -> list[str]:
    """Return the report on one comparison as lines."""
    lines = [line for arm in split.arms for line in _arm_in_words(arm)]
    if len(split.arms) < len(_ARMS):
        return lines
    lines.append(f"B beside A: cost of a request {_usd(split.cost, signed=True)}")
    lines.append(f"            share of good {_share(split.quality, signed=True)}")
    lines.append(f"            {_conclusion(split)}")
    return lines


def as_json(split: Split) -> dict[str, Any]:
    """Return the same."""
    return {
        "arms": [
            {
                "arm": arm.arm,
                "strategy": arm.strategy,
                "requests": arm.requests,
                "sessions": len(arm.sessions),
                "answered": arm.answered,
                "running": arm.running,
                "unknown_cost": arm.unknown,
                "routes": dict(arm.routes),
                "cost_usd": _as_json(arm.cost),
                "good": arm.good,
                "judged": arm.judged,
                "good_share": _as_json(arm.quality),
            }
            for arm in split.arms
        ],
        "cost_difference_usd": _as_json(split.cost),
        "good_share_difference": _as_json(split.quality),
    }


def _arm_in_words(arm: Arm) -> list[str]:
    routes = ", ".join(f"{name} {count}" for name, count in arm.routes.most_common())
    left_out = [
        f"{count} {what}"
        for count, what in ((arm.unknown, "of unknown cost"), (arm.running, "still running"))
        if count
    ]
    rest = f" (not in it: {', '.join(left_out)})" if left_out else ""
    return [
        f"arm {arm.arm}: {arm.strategy}",
        f"  {arm.requests} requests in {len(arm.sessions)} sessions, {arm.answered} answered;"
        f" {routes}",
        f"  cost of a request {_usd(arm.cost)}{rest}",
        f"  good {_share(arm.quality)} of {arm.judged} rated answers",
    ]


def _conclusion(split: Split) -> str:
    words = []
    for what, found in (("cost", split.cost), ("ratings", split.quality)):
        if found is None or found.low is None or found.high is None:
            words.append(f"{what}: too few to tell")
        elif found.low <= 0 <= found.high:
            words.append(f"{what}: no difference is shown")
        else:
            words.append(f"{what}: {'higher' if found.value > 0 else 'lower'} in B")
    return "; ".join(words)


def _usd(found: Interval | None, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return _shown(found, lambda value: f"${value:{sign}.6f}")


def _share(found: Interval | None, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return _shown(found, lambda value: f"{value:{sign}.1%}")


def _shown(found: Interval | None, form: Any) -> str:
    if found is None:
        return "unknown"
    if found.low is None or found.high is None:
        return f"{form(found.value)} (too few for an interval)"
    return f"{form(found.value)} ({form(found.low)} to {form(found.high)})"


def _as_json(found: Interval | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high}
