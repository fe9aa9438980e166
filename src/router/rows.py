"""The rows that ``analyze`` and ``record_outcome`` write, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cost_calculator.rows import shard_of
from router.analyzer import Classification
from router.clock import iso
from router.config.settings import Config
from router.intake.request import Request
from router.routing.plan import Plan

SCHEMA = 1
# A request that nobody has closed yet.
OPEN = ("ACCEPTED", "PENDING_REVIEW")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analysis of one request cost in Lambda time; feeds the overhead estimate."""

    milliseconds: int
    memory_mb: int


def accepted_rows(
    request: Request,
    classification: Classification,
    plan: Plan,
    config: Config,
    analysis: Analysis,
    execution_arn: str,
    at: datetime,
) -> list[Row]:
    """Return the REQUEST row (ACCEPTED) and, where text is stored, the CONTENT row."""
    shard = shard_of(request.request_id)
    key = {"request_id": request.request_id, "schema": SCHEMA, "tenant": request.tenant}
    row: Row = {
        **key,
        "item": "REQUEST",
        "status": "ACCEPTED",
        "execution_arn": execution_arn,
        "payload_hash": request.payload_hash,
        "accepted_at": iso(at),
        "day_shard": f"{at:%Y-%m-%d}#{shard}",
        "queue": f"ACCEPTED#{shard}",
        "queued_at": iso(at),
        "complexity": classification.label.value,
        "confidence": Decimal(f"{classification.confidence:.4f}"),
        "score": Decimal(f"{classification.score:.4f}"),
        "classifier_version": classification.version,
        "workflow_type": config.workflow_type,
        "input_bytes": request.input_bytes,
        "baseline_provider": plan.baseline.provider,
        "baseline_model": plan.baseline.model,
        "baseline_mode": plan.baseline.mode,
        **routed(plan, analysis),
    }
    if request.metadata:
        row["metadata"] = dict(request.metadata)
    if request.text_altered:
        row["text_altered"] = True
    if not config.store_text:
        return [row]
    content: Row = {
        **key,
        "item": "CONTENT",
        "input": json.dumps(
            {"messages": list(request.messages), "system": request.system}, ensure_ascii=False
        ),
        "expires_at": text_expiry(config, at),
    }
    if request.options:
        content["options"] = json.dumps(request.options, ensure_ascii=False)
    return [row, content]


def routed(plan: Plan, analysis: Analysis) -> Row:
    """Return the attributes of the REQUEST row that an LLM's opinion may still change."""
    first = plan.models[0]
    return {
        "route": plan.tier,
        "reasons": list(plan.reasons),
        "planned_provider": first.provider,
        "planned_model": first.model,
        "planned_mode": first.mode,
        "max_tokens": first.max_tokens,
        "analyze_ms": analysis.milliseconds,
        "analyze_mb": analysis.memory_mb,
    }


def budgets_in(request: Mapping[str, Any]) -> Row:
    """Return what a REQUEST row's attempts repeat of it: the budgets they count against."""
    return {"budgets": request["budgets"]} if "budgets" in request else {}


def text_expiry(config: Config, at: datetime) -> int:
    """Return when stored text is to be deleted, in epoch seconds."""
    return int((at + timedelta(days=config.text_ttl_days)).timestamp())


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
