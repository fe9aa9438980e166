"""Computes whether routing pays: with it, without the classifier, or with one model for all. Pure.

Every figure is computed from the price book, the table of AWS prices and the mix given; what the
mix assumes is part of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from cost_calculator.planning.fixed_costs import fixed_total
from cost_calculator.planning.mix import Assumptions, Classifier, Model, PromptKind
from cost_calculator.planning.request_cost import WORKFLOWS, mean_overhead
from cost_calculator.pricing import price
from cost_calculator.rates import Rates
from cost_calculator.tiers import TIERS
from cost_calculator.usage import Tokens

_WORKFLOW_NAMES = {"STANDARD": "Standard", "EXPRESS": "Express (at least once)"}
_DAYS_A_MONTH = 30
_ZERO = Decimal(0)


class PriceMissing(LookupError):
    """A model of the comparison has no price, so the comparison cannot be computed."""


@dataclass(frozen=True, slots=True)
class ServingOption:
    """One way to serve a day; ``answers`` is the share its models are strong enough for."""

    name: str
    models_usd: Decimal
    overhead_usd: Decimal
    answers: Decimal

    @property
    def usd(self) -> Decimal:
        return self.models_usd + self.overhead_usd


@dataclass(frozen=True, slots=True)
class Answer:
    """All ways, the one to take, and why in a sentence."""

    ways: tuple[ServingOption, ...]
    best: ServingOption
    sentence: str


def break_even(
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    volume: int,
    at: datetime,
    rates: Rates,
    classifier: Classifier | None = None,
    assumptions: Assumptions | None = None,
) -> Answer:
    """Compare a day of ``volume`` requests served in every way; raise PriceMissing."""
    given = assumptions or Assumptions()
    prices = _Prices(rates, at)
    singles = [_single(tier, mix, tiers, volume, prices) for tier in TIERS if tier in tiers]
    complex_only = singles[-1]
    enough = [way for way in singles if way.answers >= given.quality]
    best_single = min(enough or [complex_only], key=lambda way: way.usd)
    routed = [_routed(w, mix, tiers, volume, prices, given, None) for w in WORKFLOWS]
    asking: list[ServingOption] = []
    if classifier:
        asking = [_routed(w, mix, tiers, volume, prices, given, classifier) for w in WORKFLOWS]
        routed = [_unasked(way, mix, tiers, volume, prices, classifier) for way in routed]
    ways = (*asking, *routed, *singles)
    best = min((*asking, *routed, best_single), key=lambda way: way.usd)
    return Answer(ways, best, _sentence(best, best_single, complex_only, asking, routed))


@dataclass(frozen=True, slots=True)
class _Prices:
    rates: Rates
    at: datetime

    def of(self, model: Model, tokens: Tokens) -> Decimal:
        cost = price(
            tokens,
            model.provider,
            model.model,
            self.at,
            model.mode,
            region=self.rates.region,
            book=self.rates.book,
        )
        if cost.usd is None:
            raise PriceMissing(cost.reason)
        return cost.usd


def _single(
    tier: str,
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    volume: int,
    prices: _Prices,
) -> ServingOption:
    able = TIERS[: TIERS.index(tier) + 1]
    usd = sum((k.share * prices.of(tiers[tier], k.tokens) for k in mix.values()), _ZERO)
    answers = sum((kind.share for name, kind in mix.items() if name in able), _ZERO)
    name = f"always {tier} ({tiers[tier].model}), called directly"
    return ServingOption(name, usd * volume, _ZERO, answers)


def _routed(
    workflow: str,
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    volume: int,
    prices: _Prices,
    given: Assumptions,
    classifier: Classifier | None,
) -> ServingOption:
    aws = prices.rates.aws
    models = sum((k.share * prices.of(tiers[name], k.tokens) for name, k in mix.items()), _ZERO)
    overhead = sum(mean_overhead(workflow, mix, tiers, aws, given).values(), _ZERO)
    if classifier:
        models += classifier.asked_share * prices.of(classifier.model, classifier.tokens)
    label = f"routed, {_WORKFLOW_NAMES[workflow]}"
    label += ", with the classifier" if classifier else ""
    fixed = (fixed_total(aws) / _DAYS_A_MONTH).quantize(Decimal("1E-9"))
    return ServingOption(label, models * volume, overhead * volume + fixed, Decimal(1))


def _unasked(
    way: ServingOption,
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    volume: int,
    prices: _Prices,
    classifier: Classifier,
) -> ServingOption:
    """If no model is asked, prompts on which the heuristic is unsure go to the strong model."""
    difference = _ZERO
    for name, kind in mix.items():
        strong = prices.of(tiers["COMPLEX"], kind.tokens)
        difference += kind.share * (strong - prices.of(tiers[name], kind.tokens))
    extra = classifier.asked_share * difference * volume
    return replace(way, name=f"{way.name}, unsure means COMPLEX", models_usd=way.models_usd + extra)


def _sentence(
    best: ServingOption,
    best_single: ServingOption,
    complex_only: ServingOption,
    asking: list[ServingOption],
    routed: list[ServingOption],
) -> str:
    if best is best_single:
        cheapest = min((*asking, *routed), key=lambda way: way.usd)
        return (
            f"Use one model: {best.name} costs ${best.usd:.4f} a day, routing at least "
            f"${cheapest.usd:.4f}."
        )
    saved = best_single.usd - best.usd
    tail = (
        f"${best.usd:.4f} a day, ${saved:.4f} ({saved / best_single.usd:.1%}) less than the best "
        f"single model and ${complex_only.usd - best.usd:.4f} less than always COMPLEX."
    )
    if asking and best in routed:
        return f"Bypass the classifier: {best.name} costs {tail}"
    return f"Route: {best.name} costs {tail}"
