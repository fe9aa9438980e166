"""What a calibration would change, as text to review: bounds, quality, cost, and who would move.

Figures of quality are on rows that the fit has not seen. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cost_calculator.rates import Rates
from router.analyzer import Analyzer, Complexity
from router.analyzer.calibration import Outcome
from router.learning.evidence import prompt_of
from router.learning.seen import Seen
from router.recording.duplicate_row import WORKFLOW

_MOST_REASONS = 3
_SIMPLE, _COMPLEX = Complexity.SIMPLE.value, Complexity.COMPLEX.value


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds on the score that override a label."""

    raise_above: float
    lower_below: float

    def tier(self, label: str, score: float) -> str:
        """Return the tier of a prompt, as ``analyze`` decides it."""
        if label == _SIMPLE and score > self.raise_above:
            return _COMPLEX
        if label == _COMPLEX and score < self.lower_below:
            return _SIMPLE
        return label

    def in_words(self) -> str:
        raised = "never" if self.raise_above >= 1 else f"{self.raise_above:.3f}"
        lowered = "never" if self.lower_below <= 0 else f"{self.lower_below:.3f}"
        return f"raise above {raised}, lower below {lowered}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What bounds give on rows: the share of calls to the stronger model, the share kept of its
    quality, and the cost of a prompt in the unit of the two models' costs.
    """

    strong_share: float
    kept: float
    cost: float


def expected(
    rows: Sequence[Outcome],
    labels: Sequence[str],
    scores: Sequence[float],
    bounds: Bounds,
    costs: tuple[float, float],
) -> Expected:
    """Return what bounds give; ``costs`` are those of the stronger and the cheaper model."""
    up = [
        bounds.tier(label, score) == _COMPLEX for label, score in zip(labels, scores, strict=True)
    ]
    best = sum(row.strong for row in rows)
    reached = sum(row.strong if is_up else row.weak for row, is_up in zip(rows, up, strict=True))
    share = sum(up) / len(rows)
    strong, weak = costs
    return Expected(share, reached / best if best else 0.0, share * strong + (1 - share) * weak)


@dataclass(slots=True)
class Moved:
    """Requests that would go from one tier to another. Costs are of those where both are known."""

    requests: int = 0
    known: int = 0
    usd: Decimal = Decimal(0)
    then_usd: Decimal = Decimal(0)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Traffic:
    """The requests of the time as they are decided now, and as they would be."""

    judged: int = 0
    without_text: int = 0
    moved: dict[tuple[str, str], Moved] = field(default_factory=lambda: defaultdict(Moved))
    shadowed: int = 0
    shadow_agrees: int = 0


def traffic_of(
    requests: Iterable[Seen],
    now: tuple[Analyzer, Bounds],
    then: tuple[Analyzer, Bounds],
    rates: Rates,
) -> Traffic:
    """Judge the stored prompts by both; each tier costs what its most used model costs."""
    seen = [each for each in requests if each.request.get("workflow") != WORKFLOW]
    models = models_of(seen)
    found = Traffic()
    for each in seen:
        prompt = prompt_of(each)
        if prompt is None:
            found.without_text += 1
            continue
        found.judged += 1
        here, there = (_tier(prompt, *by) for by in (now, then))
        shadow = each.request.get("shadow", {}).get("route", each.request["route"])
        if shadow != each.request["route"]:
            found.shadowed += 1
            found.shadow_agrees += shadow == there
        if here == there:
            continue
        moved = found.moved[here, there]
        moved.requests += 1
        moved.reasons.update(then[0].classify_prompt(prompt).reasons[:1])
        paid, other = (_usd(each, tier, models, rates) for tier in (here, there))
        if paid is not None and other is not None:
            moved.known += 1
            moved.usd += paid
            moved.then_usd += other
    return found


def models_of(requests: Iterable[Seen]) -> Mapping[str, tuple[str, str, str]]:
    """Return each tier's provider, model and mode, as most requests were planned."""
    counts: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for each in requests:
        row = each.request
        planned = row["planned_provider"], row["planned_model"]
        counts[row["route"]][*planned, row.get("planned_mode", "standard")] += 1
    return {tier: found.most_common(1)[0][0] for tier, found in counts.items()}


def cost_of_tiers(requests: Sequence[Seen], rates: Rates) -> tuple[float, float] | None:
    """Return what a prompt of this traffic costs on COMPLEX and on SIMPLE, if both are known."""
    models = models_of(requests)
    if not {_COMPLEX, _SIMPLE} <= models.keys():
        return None
    both = [
        (strong, weak)
        for each in requests
        if (strong := _usd(each, _COMPLEX, models, rates)) is not None
        and (weak := _usd(each, _SIMPLE, models, rates)) is not None
    ]
    if not both:
        return None
    most, least = (float(sum(pair[place] for pair in both) / len(both)) for place in range(2))
    return most, least


def _tier(prompt: str, analyzer: Analyzer, bounds: Bounds) -> str:
    found = analyzer.classify_prompt(prompt)
    return bounds.tier(found.label.value, found.score)


def _usd(
    seen: Seen, tier: str, models: Mapping[str, tuple[str, str, str]], rates: Rates
) -> Decimal | None:
    return seen.usd_on(*models[tier], rates) if tier in models else None


def moved_in_words(traffic: Traffic) -> list[str]:
    """Return what would move, a line each."""
    lines = []
    for (here, there), moved in sorted(traffic.moved.items(), key=lambda m: -m[1].requests):
        most = moved.reasons.most_common(_MOST_REASONS)
        why = ", ".join(f"{reason} ({count})" for reason, count in most)
        lines.append(
            f"- {moved.requests} from {here} to {there}: {_money(moved)}; most of them: {why}"
        )
    return lines or ["- none"]


def _money(moved: Moved) -> str:
    unknown = moved.requests - moved.known
    rest = f" (unknown for {unknown})" if unknown else ""
    if not moved.known:
        return "cost unknown"
    saved = moved.usd - moved.then_usd
    words = f"saves ${saved:.6f}" if saved >= 0 else f"costs ${-saved:.6f} more"
    return words + rest
