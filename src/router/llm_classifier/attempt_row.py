"""The row of the call that asks an LLM for its opinion: an attempt like any other, with a price.

It is written before the call is made, without an outcome, so that no death in between can hide
a call that may be on the bill. It keeps the verdict, so that a repeated analysis decides the same.
"""

from __future__ import annotations

import json
from typing import Any

from cost_calculator.rows import Row
from router.invocation.attempt import Attempt
from router.invocation.call import ModelCall
from router.llm_classifier.question import Opinion, sent_bytes
from router.recording.attempt_rows import attempt_base, pending
from router.recording.facts import RequestFacts

# The workflow counts its own attempts from 01.
ASKED = "ATTEMPT#00"


def asked_row(request: Row, question: ModelCall, asked_at: str) -> Row:
    """Return the row as it is while the call is under way: nothing is priced yet."""
    return {
        **attempt_base(RequestFacts.from_row(request, earlier_attempts=0)),
        "item": ASKED,
        "purpose": "classify",
        "mode": question.mode,
        "provider": question.provider,
        "model": question.model,
        "started_at": asked_at,
        "retries": 0,
        "served": 0,
        "max_tokens": question.max_tokens,
        "input_bytes": sent_bytes(question),
    }


def reported(request_id: str, opinion: Opinion, attempt: Attempt) -> dict[str, Any]:
    """Return what the row gains when the call has ended."""
    known = attempt.to_json()
    kept = ("outcome", "cause", "response_model", "started_at", "ended_at", "latency_ms")
    changes = {name: known[name] for name in kept if name in known}
    if opinion.verdict is not None:
        changes["verdict"] = opinion.verdict
    if attempt.usage:
        changes["usage"] = json.dumps(dict(attempt.usage))
    # No Lambda time: analyze was waiting, and its time is on the REQUEST row.
    return changes | pending(request_id, attempt.ended_at)


def unreported(request_id: str, cause: str, at: str) -> dict[str, Any]:
    """Return the row's attributes if the end of the call is unknown: it may be on the bill."""
    return {"outcome": "UNKNOWN", "cause": cause, "ended_at": at} | pending(request_id, at)


def is_open(row: Row) -> bool:
    """Return whether the row still waits for its outcome."""
    return "outcome" not in row


def opinion_of(row: Row) -> Opinion:
    """Return the opinion that a row with an outcome holds."""
    return Opinion(row.get("verdict"), row.get("cause", "NoReport"))
