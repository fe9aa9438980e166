"""Computes what a volume of requests needs: quotas, concurrency, transitions, monthly bill."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cost_calculator.cli.arguments import number, whole
from cost_calculator.cli.options import add_json_argument
from cost_calculator.overhead import aws_prices
from cost_calculator.planning.break_even import Answer, PriceMissing
from cost_calculator.planning.capacity import (
    DAYS_A_MONTH,
    Capacity,
    Peak,
    bills,
    capacity,
    provisioned_units,
)
from cost_calculator.planning.fixed_costs import fixed_total
from cost_calculator.planning.mix import Assumptions, PromptKind
from cost_calculator.planning.request_cost import WORKFLOWS
from cost_calculator.pricing import plain
from cost_calculator.rates import default_rates
from router.cli.breakeven import DEFAULT_MIX, configured_tiers, read_mix
from router.cli.environment import configured

SIZES = {"POC": 500, "production": 20_000, "enterprise": 500_000}
"""Requests a day of what people call a size, for comparison."""

DEFAULT_MAX_TOKENS = {"SIMPLE": 2048, "CALCULATION": 4096, "COMPLEX": 8192}
_START_QUOTA, _TRANSITION_QUOTA = 300, 5_000  # a second, in the largest regions
_LAMBDA_QUOTA = 1_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--per-day",
        type=whole(example=5000),
        default=5_000,
        help="requests (%(default)s)",
    )
    parser.add_argument(
        "--mix",
        type=read_mix,
        default=DEFAULT_MIX,
        help="TIER=share:tokens in/tokens out,… (%(default)s)",
    )
    parser.add_argument(
        "--peak", type=number(1, 10_000, example="5"), default=Decimal(5),
        help="busiest minute over the mean of the day (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--burndown", type=whole(high=1000, example=5), default=5,
        help="tokens of Bedrock's quota that an output token takes (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--unit-tokens-per-minute", type=whole(example=4000), metavar="N",
        help="throughput of a provisioned model unit, as AWS names it for your model",
    )  # fmt: skip
    parser.add_argument(
        "--answer-ms",
        type=whole(high=900_000, example=2000),
        default=Assumptions().answer_ms,
        help="milliseconds that a call takes (%(default)s)",
    )
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    tiers, mix = configured(configured_tiers), arguments.mix
    given = Assumptions(answer_ms=arguments.answer_ms)
    peak = Peak(arguments.peak, arguments.burndown, configured(_max_tokens))
    needs = capacity(mix, tiers, arguments.per_day, peak, given)
    volumes = sorted({arguments.per_day, *SIZES.values()})
    try:
        costs = bills(mix, tiers, volumes, datetime.now(UTC), given, default_rates())
    except PriceMissing as error:
        raise SystemExit(f"{error}; add a row to PRICE_OVERRIDES") from None
    if arguments.json:
        print(json.dumps(as_json(needs, costs, arguments.unit_tokens_per_minute)))
    else:
        print(as_text(needs, mix, costs, peak, arguments.unit_tokens_per_minute))
    return 0


def as_text(
    needs: Capacity,
    mix: Mapping[str, PromptKind],
    costs: Mapping[int, Answer],
    peak: Peak,
    unit: int | None = None,
) -> str:
    """Return what is needed as Markdown tables, which a terminal shows as well."""
    assumed = "; ".join(
        f"{name} {kind.share:.0%} of {kind.tokens.total_input} + {kind.tokens.output} tokens"
        for name, kind in mix.items()
    )
    units = " provisioned units |" if unit else ""
    lines = [
        f"{needs.per_day:,} requests a day, {peak.factor:f} times the mean in the busiest minute.",
        f"Mix: {assumed}.",
        "",
        f"| model | requests/min | tokens/min | in flight | Bedrock quota to ask for |{units}",
        "|---|--:|--:|--:|--:|" + ("--:|" if unit else ""),
    ]
    for load in needs.loads:
        quota = "–" if load.quota is None else f"{load.quota:,} tokens/min"
        line = (
            f"| {load.model.model} | {load.requests_per_minute:,.1f} "
            f"| {load.tokens_per_minute:,} | {load.in_flight} | {quota} |"
        )
        if unit:
            bedrock = load.quota is not None
            many = provisioned_units(load.tokens_per_minute, unit) if bedrock else "–"
            line += f" {many} |"
        lines.append(line)
    lines += [
        "",
        "| at the peak | needed | quota of an account |",
        "|---|--:|--:|",
        f"| Lambda concurrency: analyze + invoke_model | {needs.analyze_concurrency} + "
        f"{needs.invoke_concurrency} | {_LAMBDA_QUOTA:,} |",
        f"| StartExecution a second | {needs.starts_per_second:.2f} | {_START_QUOTA:,} |",
        f"| state transitions a second | {needs.transitions_per_second:.2f} "
        f"| {_TRANSITION_QUOTA:,} |",
        f"| state transitions a month | {needs.transitions_per_month:,} | – |",
        "",
        *_bills(costs),
    ]
    return "\n".join(lines)


def as_json(
    needs: Capacity, costs: Mapping[int, Answer], unit: int | None = None
) -> dict[str, Any]:
    """Return the same; money a month as decimal strings."""
    return {
        "per_day": needs.per_day,
        "models": [
            {
                "provider": load.model.provider,
                "model": load.model.model,
                "requests_per_minute": f"{load.requests_per_minute:.3f}",
                "tokens_per_minute": load.tokens_per_minute,
                "in_flight": load.in_flight,
                "quota_tokens_per_minute": load.quota,
                "provisioned_units": provisioned_units(load.tokens_per_minute, unit)
                if unit and load.quota is not None
                else None,
            }
            for load in needs.loads
        ],
        "analyze_concurrency": needs.analyze_concurrency,
        "invoke_concurrency": needs.invoke_concurrency,
        "starts_per_second": f"{needs.starts_per_second:.3f}",
        "transitions_per_second": f"{needs.transitions_per_second:.3f}",
        "transitions_per_month": needs.transitions_per_month,
        "monthly_usd": {
            str(volume): {way.name: f"{way.usd * DAYS_A_MONTH:.2f}" for way in answer.ways}
            for volume, answer in costs.items()
        },
        "fixed_month_usd": plain(fixed_total(aws_prices())),
    }


def _bills(costs: Mapping[int, Answer]) -> list[str]:
    names = {volume: name for name, volume in SIZES.items()}
    heads = [f"{names.get(v, 'yours')}: {v:,}/day" for v in costs]
    ways = [way.name for way in next(iter(costs.values())).ways]
    lines = [
        "| US dollars a month | " + " | ".join(heads) + " |",
        "|---|" + "--:|" * len(heads),
    ]
    for place, way in enumerate(ways):
        figures = (f"{answer.ways[place].usd * DAYS_A_MONTH:,.2f}" for answer in costs.values())
        lines.append(f"| {way} | " + " | ".join(figures) + " |")
    fixed = (
        f"| of it Faregate, whatever the volume | {f'{fixed_total(aws_prices())} | ' * len(costs)}"
    )
    lines.insert(2 + len(WORKFLOWS), fixed.rstrip())
    best = " | ".join(answer.best.name for answer in costs.values())
    return [*lines, f"| **cheapest that answers 95 %** | {best} |"]


def _max_tokens(config: str) -> Mapping[str, int]:
    if not config:
        return DEFAULT_MAX_TOKENS
    tiers = json.loads(config)["tiers"]
    return {name: int(tiers[name]["max_tokens"]) for name in DEFAULT_MAX_TOKENS}
