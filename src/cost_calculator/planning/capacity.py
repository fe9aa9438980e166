"""Computes what a volume of requests needs: quotas, concurrency, transitions, money. Pure.

Means are of the mix given. A peak is so many times the mean of the day; what is in flight at once
is Little's law with three standard deviations of Poisson arrivals on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from math import ceil, sqrt

from cost_calculator.planning.break_even import Answer, break_even
from cost_calculator.planning.mix import Assumptions, Model, PromptKind
from cost_calculator.planning.request_cost import over_http, transitions_of
from cost_calculator.rates import Rates

DAYS_A_MONTH = 30
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Peak:
    """How traffic comes, and how a provider counts it.

    ``factor``: busiest minute over the day's mean. ``burndown``: how many tokens of quota an output
    token of Bedrock takes. ``max_tokens``: what a call in flight holds of the quota, by tier.
    """

    factor: Decimal
    burndown: int
    max_tokens: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Load:
    """What one model is asked for in the busiest minute; ``quota`` is what to ask Bedrock for."""

    model: Model
    requests_per_minute: Decimal
    tokens_per_minute: int
    in_flight: int
    quota: int | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a volume needs."""

    per_day: int
    loads: Sequence[Load]
    analyze_concurrency: int
    invoke_concurrency: int
    starts_per_second: Decimal
    transitions_per_second: Decimal
    transitions_per_month: int


def capacity(
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    per_day: int,
    peak: Peak,
    given: Assumptions,
) -> Capacity:
    """Return what ``per_day`` requests of a mix need on a STANDARD workflow."""
    a_minute = per_day * peak.factor / _MINUTES_A_DAY
    loads = _loads(mix, tiers, a_minute, peak, given)
    through_lambda = sum((k.share for t, k in mix.items() if not over_http(tiers[t])), Decimal(0))
    steps = sum((k.share * transitions_of(tiers[t]) for t, k in mix.items()), Decimal(0))
    second = a_minute / 60
    return Capacity(
        per_day,
        loads,
        analyze_concurrency=_at_once(a_minute, given.analyze_ms),
        invoke_concurrency=_at_once(a_minute * through_lambda, given.answer_ms),
        starts_per_second=second,
        transitions_per_second=second * steps,
        transitions_per_month=int(per_day * DAYS_A_MONTH * steps),
    )


def bills(
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    volumes: Sequence[int],
    at: datetime,
    given: Assumptions,
    rates: Rates,
) -> Mapping[int, Answer]:
    """Return what a day of each volume costs in every way; raise PriceMissing."""
    return {v: break_even(mix, tiers, v, at, rates, assumptions=given) for v in volumes}


def provisioned_units(tokens_per_minute: int, unit_tokens_per_minute: int) -> int:
    """Return how many model units carry a load, by the throughput that AWS names for one."""
    return -(-tokens_per_minute // unit_tokens_per_minute)


def _loads(
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    a_minute: Decimal,
    peak: Peak,
    given: Assumptions,
) -> list[Load]:
    found = []
    for model in dict.fromkeys(tiers[tier] for tier in mix):
        own = {tier: kind for tier, kind in mix.items() if tiers[tier] == model}
        requests = a_minute * sum((kind.share for kind in own.values()), Decimal(0))
        tokens = quota = held = Decimal(0)
        at_once = _at_once(requests, given.answer_ms)
        for tier, kind in own.items():
            calls = a_minute * kind.share
            tokens += calls * (kind.tokens.total_input + kind.tokens.output)
            quota += calls * (kind.tokens.total_input + peak.burndown * kind.tokens.output)
            held = max(held, Decimal(peak.max_tokens[tier]))
        quota += at_once * held
        bedrock = model.provider == "bedrock"
        found.append(Load(model, requests, _up(tokens), at_once, _up(quota) if bedrock else None))
    return found


def _at_once(a_minute: Decimal, milliseconds: int) -> int:
    mean = float(a_minute) / 60 * milliseconds / 1000
    return ceil(mean + 3 * sqrt(mean))


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))
