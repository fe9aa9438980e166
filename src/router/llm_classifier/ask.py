"""Asks an LLM for its opinion. Whatever goes wrong, the heuristic has an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from router.errors import BadResponse, ModelError
from router.invocation.attempt import UNKNOWN, Attempt
from router.invocation.call import ModelCall, Provider
from router.invocation.invoke import CallFailed, failed_attempt, invoke
from router.llm_classifier.question import Opinion, parse_reply


def ask(
    question: ModelCall, llm: Callable[[], Provider], clock: Callable[[], datetime]
) -> tuple[Opinion, Attempt]:
    """Make the call; return the opinion, and the attempt that it leaves on the bill."""
    started = clock()
    try:
        answer, attempt = invoke(question, llm(), clock, memory_mb=0)
    except CallFailed as failed:
        return Opinion(None, failed.attempt.cause or UNKNOWN), failed.attempt
    except Exception as error:  # a request must not fail for want of an opinion
        broken = failed_attempt(question, ModelError(), started, clock())
        cause = type(error).__name__
        return Opinion(None, cause), replace(broken, cause=cause)
    verdict = parse_reply(answer.text)
    if verdict is None:
        cause = BadResponse.__name__
        return Opinion(None, cause), replace(attempt, outcome=BadResponse.outcome, cause=cause)
    return Opinion(verdict), attempt
