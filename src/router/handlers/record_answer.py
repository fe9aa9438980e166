"""RecordAnswer: writes the end of a run that the HTTP Task, or a kept answer, has answered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from router.aws.answers_bucket import answer_store
from router.aws.usage_table import usage_store
from router.conversation.loop import tag_of
from router.conversation.said import Said
from router.encoding import fits_a_state
from router.errors import CallError, RequestClosed
from router.invocation.answer_store import offload_if_large
from router.invocation.call import Answer
from router.invocation.invoke import attempt_of, billed, cleaned, failed_attempt
from router.providers.openai_chat import read_completion
from router.recording.record import Decision
from router.routing.run_plan import Progress, RunPlan, Target
from router.runner.run import Answered, finish_answered

logger = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Write the end of an answered run and answer with its outcome.

    ``event["http"]`` is what the HTTP Task got: a body without an answer raises its ``CallError``,
    with the attempt as JSON for its message. Else ``event["answer"]`` is one that is to be written.
    """
    plan, progress = RunPlan.from_json(event["plan"]), Progress.from_json(event["progress"])
    logger.set_correlation_id(plan.request_id)
    if event["answer"] is None:
        progress, answered = _read(plan, progress, event["http"], event["at"])
        at, decision = progress.attempts[-1].ended_at, None
    else:
        answered, decision = _kept(event["answer"])
        at = event["at"] if decision else progress.attempts[-1].ended_at
    # Runs that began before the definition had it do not name their retries.
    progress = progress.after(1 + int(event.get("retries", 0)))
    closing, outcome = finish_answered(plan, progress, answered, event["execution"], at, decision)
    if not usage_store().record(closing):
        raise RequestClosed(f"request {plan.request_id} was closed while its model answered")
    logger.info("recorded", model=outcome["model"], status=outcome["status"])
    return outcome


def _read(
    plan: RunPlan, progress: Progress, http: Mapping[str, Any], at: str
) -> tuple[Progress, Answered]:
    target, retries = plan.targets[0], progress.sent + int(http["retries"])
    started = datetime.fromisoformat(progress.since or http["started_at"])
    ended = datetime.fromisoformat(at)
    try:
        answer = _carried(plan, _answer(http["body"], target))
    except CallError as error:
        logger.warning("no answer", model=target.model, cause=type(error).__name__)
        attempt = replace(failed_attempt(target, error, started, ended), retries=retries)
        raise type(error)(json.dumps(attempt.to_json())) from None
    attempt = replace(attempt_of(target, answer, started, ended, memory_mb=0), retries=retries)
    given = Answered.by(answer)
    entered = 1 + int(http["retries"])
    return progress.with_attempts((*progress.attempts, attempt)).after(entered), given


def _answer(body: Any, target: Target) -> Answer:
    return cleaned(read_completion(body, target.mode), tag_of(target.provider, target.model))


def _carried(plan: RunPlan, answer: Answer) -> Answer:
    try:
        return offload_if_large(answer, plan.key, answer_store(os.environ["ANSWERS_BUCKET"]))
    except Exception as error:  # whatever it is: the call is on the bill
        raise billed(answer, error) from error


def _kept(given: Mapping[str, Any]) -> tuple[Answered, Decision | None]:
    """Return a stored answer, as text if a state can carry it, and its review."""
    decision = Decision(**given["review"]) if given["review"] else None
    said, address = Said(given["output"]), given["output_s3"]
    if address is not None:
        found = answer_store(os.environ["ANSWERS_BUCKET"]).get(address)
        if found is not None and fits_a_state(found):
            said, address = Said.from_object(address, found), None
    return Answered(said, address, given["truncated"], given["altered"]), decision
