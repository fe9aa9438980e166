"""PlanNextStep: what follows a call that did not answer its caller, or a review that has ended."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.contributions import ANSWERED
from router.aws.usage_table import usage_store
from router.encoding import mapping_of
from router.errors import AnswerNotRecorded, RequestClosed
from router.invocation.attempt import UNKNOWN
from router.recording.known_outcome import known_outcome
from router.recording.record import Decision
from router.routing.next_step import AskHuman, Call
from router.routing.run_plan import Progress, RunPlan
from router.runner.review import reviewed
from router.runner.run import (
    BEFORE_A_CALL,
    Answered,
    Failure,
    call_to_send_again,
    error_of,
    failed_call,
    finish_failed,
    next_of,
    notice_of,
)

logger = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer with ``step``: INVOKE, AGAIN, RECORD, REVIEW, KNOWN or FAIL, and what that step needs.

    A failed run is recorded here, before anybody is notified.
    """
    plan, progress = RunPlan.from_json(event["plan"]), Progress.from_json(event["progress"])
    # Runs that began before the definition had it do not name their retries.
    progress = progress.after(int(event.get("retries", 0)))
    logger.set_correlation_id(plan.request_id)
    if event["review"] is not None:
        found = reviewed(plan, progress, mapping_of(event["review"]["told"]))
        if found.answer is not None:
            answer = _to_record(found.answer, found.decision)
            return _step("RECORD", plan, found.progress, answer=answer)
        return _failed(plan, found.progress, event, found.decision)
    failure = Failure.from_json(event["failure"])
    if failure.error == RequestClosed.__name__:
        raise RequestClosed(failure.cause)
    if (again := call_to_send_again(progress, failure)) is not None:
        # Whole seconds: those of a Wait state. Many wait at a time, so they do not come at once.
        seconds = random.randint(1, BEFORE_A_CALL[again.sent - 1])
        return _step("AGAIN", plan, again, wait=seconds)
    progress = failed_call(plan, progress, failure, event["at"])
    return _after_call(plan, progress, event)


def _after_call(plan: RunPlan, progress: Progress, event: dict[str, Any]) -> dict[str, Any]:
    if (kept := _answer_kept(progress)) is not None:
        served = replace(progress.attempts[-1], cause=None, draft_s3=None, served=True)
        progress = progress.with_attempts((*progress.attempts[:-1], served))
        return _step("RECORD", plan, progress, answer=_to_record(kept, None))
    if (outcome := _recorded_before_it_died(plan, progress, event["execution"])) is not None:
        return _step("KNOWN", plan, progress, outcome=outcome)
    match next_of(plan, progress):
        case Call(target):
            return _step("INVOKE", plan, replace(progress, target=target))
        case AskHuman():
            return _step("REVIEW", plan, progress)
    return _failed(plan, progress, event, None)


def _recorded_before_it_died(
    plan: RunPlan, progress: Progress, execution: str
) -> dict[str, Any] | None:
    """Return the outcome of a run whose function died after it had recorded the end.

    Of its call nothing was reported; asking another model would be paid for and thrown away.
    """
    if progress.attempts[-1].outcome != UNKNOWN:
        return None
    rows = usage_store().rows_of(plan.key)
    request = rows.get("REQUEST", {})
    is_ours = request.get("execution_arn") == execution
    return known_outcome(rows) if is_ours and request.get("status") in ANSWERED else None


def _answer_kept(progress: Progress) -> Answered | None:
    """Return the answer of a call whose rows were not written, if it was kept."""
    last = progress.attempts[-1]
    if last.cause != AnswerNotRecorded.__name__ or last.draft_s3 is None:
        return None
    truncated = last.outcome == "TRUNCATED"
    return Answered(output_s3=last.draft_s3, truncated=truncated, altered=last.altered)


def _to_record(answer: Answered, decision: Decision | None) -> dict[str, Any]:
    return {
        "output": answer.said.text,
        "altered": answer.altered,
        "output_s3": answer.output_s3,
        "truncated": answer.truncated,
        "review": asdict(decision) if decision else None,
    }


def _failed(
    plan: RunPlan, progress: Progress, event: dict[str, Any], decision: Decision | None
) -> dict[str, Any]:
    closing = finish_failed(plan, progress, event["execution"], event["at"], decision)
    if not usage_store().record(closing):
        raise RequestClosed(f"request {plan.request_id} was closed while it was tried")
    logger.warning("failed", cause=progress.attempts[-1].cause)
    return _step("FAIL", plan, progress)


def _step(
    step: str,
    plan: RunPlan,
    progress: Progress,
    *,
    answer: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
    wait: int = 0,
) -> dict[str, Any]:
    return {
        "step": step,
        "wait": wait,
        "progress": progress.to_json(),
        "answer": answer,
        "outcome": outcome,
        # Nothing has failed for good while a call is sent again.
        "notice": notice_of(plan, progress) if progress.attempts else None,
        "error": error_of(plan, progress) if progress.attempts else None,
    }
