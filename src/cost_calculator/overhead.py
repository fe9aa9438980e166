"""Estimates what Faregate itself costs for one request: workflow, Lambda time, rows, logs, traces.

An estimate: AWS bills these by the month and by the account, with free tiers. What is paid whether
requests come or not is in ``planning.fixed_costs``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cost_calculator.row_units import attempt_units, request_units, run_units
from cost_calculator.rows import CACHED

AWS_PRICES_PATH = Path(__file__).with_name("aws_prices.json")

# The stream's functions, `price_rows` and `watch_models`: a batch of one request's rows each. The
# first waits for one transaction. These are assumptions, on the side of too much.
STREAM_MS = Decimal(20)
STREAM_MEMORY_MB = Decimal(256)

# `record_answer` after the HTTP Task: one transaction.
RECORD_MS = Decimal(40)
RECORD_MEMORY_MB = Decimal(256)

# Lines of the functions, with CloudWatch's 26 bytes a line: `routed`; of an attempt `answered`,
# `attempt priced` and the metrics.
LOG_BYTES_PER_REQUEST = Decimal(300)
LOG_BYTES_PER_ATTEMPT = Decimal(1_800)
EXPRESS_MEMORY_MB = Decimal(64)

TRACED_SHARE = Decimal("0.05")
"""The share of requests that X-Ray records, as the module sets it by default."""

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
def aws_prices(traced_share: Decimal = TRACED_SHARE) -> AwsPrices:
    """Return the dated table of AWS prices, in dollars per unit.

    ``xray_request`` is added: what traces cost a request if so large a share is recorded.
    """
    table = json.loads(AWS_PRICES_PATH.read_text(encoding="utf-8"))
    prices = {name: Decimal(price["usd"]) for name, price in table["prices"].items()}
    return prices | {"xray_request": prices["xray_trace"] * traced_share}


def request_overhead(row: Mapping[str, Any], prices: AwsPrices) -> dict[str, Decimal]:
    """Return the dollars of one terminal REQUEST row by cause: all but what its attempts cost."""
    parts = {
        "workflow": _workflow(row, prices),
        "analyze": lambda_call(row.get("analyze_ms"), row.get("analyze_mb"), prices),
        "stream": lambda_call(STREAM_MS, STREAM_MEMORY_MB, prices),
        "tables": request_units(row) * prices["dynamodb_write_unit"],
        "logs": LOG_BYTES_PER_REQUEST / 10**9 * prices["logs_gb"],
        "traces": prices["xray_request"],
    }
    if "output_s3" in row:
        parts["objects"] = prices["s3_put"]
    if "earlier_overhead_usd" in row:
        parts["earlier_runs"] = Decimal(row["earlier_overhead_usd"])
    return _rounded(parts)


def run_overhead(row: Mapping[str, Any], prices: AwsPrices) -> dict[str, Decimal]:
    """Return the dollars of a run's own states and functions: of a workflow's without its steps, or
    of one that was refused.
    """
    calls = [lambda_call(ms, row.get("lambda_mb"), prices) for ms in row.get("lambda_ms", ())]
    return _rounded(
        {
            "workflow": Decimal(row.get("transitions", 0)) * prices["states_standard_transition"],
            "functions": sum(calls, _ZERO),
            "tables": run_units(row) * prices["dynamodb_write_unit"],
        }
    )


def attempt_overhead(row: Mapping[str, Any], prices: AwsPrices) -> dict[str, Decimal]:
    """Return the dollars of one attempt, given as it is priced: its row, its Lambda, its guardrail.

    ``price_rows`` has it in the batch of its request. A question to the classifier has no Lambda of
    its own, and the breakers do not see it.
    """
    parts = {
        "tables": attempt_units(row) * prices["dynamodb_write_unit"],
        "logs": LOG_BYTES_PER_ATTEMPT / 10**9 * prices["logs_gb"],
    }
    ms, memory = row.get("lambda_ms"), row.get("lambda_mb")
    if row.get("purpose") != "classify":
        parts["stream"] = lambda_call(STREAM_MS, STREAM_MEMORY_MB, prices)
        if ms and memory:
            parts["invoke"] = lambda_call(ms, memory, prices)
        elif row.get("provider") == "openai" and row.get("outcome") != CACHED:
            # The HTTP Task: AWS decrypts the connection's secret, a Lambda records the answer.
            parts["invoke"] = lambda_call(RECORD_MS, RECORD_MEMORY_MB, prices)
            parts["secret"] = prices["kms_request"]
    if "draft_s3" in row:
        # Written once, and read by whoever repairs or reviews it.
        parts["objects"] = prices["s3_put"] + prices["s3_get"]
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
