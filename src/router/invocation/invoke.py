"""Makes one model call and turns whatever happens into an attempt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cost_calculator.clock import iso
from router.errors import CallError
from router.invocation.call import ModelCall, Provider

# A provider's message may quote the prompt. A run of this many characters that also stands in the
# prompt is taken for a quotation, and the message is dropped.
_QUOTATION = 16
_DETAIL_LENGTH = 300


def invoke(
    call: ModelCall,
    provider: Provider,
    clock: Callable[[], datetime],
    memory_mb: int,
) -> dict[str, Any]:
    """Return ``{"answer", "output_s3", "status", "attempt"}`` for one call.

    Raise the provider's ``CallError`` with the attempt, as JSON, for its message: Step Functions
    keeps nothing else of an exception, and a failed call may have been billed.
    """
    started = clock()
    try:
        answer = provider.complete(call)
    except CallError as error:
        attempt = _attempt(call, started, clock(), memory_mb) | {
            "outcome": error.outcome,
            "cause": type(error).__name__,
            "served": False,
            "detail": _without_quotation(error.detail, call),
            **_known(
                usage=error.usage,
                response_model=error.response_model,
                mode=error.mode,
                draft_s3=error.draft_s3,
                input_bytes=error.input_bytes,
            ),
        }
        raise type(error)(json.dumps(attempt)) from None
    attempt = _attempt(call, started, clock(), memory_mb) | {
        "outcome": "TRUNCATED" if answer.truncated else "OK",
        "served": True,
        **_known(**answer.facts),
    }
    status = "TRUNCATED" if answer.truncated else "SUCCEEDED"
    return {
        "answer": answer.text,
        "output_s3": answer.output_s3,
        "status": status,
        "attempt": attempt,
    }


def _attempt(call: ModelCall, started: datetime, ended: datetime, memory_mb: int) -> dict[str, Any]:
    latency_ms = round((ended - started).total_seconds() * 1000)
    return {
        "provider": call.provider,
        "model": call.model,
        "max_tokens": call.max_tokens,
        "mode": call.mode,
        "started_at": iso(started),
        "ended_at": iso(ended),
        "latency_ms": latency_ms,
        "lambda_ms": latency_ms,
        "lambda_mb": memory_mb,
    }


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _without_quotation(detail: str, call: ModelCall) -> str:
    prompt = "\0".join([call.system or "", *(turn["content"] for turn in call.messages)])
    runs = (detail[at : at + _QUOTATION] for at in range(max(1, len(detail) - _QUOTATION + 1)))
    if any(len(run) == _QUOTATION and run in prompt for run in runs):
        return "(the provider's message quotes the prompt and is left out)"
    return detail[:_DETAIL_LENGTH]
