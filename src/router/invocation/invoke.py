"""Makes one model call and turns whatever happens into an attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cost_calculator.clock import iso
from router.conversation.loop import tagged
from router.errors import BadResponse, CallError, NoAnswer
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, ModelCall, Provider
from router.invocation.stops import ended_at

_DETAIL_LENGTH = 300


class Called(Protocol):
    """What an attempt repeats of the call that was made."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def mode(self) -> str: ...


class CallFailed(Exception):
    """A call without an answer for its caller: the ``error``, and the ``attempt`` it leaves."""

    def __init__(self, error: CallError, attempt: Attempt) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.attempt = attempt


def invoke(
    call: ModelCall, provider: Provider, clock: Callable[[], datetime], memory_mb: int
) -> tuple[Answer, Attempt]:
    """Return the answer and the attempt of one call; raise ``CallFailed``."""
    started = clock()
    try:
        answer = provider.complete(call)
    except CallError as error:
        raise CallFailed(error, failed_attempt(call, error, started, clock(), memory_mb)) from error
    return answer, attempt_of(call, answer, started, clock(), memory_mb)


def attempt_of(
    call: Called, answer: Answer, started: datetime, ended: datetime, memory_mb: int
) -> Attempt:
    """Return the attempt of a call that was answered. ``memory_mb`` is 0 if no Lambda waited."""
    milliseconds = _milliseconds(started, ended)
    return Attempt(
        provider=call.provider,
        model=call.model,
        outcome="TRUNCATED" if answer.truncated else "OK",
        started_at=iso(started),
        ended_at=iso(ended),
        max_tokens=call.max_tokens,
        mode=answer.mode or call.mode,
        served=True,
        usage=answer.usage,
        response_model=answer.response_model,
        guardrail_units=answer.guardrail_units,
        altered=answer.altered,
        tool_calls=len(answer.calls) or None,
        latency_ms=milliseconds,
        lambda_ms=milliseconds if memory_mb else None,
        lambda_mb=memory_mb or None,
    )


def complete_safely(call: ModelCall, provider: Provider) -> Answer:
    """Return a provider's answer with a text that every store takes.

    From here on the call is on the bill: what goes wrong with it afterwards must carry its usage.
    """
    answer = cleaned(provider.complete(call), call.tag)
    return ended_at(answer, call.own_stops) if call.own_stops else answer


def cleaned(answer: Answer, tag: str) -> Answer:
    """Return an answer in characters that every store takes, its tool calls with the model's tag.

    ``tag`` is that of the model: see ``router.conversation.loop``.
    """
    said = answer.said.cleaned
    if said != answer.said:
        answer = answer.saying(said, altered=True)
    return replace(answer, calls=tagged(answer.calls, tag)) if answer.calls else answer


def billed(answer: Answer, error: Exception) -> CallError:
    """Return the error for what went wrong with an answer that is on the bill."""
    if isinstance(error, NoAnswer):
        return error
    return BadResponse(f"the answer could not be used: {type(error).__name__}", **answer.facts)


def failed_attempt(
    call: Called, error: CallError, started: datetime, ended: datetime, memory_mb: int = 0
) -> Attempt:
    """Return the attempt of a call that gave its caller no answer."""
    milliseconds = _milliseconds(started, ended)
    return Attempt(
        provider=call.provider,
        model=call.model,
        outcome=error.outcome,
        started_at=iso(started),
        ended_at=iso(ended),
        max_tokens=call.max_tokens,
        mode=error.mode or call.mode,
        cause=type(error).__name__,
        detail=error.detail[:_DETAIL_LENGTH],
        usage=error.usage,
        response_model=error.response_model,
        latency_ms=milliseconds,
        lambda_ms=milliseconds if memory_mb else None,
        lambda_mb=memory_mb or None,
        draft_s3=error.draft_s3,
        guardrail_units=error.guardrail_units,
        altered=error.altered,
        input_bytes=error.input_bytes,
    )


def _milliseconds(started: datetime, ended: datetime) -> int:
    return max(0, round((ended - started).total_seconds() * 1000))
