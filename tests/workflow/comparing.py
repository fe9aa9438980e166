"""What two interpreters must agree on, of what a request left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# Ids, times, and what depends on them: how long a call took, and what that cost around it.
_OWN = {
    "request_id", "execution_arn", "payload_hash", "day_shard", "queue", "queued_at", "task_token",
    "expires_at", "decide_before", "accepted_at", "started_at", "ended_at", "decided_at",
    "priced_at", "reopened_at", "analyze_ms", "analyze_mb", "latency_ms", "lambda_ms", "lambda_mb",
    "overhead_usd", "overhead_parts", "cache_source", "reviewer",
}  # fmt: skip
_ADDRESSES = {"output_s3", "draft_s3"}


def comparable(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return rows, by item, without what no two runs have in common."""
    return {item: of_row(row) for item, row in rows.items()}


def of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, it) for name, it in row.items() if name not in _OWN}


def of_output(output: Any) -> Any:
    """Return a run's output likewise; its attempts are compared as rows."""
    found = json.loads(output) if isinstance(output, str) else output
    if not isinstance(found, dict):
        return found
    return {**of_row(found), "attempts": [of_row(it) for it in found.get("attempts", [])]}


def of_cause(cause: str | None) -> Any:
    """Return a run's Cause likewise: an object of ours, or a text."""
    try:
        found = json.loads(cause or "null")
    except ValueError:
        return cause
    return of_row(found) if isinstance(found, dict) else found


def _value(name: str, value: Any) -> Any:
    if name in _ADDRESSES and value:
        return str(value).removeprefix("s3://").split("/")[1]  # answers or drafts
    return int(value) if isinstance(value, Decimal) and value == int(value) else value
