"""Estimates the cost of a batch before it starts, and lists what the estimate cannot know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cost_calculator.overhead import aws_prices
from cost_calculator.planning.bulk_overhead import batch_overhead
from cost_calculator.planning.mix import Assumptions
from cost_calculator.planning.mix import Model as PricedModel
from cost_calculator.planning.request_cost import per_request_overhead
from cost_calculator.pricing import price
from cost_calculator.usage import Tokens
from router.analyzer import Classification
from router.catalog.tokens import estimated_tokens
from router.config.settings import Config
from router.errors import RequestError
from router.ingress.batch.lines import BadLine, Line
from router.routing.decision import decide

ANSWER_TOKENS = 400
"""The assumed length of an answer, which nobody knows beforehand."""

_ZERO = Decimal(0)


@dataclass(slots=True)
class TierEstimate:
    """The prompts of one tier and model; ``usd`` is ``None`` if the model has no price."""

    prompts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal | None = _ZERO


@dataclass(slots=True)
class Estimate:
    """All of a file. ``baseline_usd`` is the same tokens on the COMPLEX tier's model."""

    tiers: dict[tuple[str, str], TierEstimate] = field(default_factory=dict)
    overhead_usd: Decimal = _ZERO
    baseline_usd: Decimal | None = _ZERO
    bad: list[BadLine] = field(default_factory=list)
    unpriced: Counter[str] = field(default_factory=Counter)

    @property
    def prompts(self) -> int:
        return sum(tier.prompts for tier in self.tiers.values())

    @property
    def models_usd(self) -> Decimal | None:
        """Return what all models cost, or ``None`` if one of them has no price."""
        known = [tier.usd for tier in self.tiers.values() if tier.usd is not None]
        return sum(known, _ZERO) if len(known) == len(self.tiers) else None


def estimate(
    lines: Iterable[Line | BadLine],
    classify: Callable[[tuple[Mapping[str, str], ...]], Classification],
    config: Config,
    at: datetime,
    region: str = "",
    answer_tokens: int = ANSWER_TOKENS,
) -> Estimate:
    """Classify each line as ``analyze`` would, and price it with an answer of assumed length.

    Asking an LLM to classify is left out, and so are fallbacks and retries.
    """
    total = Estimate()
    aws = aws_prices()
    around = sum(batch_overhead(aws).values(), _ZERO)
    for line in lines:
        if isinstance(line, BadLine):
            total.bad.append(line)
            continue
        try:
            plan = decide(line.request, classify(line.request.messages), config).plan()
        except RequestError as error:
            total.bad.append(BadLine(line.number, str(error)))
            continue
        model = plan.models[0]
        tokens = Tokens(
            input=estimated_tokens(line.request.input_bytes),
            output=min(answer_tokens, model.max_tokens),
        )
        tier = total.tiers.setdefault((plan.tier, model.model), TierEstimate())
        tier.prompts += 1
        tier.input_tokens += tokens.input
        tier.output_tokens += tokens.output
        usd = price(tokens, model.provider, model.model, at, model.mode, region=region).usd
        if usd is None:
            total.unpriced[model.model] += 1
        tier.usd = _plus(tier.usd, usd)
        base = plan.baseline
        total.baseline_usd = _plus(
            total.baseline_usd,
            price(tokens, base.provider, base.model, at, base.mode, region=region).usd,
        )
        served = PricedModel(model.provider, model.model, model.mode)
        parts = per_request_overhead(config.workflow_type, served, aws, Assumptions(), tokens)
        total.overhead_usd += around + sum(parts.values(), _ZERO)
    return total


def _plus(total: Decimal | None, usd: Decimal | None) -> Decimal | None:
    # What is not known stays so, whatever is added.
    return None if total is None or usd is None else total + usd
