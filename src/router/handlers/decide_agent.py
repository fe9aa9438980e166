"""The decisions of the workflow ``agent``: `asl/agent.asl.json`."""

from __future__ import annotations

import json
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
from router.errors import InvalidRequest
from router.recording.workflow_run import run_row
from router.workflows.agent.asked import NAME, Agent, parse
from router.workflows.agent.decide import Decision, Failure, decide
from router.workflows.agent.outcome import draft_address, failed, outcome
from router.workflows.agent.progress import Progress, tool_result
from router.workflows.agent.steps import Steps
from router.workflows.run import child_failure

logger = Logger()
load_settings()
store = workflow_store()
rates = default_rates()
tools = json.loads(os.environ["AGENT_TOOLS"])
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take ``{"step", …}``; return what the state that follows needs."""
    started = time.monotonic()
    if event["step"] == "failure":
        return {**child_failure(event["error"]), "lambda_ms": _since(started)}
    if event["step"] == "result":
        return {**tool_result(event["result"]), "lambda_ms": _since(started)}
    try:
        asked = parse(event["input"], event["execution"]["name"], tools)
    except InvalidRequest as error:
        return _ended("FAILED", failure=failed(Failure("InvalidRequest", str(error)), None, None))
    logger.set_correlation_id(asked.run.run_id)
    if not event["progress"]:
        store.begin_run(asked.run, event["execution"], memory_mb)
    progress = Progress.from_json(event["progress"]).after(event["results"])
    steps = Steps(asked.run, progress, store.rows_of, store.text_of)
    decision = decide(asked, steps, progress)
    if decision.answer is None and decision.failure is None:
        following = decision.progress.spent(_since(started))
        return {
            "stage": decision.stage,
            "work": list(decision.work),
            "progress": following.to_json(),
            "failure": None,
            "output": None,
        }
    return _closed(asked, decision, steps, event["execution"]["name"], started)


def _closed(
    asked: Agent, decision: Decision, steps: Steps, execution: str, started: float
) -> dict[str, Any]:
    """Return how the run ends, and write what its own states and functions cost."""
    at = iso(now())
    shown: dict[str, Any]
    if decision.answer is not None:
        price = partial(settle, rates=rates, priced_at=at)
        shown = {"output": outcome(asked, decision, decision.answer, steps, price)}
    else:
        assert decision.failure is not None
        shown = {"failure": _failure(decision.failure, steps)}
    progress = decision.progress.spent(_since(started))
    store.end_run(
        run_row(
            asked.run.key,
            NAME,
            execution,
            status="FAILED" if decision.failure else "SUCCEEDED",
            at=at,
            # This decision, the choice after it, and the state that ends the run.
            transitions=progress.transitions + 3,
            lambda_ms=progress.lambda_ms,
            lambda_mb=memory_mb,
            cause=decision.failure.error if decision.failure else None,
        )
    )
    return _ended(decision.stage, **shown)


def _failure(failure: Failure, steps: Steps) -> dict[str, str]:
    rows = steps.rows_of(failure.draft_of) if failure.draft_of else {}
    address = draft_address(rows)
    return failed(failure, store.text_at(address) if address else None, address)


def _ended(stage: str, **shown: Any) -> dict[str, Any]:
    return {"stage": stage, "work": [], "progress": {}, "failure": None, "output": None, **shown}


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
