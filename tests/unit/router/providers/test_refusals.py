"""Each provider's own words for a refusal, read the same whichever way the call was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from router import errors
from router.errors import (
    AccessDenied,
    CallError,
    ContextTooLong,
    Filtered,
    InvalidModelRequest,
    ModelError,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    Throttled,
)
from router.invocation.invoke import CallFailed, invoke
from router.providers.http_task import error_of_task
from router.recovery.history import attempts_in
from router.routing.run_plan import Target
from router.runner.run import Failure, attempt_of_failure
from tests.unit.router.providers.test_statuses import call, keys, sdk

__all__ = ["keys"]  # the SDKs' keys, for every test here

T = datetime(2026, 11, 30, tzinfo=UTC)
INVALID = "invalid_request_error"

# (provider, status, code or type, message, cause)
REFUSALS = [
    ("openai", 400, "context_length_exceeded", "", ContextTooLong),
    ("openai", 400, "string_above_max_length", "", ContextTooLong),
    ("openai", 400, "BadRequestError", "This model's maximum context length is 8192 tokens, and"
     " 9000 were sent.", ContextTooLong),
    ("openai", 413, "", "Payload too large", ContextTooLong),
    ("openai", 429, "insufficient_quota", "", QuotaExhausted),
    ("openai", 429, "", "You exceeded your current quota, check your plan.", QuotaExhausted),
    ("openai", 400, "billing_hard_limit_reached", "", QuotaExhausted),
    ("openai", 429, "rate_limit_exceeded", "Rate limit reached on tokens per day (TPD): Limit 9.",
     QuotaExhausted),
    ("openai", 429, "rate_limit_exceeded", "Request too large for m on tokens per min: Limit 9.",
     QuotaExhausted),
    ("openai", 429, "rate_limit_exceeded", "Rate limit reached on tokens per min (TPM): Limit 9.",
     Throttled),
    ("openai", 402, "", "", AccessDenied),
    ("openai", 429, "billing_not_active", "", AccessDenied),
    ("openai", 401, "account_deactivated", "", AccessDenied),
    ("openai", 400, "invalid_prompt", "", Filtered),
    ("openai", 400, "content_filter", "", Filtered),
    ("openai", 403, "", "The input was flagged as potentially violating a policy.", Filtered),
    ("openai", 404, "model_not_found", "", ModelNotFound),
    ("openai", 400, "model_decommissioned", "", ModelNotFound),
    ("openai", 400, INVALID, "The model `m` has been deprecated.", ModelNotFound),
    ("openai", 400, "invalid_value", "max_completion_tokens is too large", InvalidModelRequest),
    ("anthropic", 400, INVALID, "prompt is too long: 300000 tokens", ContextTooLong),
    ("anthropic", 400, INVALID, "input length and `max_tokens` exceed context limit: 9 + 9 > 9",
     ContextTooLong),
    ("anthropic", 413, "request_too_large", "", ContextTooLong),
    ("anthropic", 400, INVALID, "Your credit balance is too low.", AccessDenied),
    ("anthropic", 402, "billing_error", "", AccessDenied),
    ("anthropic", 400, INVALID, "You have reached your specified API usage limits until May.",
     QuotaExhausted),
    ("anthropic", 429, "rate_limit_error", "Tokens exceeded your daily rate limit.",
     QuotaExhausted),
    ("anthropic", 429, "rate_limit_error", "Over the rate limit of 9 tokens per minute.",
     Throttled),
    ("anthropic", 400, INVALID, "Output blocked by content filtering policy", Filtered),
    ("anthropic", 404, "not_found_error", "model: m", ModelNotFound),
    ("anthropic", 400, INVALID, "system: text content is too long", InvalidModelRequest),
    ("anthropic", 529, "overloaded_error", "Overloaded", Overloaded),
    ("bedrock", 400, "ValidationException", "Input is too long for requested model.",
     ContextTooLong),
    ("bedrock", 400, "ValidationException", "input length and `max_tokens` exceed context limit",
     ContextTooLong),
    ("bedrock", 400, "ValidationException", "Too many input tokens. Max input tokens: 9",
     ContextTooLong),
    ("bedrock", 413, "RequestEntityTooLarge", "", ContextTooLong),
    ("bedrock", 400, "ServiceQuotaExceededException", "", QuotaExhausted),
    ("bedrock", 429, "ThrottlingException", "Too many tokens per day, wait.", QuotaExhausted),
    ("bedrock", 429, "ThrottlingException", "Too many tokens, wait.", Throttled),
    ("bedrock", 400, "ValidationException", "Operation not allowed", AccessDenied),
    ("bedrock", 400, "ValidationException", "The provided model identifier is invalid.",
     ModelNotFound),
    ("bedrock", 400, "ValidationException",
     "Invocation of model ID m with on-demand throughput isn\u2019t supported.", ModelNotFound),
    ("bedrock", 404, "ResourceNotFoundException", "This model version reached the end of its life",
     ModelNotFound),
    ("bedrock", 403, "AccessDeniedException", "This Model is marked by provider as Legacy",
     ModelNotFound),
    ("bedrock", 400, "ValidationException", "Output blocked by content filtering policy",
     Filtered),
    # What may be on the bill stays so, whatever its message holds.
    ("bedrock", 424, "ModelErrorException", "Output blocked by content filtering policy",
     ModelError),
    ("openai", 500, "invalid_prompt", "", ModelError),
    ("anthropic", 503, "", "prompt is too long", Overloaded),
]  # fmt: skip
OF_OPENAI = [given[1:] for given in REFUSALS if given[0] == "openai"]


@pytest.mark.parametrize(("provider", "status", "code", "message", "cause"), REFUSALS)
def test_an_sdk_reads_each_providers_words(
    provider: str, status: int, code: str, message: str, cause: type[CallError]
) -> None:
    with pytest.raises(CallError) as raised:
        sdk(provider, status, code, message).complete(call(provider))

    assert type(raised.value) is cause
    assert message == "" or message not in raised.value.detail


def body(code: str, message: str) -> str:
    error = {"error": {"code": code, "type": None, "message": message}}
    return json.dumps({"StatusCode": 0, "ResponseBody": error})


@pytest.mark.parametrize(("status", "code", "message", "cause"), OF_OPENAI)
def test_the_http_task_and_a_history_read_the_same_words(
    status: int, code: str, message: str, cause: type[CallError]
) -> None:
    name, why = f"States.Http.StatusCode.{status}", body(code, message)
    target = Target("openai", "m", 9)
    state = {"name": "InvokeOpenAI"}
    history = [
        {"type": "TaskStateEntered", "timestamp": T, "stateEnteredEventDetails": state},
        {"type": "TaskScheduled", "timestamp": T, "taskScheduledEventDetails": {}},
        {"type": "TaskFailed", "timestamp": T,
         "taskFailedEventDetails": {"error": name, "cause": why}},
    ]  # fmt: skip
    at = T.isoformat()

    known = error_of_task(name, why)
    [recovered] = attempts_in(history, target, at)
    planned = attempt_of_failure(Failure("InvokeOpenAI", name, why, at, 0), target, at)

    assert type(known) is cause
    assert (recovered.cause, recovered.outcome) == (cause.__name__, cause.outcome)
    assert (planned.cause, planned.usage) == (recovered.cause, recovered.usage)


@pytest.mark.parametrize(
    "words",
    [
        '{"ResponseBody": "{\\"error\\": {\\"code\\": \\"insufficient_quota\\", \\"mess',
        '{"error": {"message": "…", "code": "insufficient_quota"',
    ],
)
def test_the_code_survives_a_cause_that_aws_cut_off(words: str) -> None:
    assert isinstance(error_of_task("States.Http.StatusCode.429", words), QuotaExhausted)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "bedrock"])
def test_a_prompt_that_a_filter_rejected_is_known_to_cost_nothing(provider: str) -> None:
    given = next(it for it in REFUSALS if it[0] == provider and it[4] is Filtered)

    with pytest.raises(CallFailed) as raised:
        invoke(call(provider), sdk(provider, *given[1:4]), lambda: T, memory_mb=0)

    assert raised.value.attempt.usage
    assert not any(raised.value.attempt.usage.values())


def test_a_quota_is_not_a_rate_so_nobody_sends_the_call_again() -> None:
    assert not issubclass(QuotaExhausted, errors.NotBilled)
    assert QuotaExhausted.outcome == "REJECTED"
