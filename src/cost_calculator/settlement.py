"""Turns a PENDING row of the ``usage`` table into its priced self. Pure.

A row is what DynamoDB holds, as plain values. What comes back are its new attributes; an attribute
that is not known is left out, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from cost_calculator.max_cost import most_of_call, most_of_tokens
from cost_calculator.overhead import attempt_overhead, request_overhead, run_overhead
from cost_calculator.pricing import Cost, CostStatus, price
from cost_calculator.rates import Rates
from cost_calculator.rows import (
    CACHED,
    EMBED,
    NOT_BILLED,
    READABLE_SCHEMAS,
    SCHEMA,
    is_of_a_run,
    shard_of,
)
from cost_calculator.surcharges import joined
from cost_calculator.usage import (
    TOKEN_CLASSES,
    InvalidUsage,
    Tokens,
    from_provider,
    special_modes,
)

Row = Mapping[str, Any]

# A prompt that was withheld from the model used none of its tokens; any other call sent some.
_MAY_HAVE_USED_NONE = frozenset({"REFUSED", "FILTERED", "BLOCKED"})


class UnreadableRow(ValueError):
    """The row lacks what pricing needs; the message names it. The row is left as it is."""


def settle(row: Row, rates: Rates, priced_at: str) -> dict[str, Any]:
    """Return the whole row with its cost; raise UnreadableRow if that cannot be done."""
    check_readable(row)
    settled = {name: value for name, value in row.items() if name not in ("queue", "queued_at")}
    if row["item"] == "REQUEST":
        usd = sum(request_overhead(row, rates.aws).values(), Decimal(0))
        settled |= {"cost_status": CostStatus.PRICED.value, "overhead_usd": usd}
        return settled | _charge(settled, usd)
    if is_of_a_run(row["item"]):
        usd = sum(run_overhead(row, rates.aws).values(), Decimal(0))
        return settled | {
            "cost_status": CostStatus.PRICED.value,
            "overhead_usd": usd,
            "priced_at": priced_at,
        }
    settled |= _settle_attempt(row, rates) | {"priced_at": priced_at}
    settled["overhead_usd"] = sum(attempt_overhead(settled, rates.aws).values())
    if "budgets" in row:
        settled |= _charge(settled, settled["overhead_usd"] + _most(settled, rates))
    if settled["cost_status"] == CostStatus.UNPRICED:
        settled["queue"] = f"UNPRICED#{shard_of(row['request_id'])}"
        settled["queued_at"] = row.get("queued_at", priced_at)
    return settled


def check_readable(row: Row) -> None:
    """Raise UnreadableRow if a row lacks what pricing and sums need of it."""
    schema = row.get("schema", SCHEMA - 1)
    if schema not in READABLE_SCHEMAS:
        raise UnreadableRow(f"schema {schema} is not one of {READABLE_SCHEMAS}")
    required = ["request_id", "item", "tenant", "tier", "ended_at"]
    if str(row.get("item")).startswith("ATTEMPT#"):
        required += ["provider", "model", "outcome"]
    for name in required:
        if not isinstance(row.get(name), str) or not row[name]:
            raise UnreadableRow(f"{name} is missing or is not a text")
    for name in ("started_at", "ended_at", "accepted_at"):
        try:
            if name in row and datetime.fromisoformat(row[name]).utcoffset() is None:
                raise UnreadableRow(f"{name} has no UTC offset")
        except (TypeError, ValueError) as error:
            raise UnreadableRow(f"{name} is not an ISO 8601 time: {error}") from None


def _settle_attempt(row: Row, rates: Rates) -> dict[str, Any]:
    at = datetime.fromisoformat(row.get("started_at") or row["ended_at"])
    if row["outcome"] == CACHED:
        return _out_of_cache(row, rates, at)
    if not row.get("usage"):
        return _without_usage(row, rates, at)
    try:
        usage = _parse_usage(row["usage"])
        tokens = from_provider(row["provider"], usage)
        mode = joined(row.get("mode") or "", *special_modes(row["provider"], usage))
        _check_plausible(tokens, row)
    except InvalidUsage as error:
        return {"cost_status": CostStatus.INVALID_USAGE.value, "cost_reason": str(error)}
    settled: dict[str, Any] = {f"{name}_tokens": getattr(tokens, name) for name in TOKEN_CLASSES}
    cost = _price(tokens, row["provider"], row["model"], mode, at, rates)
    settled["cost_status"] = cost.status.value
    if cost.usd is None:
        return settled | {"cost_reason": cost.reason}
    settled |= {
        "cost_usd": cost.usd,
        "price_version": cost.price_version,
        "cost_parts": dict(cost.parts),
    }
    return settled | _baseline(tokens, row, at, rates)


def _check_plausible(tokens: Tokens, row: Row) -> None:
    if row["outcome"] in _MAY_HAVE_USED_NONE:
        return
    if not tokens.total_input:
        raise InvalidUsage("usage counts no input: no prompt has 0 tokens")
    if row["outcome"] == "OK" and not tokens.output and row.get("purpose") != EMBED:
        raise InvalidUsage("usage counts no output beside an answer")


def _out_of_cache(row: Row, rates: Rates, at: datetime) -> dict[str, Any]:
    """Return no cost, and as baseline what the kept answer's tokens would cost afresh.

    The tokens are those of another request: this one used none.
    """
    free = {
        "cost_status": CostStatus.PRICED.value,
        "cost_usd": Decimal(0),
        "cost_parts": {},
        "cost_reason": "answered out of the cache",
    }
    try:
        tokens = from_provider(row["provider"], _parse_usage(row["usage"]))
    except (InvalidUsage, KeyError):
        return free  # what it saved is not known
    return free | _baseline(tokens, row, at, rates)


def _without_usage(row: Row, rates: Rates, at: datetime) -> dict[str, Any]:
    if row["outcome"] in NOT_BILLED:
        return {
            "cost_status": CostStatus.PRICED.value,
            "cost_usd": Decimal(0),
            "cost_parts": {},
            "baseline_usd": Decimal(0),
            "cost_reason": f"{row['outcome']} is not billed",
        }
    estimate = _upper_estimate(row, rates, at)
    return {
        "cost_status": CostStatus.UNKNOWN.value,
        "cost_reason": "it may have been billed, and no usage came back",
        **({"upper_estimate_usd": estimate} if estimate is not None else {}),
    }


def _upper_estimate(row: Row, rates: Rates, at: datetime) -> Decimal | None:
    """Price the most the call can have used: no token is shorter than a byte of the prompt."""
    if "input_bytes" not in row or "max_tokens" not in row:
        return None
    most = Tokens(input=int(row["input_bytes"]), output=int(row["max_tokens"]))
    return _price(most, row["provider"], row["model"], row.get("mode"), at, rates).usd


def _charge(row: Row, usd: Decimal) -> dict[str, Decimal]:
    """Return what the row counts against its budgets, if it has any."""
    return {"charge_usd": usd} if "budgets" in row else {}


def _most(row: Row, rates: Rates) -> Decimal:
    """Return the cost of an attempt, or its upper bound if it is not known."""
    if "cost_usd" in row:
        return Decimal(row["cost_usd"])
    at = datetime.fromisoformat(row.get("started_at") or row["ended_at"])
    if row["cost_status"] == CostStatus.UNPRICED:
        tokens = Tokens(**{name: int(row[f"{name}_tokens"]) for name in TOKEN_CLASSES})
        return most_of_tokens(tokens, at, book=rates.book)
    for name in ("input_bytes", "max_tokens"):
        if name not in row:
            raise UnreadableRow(f"{name} is missing, and the row counts against a budget")
    return most_of_call(
        row["provider"],
        row["model"],
        int(row["input_bytes"]),
        int(row["max_tokens"]),
        at,
        book=rates.book,
        region=rates.region,
        mode=row.get("mode", "standard"),
    )


def _baseline(tokens: Tokens, row: Row, at: datetime, rates: Rates) -> dict[str, Any]:
    """Price the same tokens on the baseline model, for the attempt that answered and no other."""
    if not row.get("served") or row.get("purpose", "answer") != "answer":
        return {"baseline_usd": Decimal(0)}
    provider, model = row.get("baseline_provider"), row.get("baseline_model")
    if not provider or not model:
        return {}
    baseline = _price(tokens, provider, model, row.get("baseline_mode"), at, rates)
    if baseline.usd is None:
        return {}
    return {"baseline_usd": baseline.usd, "baseline_price_version": baseline.price_version}


def _price(
    tokens: Tokens, provider: str, model: str, mode: str | None, at: datetime, rates: Rates
) -> Cost:
    at_mode = mode or "standard"  # rows from before there were modes name none
    return price(tokens, provider, model, at, at_mode, region=rates.region, book=rates.book)


def _parse_usage(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise InvalidUsage("usage is not JSON") from None
