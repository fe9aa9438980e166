"""The decisions of the workflow ``rag``, one state each, and its retrievers: `asl/rag.asl.json`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import Row, settle
from cost_calculator.workflow_cost import embedding_sums, read_step
from router.aws.chunk_store import chunk_store
from router.aws.embedding_ledger import EmbeddingLedger
from router.aws.retrievers import Retrievers
from router.aws.workflow_store import workflow_store
from router.recording.workflow_run import run_row
from router.workflows.rag.asked import NAME, Question, parse
from router.workflows.rag.fusion import capped, fused
from router.workflows.rag.outcome import (
    NothingRetrieved,
    check_retrieved,
    outcome,
    retrieved,
    shown,
    transitions,
)
from router.workflows.rag.question import Reply, read, request_of, step_of
from router.workflows.rag.retrieval import Found, as_json
from router.workflows.run import NothingAnswered, answer_problem, child_failure

logger = Logger()
load_settings()
store = workflow_store()
rates = default_rates()
retrievers = Retrievers(
    json.loads(os.environ["RETRIEVERS"]), chunk_store(os.environ["CORPUS_BUCKET"])
)
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take ``{"step", …}``; return what the state that follows needs."""
    started = time.monotonic()
    if event["step"] == "failure":
        return child_failure(event["error"])
    asked = parse(event["input"], event["execution"]["name"])
    logger.set_correlation_id(asked.run.run_id)
    match event["step"]:
        case "prepare":
            store.begin_run(asked.run, event["execution"], memory_mb)
            result: dict[str, Any] = {"retrievers": retrievers.names}
        case "retrieve":
            return _retrieved(asked, event["retriever"], context.aws_request_id, started)
        case "merge":
            return _merged(asked, event, started)
        case _:
            return _answered(asked, event, started)
    return result | {"lambda_ms": [_since(started)]}


def _retrieved(asked: Question, name: str, invocation: str, started: float) -> dict[str, Any]:
    with EmbeddingLedger(store, asked.run, invocation) as ledger:
        chunks = retrievers.named(name, ledger.paid).retrieve(asked.text, asked.passages)
    found = as_json(name, chunks, len(retrievers.names))
    return found | {"lambda_ms": _since(started)}


def _merged(asked: Question, event: dict[str, Any], started: float) -> dict[str, Any]:
    """Return the question to a model, if there is any passage; raise if no retriever answered."""
    found = [Found.from_json(each) for each in event["found"]]
    passages = capped(fused(found), asked.context_tokens)
    merged = {
        "retrievers": retrieved(found),
        "passages": shown(passages),
        "asks": bool(passages),
        "step": step_of(asked, passages),
        "lambda_ms": [
            *event["lambda_ms"],
            *(each.get("lambda_ms", 0) for each in event["found"]),
            _since(started),
        ],
    }
    try:
        check_retrieved(found)
    except NothingRetrieved as error:
        _record(asked, event, merged, type(error).__name__, was_asked=False, failed=False)
        raise
    return {"merged": merged, "request": request_of(asked, passages) if passages else {}}


def _answered(asked: Question, event: dict[str, Any], started: float) -> dict[str, Any]:
    """Return the workflow's output, and write what its own states and functions cost."""
    merged, reported = event["merged"], event["reported"]
    merged["lambda_ms"].append(_since(started))
    reply, problem = None, None
    key = asked.run.step_key(merged["step"])
    rows = store.steps([key])[key] if merged["asks"] else {}
    if merged["asks"]:
        problem = answer_problem(rows, reported)
        if problem is None:
            reply, problem = _reply(rows, merged)
    failed = reported.get("status") == "FAILED"
    cause = NothingAnswered.__name__ if problem else None
    _record(asked, event, merged, cause, was_asked=merged["asks"], failed=failed)
    if problem:
        raise NothingAnswered(f"{problem['error']}: {problem['cause']}")
    priced = partial(settle, rates=rates, priced_at=iso(now()))
    sums = [embedding_sums(store.rows_of(asked.run.key), priced)]
    if rows:
        sums.append(read_step(key, rows, priced).sums)
    return outcome(asked, merged["retrievers"], merged["passages"], reply, sums)


def _reply(
    rows: Mapping[str, Row], merged: dict[str, Any]
) -> tuple[Reply | None, dict[str, str] | None]:
    text = store.text_of(rows)
    if text is None:
        return None, {"error": "TextExpired", "cause": "its text is gone"}
    reply = read(text, {each["id"] for each in merged["passages"]})
    if reply is None:
        return None, {"error": "InvalidAnswer", "cause": "it cites what it was not shown"}
    return reply, None


def _record(
    asked: Question,
    event: dict[str, Any],
    merged: dict[str, Any],
    cause: str | None,
    *,
    was_asked: bool,
    failed: bool,
) -> None:
    row = run_row(
        asked.run.key,
        NAME,
        event["execution"]["name"],
        status="FAILED" if cause else "SUCCEEDED",
        cause=cause,
        at=iso(now()),
        transitions=transitions(merged["retrievers"], was_asked, failed),
        lambda_ms=merged["lambda_ms"],
        lambda_mb=memory_mb,
    )
    store.end_run(row | {"retrievers": json.dumps(merged["retrievers"])})


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
