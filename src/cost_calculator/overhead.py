"""Estimates what Faregate itself costs: workflow, Lambda time, table writes, logs.

An estimate, and marked as one: AWS bills these by the month and by the account, with free tiers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

AWS_PRICES_PATH = Path(__file__).with_name("aws_prices.json")

# Write units of one row, with every index that holds it (all project everything, rows are <= 1 KB;
# a write in a transaction counts twice, a changed index key is a delete and a put).
REQUEST_WRITE_UNITS = (2 + 3) + (2 + 2 + 2) + (2 + 2 + 1)  # accepted, closed, priced
CONTENT_WRITE_UNITS = 2 + 2  # the prompt, then the answer
ATTEMPT_WRITE_UNITS = (2 + 1) + (2 + 1)  # written, priced
CELL_WRITE_UNITS = 2  # one sum per request; a batch that shares cells costs less

# `price_rows` waits for one transaction of about 20 ms per batch; these are assumptions.
PRICING_MS_PER_ROW = Decimal(5)
PRICING_ROWS_PER_BATCH = Decimal(4)
PRICING_MEMORY_MB = Decimal(256)

LOG_BYTES_PER_REQUEST = Decimal(2_000)
EXPRESS_MEMORY_MB = Decimal(64)

_STEP = Decimal("1E-12")
_ZERO = Decimal(0)

_GUARDRAIL_PRICES = {
    "contentPolicyUnits": "guardrail_content_unit",
    "topicPolicyUnits": "guardrail_topic_unit",
    "sensitiveInformationPolicyUnits": "guardrail_sensitive_unit",
    "contextualGroundingPolicyUnits": "guardrail_grounding_unit",
}
GUARDRAIL_POLICIES = tuple(_GUARDRAIL_PRICES)
GUARDRAIL_UNIT_CHARACTERS = 1_000

AwsPrices = Mapping[str, Decimal]


@cache
def aws_prices() -> AwsPrices:
    """Return the dated table of AWS prices, in dollars per unit."""
    table = json.loads(AWS_PRICES_PATH.read_text(encoding="utf-8"))
    return {name: Decimal(price["usd"]) for name, price in table["prices"].items()}


def request_overhead(row: Mapping[str, Any], prices: AwsPrices) -> dict[str, Decimal]:
    """Return the dollars of one terminal REQUEST row by cause: all but the time of its attempts."""
    attempts = int(row.get("attempts", 0)) - int(row.get("earlier_attempts", 0))
    writes = REQUEST_WRITE_UNITS + CELL_WRITE_UNITS + CONTENT_WRITE_UNITS
    writes += ATTEMPT_WRITE_UNITS * attempts
    rows = 1 + attempts
    pricing = rows * lambda_time(PRICING_MS_PER_ROW, PRICING_MEMORY_MB, prices)
    pricing += prices["lambda_request"] * rows / PRICING_ROWS_PER_BATCH
    parts = {
        "workflow": _workflow(row, prices),
        "analyze": lambda_call(row.get("analyze_ms"), row.get("analyze_mb"), prices),
        "pricing": pricing,
        "tables": writes * prices["dynamodb_write_unit"],
        "logs": LOG_BYTES_PER_REQUEST / 10**9 * prices["logs_gb"],
    }
    if "earlier_overhead_usd" in row:
        parts["earlier_runs"] = Decimal(row["earlier_overhead_usd"])
    return _rounded(parts)


def attempt_overhead(row: Mapping[str, Any], prices: AwsPrices) -> dict[str, Decimal]:
    """Return the dollars of the Lambda that made one attempt, none if the workflow made it, and of
    the guardrail that assessed it.

    A question to the classifier has no Lambda of its own; it costs rows that the request's count of
    attempts leaves out: its own, and the REQUEST row once more.
    """
    if row.get("purpose") == "classify":
        return _rounded({"tables": 2 * ATTEMPT_WRITE_UNITS * prices["dynamodb_write_unit"]})
    ms, memory = row.get("lambda_ms"), row.get("lambda_mb")
    parts = {"invoke": lambda_call(ms, memory, prices)} if ms and memory else {}
    if usd := guardrail_usd(row.get("guardrail_units"), prices):
        parts["guardrail"] = usd
    return _rounded(parts)


def guardrail_usd(units: Any, prices: AwsPrices) -> Decimal:
    """Return the dollars of a guardrail's text units, JSON by policy as Bedrock names them.

    Word filters and patterns of sensitive information are free.
    """
    try:
        given = json.loads(units) if units else {}
    except (TypeError, ValueError):
        return _ZERO
    counts = {name: given.get(name, 0) for name in _GUARDRAIL_PRICES} if given else {}
    return sum(
        (Decimal(count) * prices[_GUARDRAIL_PRICES[name]] for name, count in counts.items()), _ZERO
    )


def lambda_call(ms: Any, memory_mb: Any, prices: AwsPrices) -> Decimal:
    """Return the dollars of one Lambda invocation; its time only if it is known."""
    time = lambda_time(ms, memory_mb, prices) if ms and memory_mb else _ZERO
    return prices["lambda_request"] + time


def lambda_time(ms: Any, memory_mb: Any, prices: AwsPrices) -> Decimal:
    """Return the dollars of so many milliseconds of a Lambda with so much memory (MB)."""
    return Decimal(ms) * Decimal(memory_mb) / 1024 / 1000 * prices["lambda_gb_second"]


def _workflow(row: Mapping[str, Any], prices: AwsPrices) -> Decimal:
    if row.get("workflow_type") == "EXPRESS":
        ms = _milliseconds(row.get("reopened_at", row["accepted_at"]), row["ended_at"]) + Decimal(
            row.get("analyze_ms", 0)
        )
        billed_seconds = (ms / 100).to_integral_value(ROUND_CEILING) / 10
        gb_seconds = EXPRESS_MEMORY_MB / 1024 * billed_seconds
        return prices["states_express_request"] + gb_seconds * prices["states_express_gb_second"]
    if row.get("workflow_type") == "DIRECT":
        return _ZERO
    # Without a count the usual path is assumed: analyze, choose, invoke.
    transitions = Decimal(row.get("transitions", 3))
    return transitions * prices["states_standard_transition"]


def _milliseconds(start: str, end: str) -> Decimal:
    elapsed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return max(Decimal(round(elapsed.total_seconds() * 1000)), _ZERO)


def _rounded(parts: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: usd.quantize(_STEP, ROUND_HALF_EVEN).normalize() for name, usd in parts.items()}
