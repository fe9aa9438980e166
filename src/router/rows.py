"""ATTEMPT rows, as plain values. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cost_calculator.rows import SCHEMA, Row, shard_of


def budgets_in(request: Mapping[str, Any]) -> Row:
    """Return what a REQUEST row's attempts repeat of it: the budgets they count against."""
    return {"budgets": request["budgets"]} if "budgets" in request else {}


def last_attempt(rows: Iterable[str]) -> int:
    """Return the number of the last ATTEMPT row among the ``item`` keys of a request."""
    return max(
        (int(item.removeprefix("ATTEMPT#")) for item in rows if item.startswith("ATTEMPT#")),
        default=0,
    )


def recovered_attempt_rows(
    request: Row, attempts: Sequence[Mapping[str, Any]], first: int
) -> list[Row]:
    """Return ATTEMPT rows, numbered from ``first``, for what the workflow could not write."""
    shard = shard_of(request["request_id"])
    return [
        {
            "request_id": request["request_id"],
            "item": f"ATTEMPT#{number:02d}",
            "schema": SCHEMA,
            "tenant": request["tenant"],
            "tier": request["route"],
            "purpose": "answer",
            "cost_status": "PENDING",
            "queue": f"PENDING#{shard}",
            "queued_at": attempt["ended_at"],
            "input_bytes": request["input_bytes"],
            "baseline_provider": request["baseline_provider"],
            "baseline_model": request["baseline_model"],
            "baseline_mode": request.get("baseline_mode", "standard"),
            **budgets_in(request),
            **{name: value for name, value in attempt.items() if name not in ("usage", "detail")},
            "served": int(attempt["served"]),
            **({"usage": json.dumps(attempt["usage"])} if attempt.get("usage") else {}),
        }
        for number, attempt in enumerate(attempts, start=first)
    ]
