"""The decisions of the workflow ``variants``, one state each: `asl/variants.asl.json`."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from router.aws.workflow_store import workflow_store
from router.recording.workflow_run import run_row
from router.workflows.run import NothingAnswered, child_failure
from router.workflows.variants.answers import Answers, answers, replies
from router.workflows.variants.asked import NAME, Variants, parse
from router.workflows.variants.outcome import (
    Judging,
    judge_requests,
    judge_steps,
    judged,
    outcome,
    scored,
    transitions,
)

logger = Logger()
load_settings()
store = workflow_store()
rates = default_rates()
input_bytes = int(os.environ["INPUT_BYTES_LIMIT"])
has_scorer = os.environ.get("SCORER") == "true"
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take ``{"step", …}``; return what the state that follows needs."""
    started = time.monotonic()
    if event["step"] == "failure":
        return child_failure(event["error"])
    asked = parse(event["input"], event["execution"]["name"])
    logger.set_correlation_id(asked.run.run_id)
    if event["step"] == "prepare":
        store.begin_run(asked.run, event["execution"], memory_mb)
        return {"requests": asked.requests(), "lambda_ms": [_since(started)]}
    found = answers(asked, store.steps(asked.keys()), event["results"], store.text_of)
    if event["step"] == "judge":
        requests = [] if has_scorer else judge_requests(asked, found, input_bytes)
        return {"requests": requests, "lambda_ms": [*event["lambda_ms"], _since(started)]}
    return _ranked(asked, found, event, started)


def _ranked(
    asked: Variants, found: Answers, event: dict[str, Any], started: float
) -> dict[str, Any]:
    """Return the workflow's output, and write what its own states and functions cost."""
    keys = [] if has_scorer else [asked.run.step_key(step) for step in judge_steps(asked, found)]
    rows = store.steps([*asked.keys(), *keys])
    if has_scorer:
        judging = Judging(scored(found, event["results"]))
    else:
        replied = replies(keys, rows, event["judgements"], store.text_of)
        judging = Judging(judged(asked, found, replied.texts), replied.failed, keys)
    at = iso(now())
    failure: NothingAnswered | None = None
    shown: dict[str, Any] = {}
    try:
        shown = outcome(asked, found, judging, rows, partial(settle, rates=rates, priced_at=at))
    except NothingAnswered as error:
        failure = error
    store.end_run(
        run_row(
            asked.run.key,
            NAME,
            event["execution"]["name"],
            status="FAILED" if failure else "SUCCEEDED",
            at=at,
            transitions=transitions(event["results"], event["judgements"]),
            lambda_ms=[*event["lambda_ms"], _since(started)],
            lambda_mb=memory_mb,
            cause=type(failure).__name__ if failure else None,
        )
    )
    if failure:
        raise failure
    return shown


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
