from __future__ import annotations

from datetime import timedelta

import pytest

from router import errors
from router.conversation.blocks import ToolCall
from router.invocation.attempt import Attempt, read_attempt
from router.invocation.call import Answer, ModelCall
from router.invocation.invoke import CallFailed, cleaned, invoke
from tests.support.factories import AT, HAIKU, asking

CALL = ModelCall("bedrock", HAIKU, asking("the launch code is 0042"), 9)


class Scripted:
    def __init__(self, does: Answer | Exception) -> None:
        self.does = does

    def complete(self, call: ModelCall) -> Answer:
        if isinstance(self.does, Exception):
            raise self.does
        return self.does


def run(does: Answer | Exception, memory_mb: int = 256) -> tuple[Answer, Attempt]:
    moments = iter([AT, AT + timedelta(milliseconds=812)])
    return invoke(CALL, Scripted(does), lambda: next(moments), memory_mb)


def attempt_of(error: errors.CallError) -> Attempt:
    with pytest.raises(CallFailed) as raised:
        run(error)
    assert raised.value.error is error
    return raised.value.attempt


def test_an_attempt_counts_the_calls_of_tools_in_its_answer() -> None:
    calls = (ToolCall("c1", "look", "{}"), ToolCall("c2", "look", "{}"))

    _, asked = run(Answer("", False, None, None, calls=calls))
    _, text = run(Answer("Paris", False, None, None))

    assert read_attempt(asked.to_json(), text).tool_calls == 2
    assert "tool_calls" not in text.to_json()


def test_an_answer_comes_with_its_attempt_and_the_usage_untouched() -> None:
    usage = {"inputTokens": 3, "outputTokens": 1, "somethingNew": {"a": 1}}

    answer, attempt = run(Answer("Paris", truncated=False, usage=usage, response_model="m"))

    assert (answer.text, answer.truncated) == ("Paris", False)
    assert attempt.to_json() == {
        "provider": "bedrock",
        "model": HAIKU,
        "max_tokens": 9,
        "mode": "standard",
        "response_model": "m",
        "outcome": "OK",
        "served": True,
        "retries": 0,
        "usage": usage,
        "latency_ms": 812,
        "lambda_ms": 812,
        "lambda_mb": 256,
        "started_at": "2026-11-21T10:00:00.000Z",
        "ended_at": "2026-11-21T10:00:00.812Z",
    }


def test_a_truncated_answer_says_so() -> None:
    answer, attempt = run(Answer("Par", truncated=True, usage=None, response_model=None))

    assert (answer.truncated, attempt.outcome) == (True, "TRUNCATED")
    assert "usage" not in attempt.to_json()


def test_where_no_lambda_waited_none_is_on_the_bill() -> None:
    _, attempt = run(Answer("Paris", False, None, None), memory_mb=0)

    assert (attempt.latency_ms, attempt.lambda_ms, attempt.lambda_mb) == (812, None, None)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (errors.Throttled, "THROTTLED"),
        (errors.Overloaded, "OVERLOADED"),
        (errors.Unreachable, "UNREACHABLE"),
        (errors.AccessDenied, "REJECTED"),
        (errors.ContextTooLong, "REJECTED"),
        (errors.ModelTimeout, "UNKNOWN"),
        (errors.ModelError, "UNKNOWN"),
        (errors.Refused, "REFUSED"),
        (errors.Filtered, "FILTERED"),
        (errors.Blocked, "BLOCKED"),
        (errors.BadResponse, "BAD_RESPONSE"),
    ],
)
def test_every_failure_is_an_attempt_with_its_outcome(
    kind: type[errors.CallError], outcome: str
) -> None:
    attempt = attempt_of(kind("why"))

    assert (attempt.outcome, attempt.cause) == (outcome, kind.__name__)
    assert (attempt.served, attempt.lambda_ms) == (False, 812)


def test_usage_survives_a_billed_call_without_an_answer() -> None:
    assert attempt_of(errors.Refused("no", usage={"inputTokens": 3})).usage == {"inputTokens": 3}


def test_an_attempt_counts_what_was_sent_beside_the_request() -> None:
    error = errors.ModelTimeout()
    error.input_bytes = 4321

    assert attempt_of(error).input_bytes == 4321


def test_why_a_call_failed_is_kept_for_the_caller_and_not_without_end() -> None:
    assert attempt_of(errors.AccessDenied("no access to the model")).detail == (
        "no access to the model"
    )
    assert attempt_of(errors.AccessDenied("x" * 9999)).detail == "x" * 300


def test_what_is_no_error_of_a_call_is_not_taken_for_one() -> None:
    with pytest.raises(KeyError):
        run(KeyError("a defect of ours"))


def test_a_text_that_no_store_takes_is_changed_and_says_so() -> None:
    given = Answer("a\0b\ud800c", True, {"inputTokens": 1}, "m", mode="flex")

    assert cleaned(given, "0") == Answer(
        "ab\ufffdc", True, {"inputTokens": 1}, "m", mode="flex", altered=True
    )
    assert cleaned(Answer("Paris", False, None, None), "0").altered is False
