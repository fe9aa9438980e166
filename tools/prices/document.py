"""Computes the figures of docs/cost-model.md, docs/capacity.md and others: none is typed in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from cost_calculator.agent_loops import NO_CACHE, Cache, Loop, loop_usd
from cost_calculator.book import BOOK_PATH, default_book
from cost_calculator.cells import Cell
from cost_calculator.contributions import contribution
from cost_calculator.overhead import AWS_PRICES_PATH, aws_prices
from cost_calculator.planning.bulk_overhead import CHUNK_PROMPTS, batch_overhead, queue_overhead
from cost_calculator.planning.capacity import Peak, bills, capacity
from cost_calculator.planning.fixed_costs import fixed_a_month, fixed_total, kept_a_month
from cost_calculator.planning.mix import TYPICAL, Assumptions
from cost_calculator.planning.request_cost import WORKFLOWS, mean_overhead, per_request_overhead
from cost_calculator.planning.typical_rows import (
    BYTES_PER_TOKEN,
    typical_attempt,
    typical_request,
)
from cost_calculator.pricing import plain
from cost_calculator.rates import Rates
from cost_calculator.row_units import attempt_units, request_units
from cost_calculator.settlement import settle
from cost_calculator.usage import TOKEN_CLASSES
from router.cli.breakeven import DEFAULT_MIX, DEFAULT_TIERS, read_mix
from router.cli.capacity import DEFAULT_MAX_TOKENS, SIZES, as_text
from tools.prices.workflow_costs import TABLES

_DOCS = Path(__file__).parents[2] / "docs"
_NAMES = ("cost-model.md", "capacity.md", "caching.md", "../README.md")
_WORKFLOWS = tuple(f"workflows/{name}.md" for name in ("variants", "agent", "rag", "documents"))
DOCUMENTS = tuple((_DOCS / name).resolve() for name in (*_NAMES, *_WORKFLOWS))
_BLOCK = re.compile(r"(<!-- computed: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_MILLION = 10**6
# An agent with some twenty tools, whose tools give back a page of text each.
AGENT = Loop(prompt=12_000, growth=1_500, answer=300, calls=1)
_FIRST, _SECOND = Cache(since=0), Cache(since=1)

EXAMPLE_USAGE = {
    "inputTokens": 1_200,
    "outputTokens": 350,
    "totalTokens": 5_550,
    "cacheReadInputTokens": 3_000,
    "cacheWriteInputTokens": 1_000,
    "cacheDetails": [{"ttl": "5m", "inputTokens": 600}, {"ttl": "1h", "inputTokens": 400}],
}
EXAMPLE_ROW = {
    "request_id": "r-1", "item": "ATTEMPT#01", "schema": 1, "tenant": "acme", "tier": "SIMPLE",
    "purpose": "answer", "mode": "standard", "cost_status": "PENDING", "provider": "bedrock",
    "model": "us.anthropic.claude-haiku-5-5", "outcome": "OK", "retries": 0, "served": True,
    "started_at": "2026-11-21T10:00:00.000Z", "ended_at": "2026-11-21T10:00:01.000Z",
    "lambda_ms": 1_000, "lambda_mb": 256, "baseline_provider": "bedrock",
    "baseline_model": "us.anthropic.claude-sonnet-5-5", "usage": json.dumps(EXAMPLE_USAGE),
}  # fmt: skip


def write() -> int:
    """Rewrite the computed blocks of the documents."""
    for document in DOCUMENTS:
        document.write_text(computed(document.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def computed(text: str) -> str:
    """Return the document with its computed blocks up to date."""
    blocks = {
        "usage": lambda: f"```json\n{json.dumps(EXAMPLE_USAGE)}\n```\n",
        "example": _example,
        "running": _running,
        "ten-seconds": _ten_seconds,
        "fixed": _fixed,
        "kept": _kept,
        "summary": _summary,
        "entry-points": _entry_points,
        "aws-prices": _aws_prices,
        "resolutions": _resolutions,
        "surcharges": _surcharges,
        "capacity": _capacity,
        "agent-loops": _agent_loops,
        **TABLES,
    }
    return _BLOCK.sub(lambda found: found[1] + blocks[found[2]]() + found[3], text)


def _example() -> str:
    rates = Rates(default_book(), aws_prices())
    row = settle(EXAMPLE_ROW, rates, "2026-11-21T10:00:02.000Z")
    price = default_book().find("bedrock", row["model"], datetime.fromisoformat(row["started_at"]))
    lines = ["| class | tokens | $ per 1M | $ |", "|---|--:|--:|--:|"]
    for name in TOKEN_CLASSES:
        part, rate = row["cost_parts"][name], price.rates[name]
        assert rate is not None
        lines.append(f"| {name} | {row[f'{name}_tokens']:,} | {plain(rate)} | {plain(part)} |")
    net = row["baseline_usd"] - row["cost_usd"]
    total = sum(row[f"{name}_tokens"] for name in TOKEN_CLASSES)
    lines += [
        f"| **`cost_usd`** | {total:,} | `{row['price_version']}` | **{plain(row['cost_usd'])}** |",
        f"| `baseline_usd` | {total:,} | `{row['baseline_price_version']}` |"
        f" {plain(row['baseline_usd'])} |",
        f"| `overhead_usd` (row, Lambda, log: an estimate) | | | {plain(row['overhead_usd'])} |",
        f"| saved, before the request's own overhead | | | {plain(net - row['overhead_usd'])} |",
    ]
    sums = ", ".join(f"`{name}` {plain(value)}" for name, value in contribution(row).items())
    cell = Cell.of(row)
    lines += ["", f"It adds to the cell `{cell.cell}` of `{cell.day}`: {sums}."]
    return "\n".join(lines) + "\n"


def _running() -> str:
    given, prices = Assumptions(), aws_prices()
    haiku = DEFAULT_TIERS["SIMPLE"]
    columns = [
        *(per_request_overhead(workflow, haiku, prices, given) for workflow in WORKFLOWS),
        *(mean_overhead(w, read_mix(DEFAULT_MIX), DEFAULT_TIERS, prices, given) for w in WORKFLOWS),
    ]
    lines = [
        "| per 1,000,000 requests | typical, Standard | Express | mix, Standard | Express |",
        "|---|--:|--:|--:|--:|",
    ]
    for cause in dict.fromkeys(cause for column in columns for cause in column):
        lines.append(_in_millions(cause, [column.get(cause, Decimal(0)) for column in columns]))
    lines.append(_in_millions("**all**", [_total(column) for column in columns]))
    request = typical_request(TYPICAL, transitions=3, analyze_ms=given.analyze_ms)
    units = request_units(request), attempt_units(typical_attempt(TYPICAL, lambda_ms=2_000))
    return "\n".join(lines) + (
        f"\n\nTypical: {TYPICAL.input} + {TYPICAL.output} tokens on the SIMPLE tier, which take "
        f"{sum(units)} write units. The mix is that of [capacity.md](capacity.md).\n\nAssumed: the "
        f"answer takes {given.answer_ms:,} ms, `analyze` {given.analyze_ms} ms at "
        f"{given.analyze_mb} MB,\n`invoke_model` has {given.invoke_mb} MB, a token has "
        f"{BYTES_PER_TOKEN} bytes; texts are stored; no free tier.\n"
    )


def _ten_seconds() -> str:
    given, prices = Assumptions(answer_ms=10_000), aws_prices()
    # The function that streams analyzes too, which is why it has the memory of `analyze`.
    direct = replace(given, invoke_mb=given.analyze_mb)
    small = replace(given, analyze_mb=given.invoke_mb)
    ways = (*((way, given) for way in WORKFLOWS), ("DIRECT", direct), ("DIRECT", small))
    columns = [
        per_request_overhead(way, DEFAULT_TIERS["SIMPLE"], prices, assumed) for way, assumed in ways
    ]
    lines = [
        "| per 1,000,000 answers of 10 s | Standard | Express"
        f" | direct, {direct.invoke_mb} MB | direct, {small.invoke_mb} MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for cause in dict.fromkeys(cause for column in columns for cause in column):
        lines.append(_in_millions(cause, [column.get(cause, Decimal(0)) for column in columns]))
    return "\n".join([*lines, _in_millions("**all**", list(map(_total, columns)))]) + "\n"


def _total(causes: Mapping[str, Decimal]) -> Decimal:
    return sum(causes.values(), Decimal(0))


def _in_millions(cause: str, dollars: Sequence[Decimal]) -> str:
    return f"| {cause} | " + " | ".join(f"${usd * _MILLION:,.2f}" for usd in dollars) + " |"


def _fixed() -> str:
    prices = aws_prices()
    lines = ["| a month, at most | $ |", "|---|--:|"]
    lines += [f"| {cause} | {usd:.2f} |" for cause, usd in fixed_a_month(prices).items()]
    return "\n".join([*lines, f"| **all** | {fixed_total(prices)} |"]) + "\n"


def _kept() -> str:
    typical = kept_a_month(TYPICAL, aws_prices())
    lines = ["| a month, for each 1,000,000 typical requests kept | $ |", "|---|--:|"]
    return (
        "\n".join([*lines, *(f"| {n} | {u * _MILLION:.2f} |" for n, u in typical.items())]) + "\n"
    )


def _summary() -> str:
    given, prices, mix = Assumptions(), aws_prices(), read_mix(DEFAULT_MIX)
    typical = [
        _total(per_request_overhead(w, DEFAULT_TIERS["SIMPLE"], prices, given)) for w in WORKFLOWS
    ]
    mean = [_total(mean_overhead(w, mix, DEFAULT_TIERS, prices, given)) for w in WORKFLOWS]
    lines = [
        "| Faregate itself, without the models | Standard (default) | Express |",
        "|---|--:|--:|",
        _in_millions(f"1,000,000 requests of {TYPICAL.input} + {TYPICAL.output} tokens", typical),
        _in_millions("1,000,000 requests of the mix in [capacity](docs/capacity.md)", mean),
        f"| a month, whatever the volume, at most |{f' ${fixed_total(prices)} |' * len(WORKFLOWS)}",
    ]
    return "\n".join(lines) + "\n"


def _entry_points() -> str:
    prices = aws_prices()
    lines = ["| entry point | cause | per 1,000,000 prompts |", "|---|---|--:|"]
    for name, causes in (("queue", queue_overhead(prices)), ("batch", batch_overhead(prices))):
        lines += [f"| {name} | {cause} | ${usd * _MILLION:,.2f} |" for cause, usd in causes.items()]
        lines.append(f"| **{name}** | **all** | ${sum(causes.values()) * _MILLION:,.2f} |")
    nested = prices["states_standard_transition"] * _MILLION
    chosen = sum(batch_overhead(prices).values()) * _MILLION
    return "\n".join(lines) + (
        "\n\nA batch whose Map started each prompt by `startExecution.sync:2` would pay at least"
        f" ${nested:,.2f} for the transitions. Chunks of {CHUNK_PROMPTS} pay ${chosen:,.2f}.\n"
    )


def _aws_prices() -> str:
    table = json.loads(AWS_PRICES_PATH.read_text(encoding="utf-8"))
    lines = [
        f"Prices of {table['region']}, checked on {table['checked']}.",
        "",
        "| price | $ | per | since | source |",
        "|---|--:|---|---|---|",
    ]
    for name, row in table["prices"].items():
        lines.append(
            f"| {name} | {row['usd']} | {row['per']} | {row['effective_from']} | {row['source']} |"
        )
    return "\n".join(lines) + "\n"


def _capacity() -> str:
    mix, given, at = read_mix(DEFAULT_MIX), Assumptions(), datetime(2026, 11, 21, tzinfo=UTC)
    peak = Peak(Decimal(5), 5, DEFAULT_MAX_TOKENS)
    needs = capacity(mix, DEFAULT_TIERS, 5_000, peak, given)
    rates = Rates(default_book(), aws_prices())
    costs = bills(mix, DEFAULT_TIERS, sorted({5_000, *SIZES.values()}), at, given, rates)
    return f"{as_text(needs, mix, costs, peak)}\n"


def _agent_loops() -> str:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    lines = [
        "| calls in a row | Sonnet 5.5, no points | from the 2nd call on | from the 1st on"
        " | Haiku 5.5, no points | from the 2nd call on | from the 1st on |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    models = (DEFAULT_TIERS["COMPLEX"], DEFAULT_TIERS["SIMPLE"])
    for calls in (1, 2, 3, 5, 10, 20):
        loop = replace(AGENT, calls=calls)
        cells = [str(calls)]
        for model in models:
            costs = [loop_usd(loop, model, cache, at) for cache in (NO_CACHE, _SECOND, _FIRST)]
            known = [usd for usd in costs if usd is not None]
            cells += [f"${known[0]:.4f}", *(f"{usd / known[0] - 1:+.0%}" for usd in known[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + (
        f"\n\nOf {AGENT.prompt:,} tokens at first, {AGENT.growth:,} more with each call, and"
        f" {AGENT.answer} in each answer.\n"
    )


def _surcharges() -> str:
    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    lines = ["| provider | mode | factor | about | source |", "|---|---|--:|---|---|"]
    for row in book["surcharges"]:
        words = ", ".join(f"`{word}`" for word in row["mode"].split("|"))
        lines.append(
            f"| {row['provider']} | {words} | {row['factor']} | {row['reason']} | {row['source']} |"
        )
    return "\n".join(lines) + "\n"


def _resolutions() -> str:
    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    lines = ["| models | what the book does, and why |", "|---|---|"]
    for row in book["resolutions"]:
        models = ", ".join(f"`{name}`" for name in row["models"])
        lines.append(f"| {models} | {row['reason']} |")
    return "\n".join(lines) + "\n"
