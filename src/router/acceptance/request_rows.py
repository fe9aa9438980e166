"""The rows that accepting a request writes: REQUEST and CONTENT. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cost_calculator.clock import iso
from cost_calculator.item_size import item_bytes
from cost_calculator.rows import SCHEMA, Row, shard_of
from router.analyzer import Classification
from router.config.settings import Config
from router.intake.request import Request
from router.recording.attempt_rows import unless_standard
from router.routing.plan import Plan


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
    """Return the REQUEST row (ACCEPTED) and, if text is stored, the CONTENT row."""
    shard = shard_of(request.key)
    key = {"request_id": request.key, "schema": SCHEMA, "tenant": request.tenant}
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
        **unless_standard("baseline_mode", plan.baseline.mode),
        **routed(plan, analysis),
    }
    if request.step:
        row |= request.step.marks()
    if request.session:
        row |= request.session.marks()
    row |= request.conversation.files
    if row["planned_mode"] == "standard":
        del row["planned_mode"]  # as a row without it means
    if request.metadata:
        row["metadata"] = dict(request.metadata)
    if request.text_altered:
        row["text_altered"] = True
    if not config.store_text:
        return [row]
    content: Row = {**key, "item": "CONTENT", "expires_at": text_expiry(config, at)}
    if request.payload_s3:
        return [row, content | {"input_s3": request.payload_s3}]
    content["input"] = json.dumps(
        {"messages": list(request.messages), "system": request.system}, ensure_ascii=False
    )
    if request.given:
        content["options"] = json.dumps(request.given, ensure_ascii=False)
    row["content_bytes"] = item_bytes(content)
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


def text_expiry(config: Config, at: datetime) -> int:
    """Return when stored text is to be deleted, in epoch seconds."""
    return int((at + timedelta(days=config.text_ttl_days)).timestamp())
