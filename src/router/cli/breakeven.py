"""Answers whether routing is worth it here: for a mix of prompts, or for what the tables hold."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cost_calculator.cli.arguments import duration, share, whole
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, open_store
from cost_calculator.overhead import aws_prices
from cost_calculator.planning.break_even import Answer, PriceMissing, break_even
from cost_calculator.planning.fixed_costs import fixed_total
from cost_calculator.planning.mix import Assumptions, Classifier, Model, PromptKind
from cost_calculator.pricing import plain
from cost_calculator.rates import default_rates
from cost_calculator.reports import days_between, partitions, roll_up
from cost_calculator.tiers import TIERS
from cost_calculator.usage import TOKEN_CLASSES, Tokens
from router.catalog.service_tiers import mode_of
from router.cli.environment import configured

DEFAULT_MIX = "SIMPLE=60:300/200,CALCULATION=15:400/300,COMPLEX=25:1500/900"
DEFAULT_TIERS = {
    "SIMPLE": Model("bedrock", "us.anthropic.claude-haiku-5-5"),
    "CALCULATION": Model("openai", "gpt-6-luna"),
    "COMPLEX": Model("bedrock", "us.anthropic.claude-sonnet-5-5"),
}
_PART = re.compile(
    r"(SIMPLE|CALCULATION|COMPLEX)=(\d{1,9}(?:\.\d{1,9})?):(\d{1,9})/(\d{1,9})", re.ASCII
)
_ASKING = Tokens(input=600, output=40)


def configure(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--mix",
        type=read_mix,
        default=DEFAULT_MIX,
        help="TIER=share:tokens in/tokens out,… (%(default)s)",
    )
    source.add_argument("--last", type=duration, help="take mix and volume from the tables: 30d")
    parser.add_argument(
        "--volume",
        type=whole(example=10_000),
        default=10_000,
        help="requests a day (%(default)s)",
    )
    parser.add_argument(
        "--asked", type=share, default=Decimal(0), metavar="SHARE",
        help="share of prompts (0..1) for which a model is asked to classify (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--answer-ms",
        type=whole(high=900_000, example=2000),
        default=Assumptions().answer_ms,
        help="milliseconds that a call takes (%(default)s)",
    )
    add_json_argument(parser)
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    tiers = configured(configured_tiers)
    if arguments.last:
        now = datetime.now(UTC)
        days = days_between(now - arguments.last, now)
        mix, requests = measured_mix(open_store(arguments).cells_of(partitions(days)))
        volume = max(1, round(requests / len(days)))
    else:
        mix, volume = arguments.mix, arguments.volume
    asked = Classifier(tiers["SIMPLE"], arguments.asked, _ASKING) if arguments.asked else None
    try:
        answer = break_even(
            mix, tiers, volume, datetime.now(UTC), default_rates(), asked,
            Assumptions(answer_ms=arguments.answer_ms),
        )  # fmt: skip
    except PriceMissing as error:
        raise SystemExit(f"{error}; add a row to PRICE_OVERRIDES") from None
    print(json.dumps(as_json(answer, volume)) if arguments.json else as_text(answer, mix, volume))
    return 0


def read_mix(text: str) -> dict[str, PromptKind]:
    """Read ``SIMPLE=60:300/200,…``; shares are taken in proportion to each other."""
    found = [_PART.fullmatch(part.strip()) for part in text.split(",")]
    parts = [part for part in found if part]
    total = sum((Decimal(part[2]) for part in parts), Decimal(0))
    if len(parts) != len(found) or not total or len({part[1] for part in parts}) != len(parts):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used: write {DEFAULT_MIX}")
    return {
        part[1]: PromptKind(Decimal(part[2]) / total, Tokens(int(part[3]), int(part[4])))
        for part in parts
    }


def measured_mix(cells: Iterable[Mapping[str, Any]]) -> tuple[dict[str, PromptKind], int]:
    """Return the mix that the sums show, and how many requests it is made of."""
    lines = {name: sums for name, sums in roll_up(cells, "tier").lines.items() if name in TIERS}
    lines = {name: s for name, s in lines.items() if s.get("requests") and _calls(s) > 0}
    requests = sum((sums["requests"] for sums in lines.values()), Decimal(0))
    if not requests:
        raise SystemExit("the tables hold no requests of that time: give --mix instead")
    mix = {}
    for name, sums in lines.items():
        used = {c: int(sums.get(f"{c}_tokens", 0) / _calls(sums)) for c in TOKEN_CLASSES}
        mix[name] = PromptKind(sums["requests"] / requests, Tokens(**used))
    return mix, int(requests)


def _calls(sums: Mapping[str, Decimal]) -> Decimal:
    """Return the attempts that used tokens of their own: not those out of the cache."""
    return sums.get("attempts", Decimal(0)) - sums.get("cache_hits", Decimal(0))


def configured_tiers(config: str) -> dict[str, Model]:
    """Return the model of each tier, from FAREGATE_CONFIG or the module's defaults."""
    if not config:
        return DEFAULT_TIERS
    tiers = json.loads(config)["tiers"]
    return {
        name: Model(
            tiers[name]["provider"],
            tiers[name]["model"],
            mode_of(tiers[name].get("service_tier"), tiers[name].get("latency")),
        )
        for name in TIERS
    }


def as_text(answer: Answer, mix: Mapping[str, PromptKind], volume: int) -> str:
    """Return the ways as a table, the assumptions and the verdict."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{volume:,} requests a day, US dollars a day")
    for heading in ("way", "models", "faregate", "total", "can answer"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for way in sorted(answer.ways, key=lambda way: way.usd):
        money = (f"{usd:.4f}" for usd in (way.models_usd, way.overhead_usd, way.usd))
        table.add_row(way.name, *money, f"{way.answers:.0%}")
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    assumed = "; ".join(
        f"{name} {kind.share:.0%} of {kind.tokens.total_input} + {kind.tokens.output} tokens"
        for name, kind in mix.items()
    )
    fixed = (
        f"Of it Faregate costs ${fixed_total(aws_prices())} a month at most, whatever the volume."
    )
    return f"{captured.get()}Mix: {assumed}.\n{fixed}\n{answer.sentence}"


def as_json(answer: Answer, volume: int) -> dict[str, Any]:
    """Return the same, money as decimal strings."""
    return {
        "volume": volume,
        "ways": [
            {
                "name": way.name,
                "models_usd": plain(way.models_usd),
                "overhead_usd": plain(way.overhead_usd),
                "total_usd": plain(way.usd),
                "answers": plain(way.answers),
            }
            for way in answer.ways
        ],
        "fixed_month_usd": plain(fixed_total(aws_prices())),
        "best": answer.best.name,
        "verdict": answer.sentence,
    }
