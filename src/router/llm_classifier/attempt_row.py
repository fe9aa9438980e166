"""The row of the call that asks an LLM for its opinion: an attempt like any other, with a price.

It stands before the call is made, without an outcome, so that no death in between can hide a call
that may be on the bill; and it keeps the verdict, so that a repeated analysis decides the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cost_calculator.rows import SCHEMA, Row, shard_of
from router.invocation.call import ModelCall
from router.llm_classifier.question import Opinion, sent_bytes
from router.rows import budgets_in

# The workflow counts its own attempts from 01.
ASKED = "ATTEMPT#00"


def asked_row(request: Row, question: ModelCall, asked_at: str) -> Row:
    """Return the row as it stands while the call is under way: nothing is priced yet."""
    return {
        "request_id": request["request_id"],
        "item": ASKED,
        "schema": SCHEMA,
        "tenant": request["tenant"],
        **budgets_in(request),
        "tier": request["route"],
        "purpose": "classify",
        "mode": question.mode,
        "provider": question.provider,
        "model": question.model,
        "started_at": asked_at,
        "retries": 0,
        "served": 0,
        "max_tokens": question.max_tokens,
        "input_bytes": sent_bytes(question),
        "baseline_provider": request["baseline_provider"],
        "baseline_model": request["baseline_model"],
        "baseline_mode": request["baseline_mode"],
    }


def reported(request_id: str, opinion: Opinion, attempt: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the row gains when the call has ended; ``attempt`` is that of ``invoke``."""
    kept = ("outcome", "cause", "response_model", "started_at", "ended_at", "latency_ms")
    changes = {name: attempt[name] for name in kept if name in attempt}
    if opinion.verdict is not None:
        changes["verdict"] = opinion.verdict
    if attempt.get("usage"):
        changes["usage"] = json.dumps(attempt["usage"])
    # No Lambda time: analyze was waiting, and its time is on the REQUEST row.
    return changes | _to_be_priced(request_id, attempt["ended_at"])


def unreported(request_id: str, cause: str, at: str) -> dict[str, Any]:
    """Return what the row gains when nobody knows how the call ended: it may be on the bill."""
    return {"outcome": "UNKNOWN", "cause": cause, "ended_at": at} | _to_be_priced(request_id, at)


def is_open(row: Row) -> bool:
    """Return whether the row still waits for its outcome."""
    return "outcome" not in row


def opinion_of(row: Row) -> Opinion:
    """Return the opinion that a row with an outcome holds."""
    return Opinion(row.get("verdict"), row.get("cause", "NoReport"))


def _to_be_priced(request_id: str, at: str) -> dict[str, Any]:
    return {
        "cost_status": "PENDING",
        "queue": f"PENDING#{shard_of(request_id)}",
        "queued_at": at,
    }
