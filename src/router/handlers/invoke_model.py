"""InvokeHaiku, InvokeSonnet, InvokeModel: one model call, and the rows of a run that it answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.aws.settings_item import load_settings
from cost_calculator.clock import now
from router.aws.answers_bucket import answer_store
from router.aws.input_bucket import stored_input
from router.conversation.events import Delta
from router.errors import AnswerNotRecorded, RequestClosed, StoreUnavailable
from router.invocation.answer_store import NotStored, offload_if_large
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, Done, ModelCall, StreamingProvider
from router.invocation.checked import complete_checked
from router.invocation.invoke import CallFailed, billed, invoke
from router.invocation.speak import Speaking, speak
from router.invocation.stored_input import with_input
from router.providers import provider
from router.providers.call_json import call_from_json
from router.routing.run_plan import Progress, RunPlan
from router.runner.run import Answered, finish_answered

logger = Logger()
load_settings()
# The SDK's own variable: only a deployment with a WebSocket API has a place to push to.
PUSHES = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI" in os.environ
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


class LazyProvider:
    """Finds the adapter inside the attempt, so that a missing one is recorded like any failure."""

    def complete(self, call: ModelCall) -> Answer:
        store = answer_store(os.environ["ANSWERS_BUCKET"])
        call = with_input(call, stored_input)
        answer = complete_checked(call, provider(call.provider), store)
        try:
            return offload_if_large(answer, call.request_id, store)
        except Exception as error:  # whatever it is: the call is on the bill
            raise billed(answer, error) from error


class LazyStream(LazyProvider):
    """Also gives the answer as it is written."""

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        found: StreamingProvider = provider(call.provider)
        yield from found.stream(with_input(call, stored_input))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Make the call in ``event`` and return the outcome of the run.

    A call without an answer for its caller raises its ``CallError``, with the attempt as JSON for
    its message: Step Functions keeps nothing else of an exception. If the rows of an answered call
    are not written, ``AnswerNotRecorded`` carries the same.

    ``plan: null`` is a trial call (``faregate doctor --paid``): no run, so no rows, and the
    attempt is returned.
    """
    plan = RunPlan.from_json(event["plan"]) if event["plan"] is not None else None
    progress = Progress.from_json(event["progress"]) if plan else None
    call = call_from_json(event["call"], progress.target if progress else None)
    logger.set_correlation_id(plan.request_id if plan else call.request_id)
    try:
        answer, attempt = _called(call, plan)
    except CallFailed as failed:
        logger.warning("no answer", model=call.model, cause=type(failed.error).__name__)
        raise type(failed.error)(json.dumps(failed.attempt.to_json())) from None
    if plan is None or progress is None:
        return {"attempt": attempt.to_json()}
    attempt = replace(attempt, retries=int(event["retries"]))
    outcome = _recorded(plan, progress, attempt, answer, event["execution"])
    logger.info("answered", model=call.model, status=outcome["status"])
    return outcome


def _called(call: ModelCall, plan: RunPlan | None) -> tuple[Answer, Attempt]:
    """Make the call; if a connection listens to its request, push what the model writes."""
    if plan and call.may_stream and PUSHES:
        from router.handlers.pushed_call import listened_to

        if to := listened_to(plan, logger):
            return to(_spoken(call))
    return invoke(call, LazyProvider(), now, memory_mb)


def _spoken(call: ModelCall) -> Speaking:
    store = answer_store(os.environ["ANSWERS_BUCKET"])
    keep = partial(offload_if_large, request_id=call.request_id, store=store)
    return speak(call, LazyStream(), keep, now, memory_mb)


def _recorded(
    plan: RunPlan, progress: Progress, attempt: Attempt, answer: Answer, execution: str
) -> dict[str, Any]:
    from router.aws.usage_table import usage_store

    ended = progress.with_attempts((*progress.attempts, attempt)).after(1 + attempt.retries)
    given = Answered.by(answer)
    closing, outcome = finish_answered(plan, ended, given, execution, attempt.ended_at)
    try:
        if usage_store().record(closing):
            return outcome
    except StoreUnavailable as error:
        logger.warning("not recorded", reason=str(error))
        kept = replace(
            attempt,
            served=False,
            cause=AnswerNotRecorded.__name__,
            draft_s3=_kept(plan, answer),
        )
        raise AnswerNotRecorded(json.dumps(kept.to_json())) from None
    raise RequestClosed(f"request {plan.request_id} was closed while its model answered")


def _kept(plan: RunPlan, answer: Answer) -> str | None:
    """Return where the answer is until its rows are written; ``None`` if S3 fails as well."""
    if answer.output_s3 is not None:
        return answer.output_s3
    try:
        return answer_store(os.environ["ANSWERS_BUCKET"]).put(plan.key, answer.said)
    except NotStored:
        return None
