"""InvokeHaiku, InvokeSonnet, InvokeThroughSdk, InvokeFallback: one model call."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger

from cost_calculator.clock import now
from router.aws.answers_bucket import answer_store
from router.errors import CallError
from router.invocation.answer_store import offload_if_large
from router.invocation.call import Answer, ModelCall
from router.invocation.checked import complete_checked
from router.invocation.invoke import invoke
from router.providers import provider

logger = Logger()
memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))


class LazyProvider:
    """Finds the adapter inside the attempt, so that a missing one is recorded like any failure."""

    def complete(self, call: ModelCall) -> Answer:
        store = answer_store(os.environ["ANSWERS_BUCKET"])
        answer = complete_checked(call, provider(call.provider), store)
        return offload_if_large(answer, call.request_id, store)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Make the call in ``event`` and answer with text, status and attempt; see ``invoke``."""
    call = ModelCall.from_event(event)
    logger.set_correlation_id(call.request_id)
    try:
        reply = invoke(call, LazyProvider(), now, memory_mb)
    except CallError as error:
        logger.warning("no answer", model=call.model, cause=type(error).__name__)
        raise
    logger.info("answered", model=call.model, status=reply["status"])
    return reply
