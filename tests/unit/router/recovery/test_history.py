"""Attempts and transitions out of a run's history, whatever shape its events have."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.invocation.attempt import OUTCOMES, Attempt
from router.recovery.history import attempts_in, transitions_in
from router.routing.run_plan import Target
from tests.support.factories import AT, HAIKU, SONNET
from tests.support.runs import DRAFT, USAGE, attempt
from tests.support.strategies import JSON, shaped
from tests.unit.router.recovery.test_close import called, entered, failed, scheduled, succeeded

PLANNED = Target("bedrock", HAIKU, 2048, service_tier="flex")
LUNA = Target("openai", "gpt-6-luna", 2048)
ENDED = "2026-11-21T10:05:00.000Z"
TIMED_OUT = {"type": "TaskTimedOut", "timestamp": AT}
REDRIVEN = {"type": "ExecutionRedriven", "timestamp": AT}
CHAT = {
    "choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3},
}


def outcomes(*events: Any, planned: Target = PLANNED) -> list[tuple[str, str | None, int]]:
    return [(a.outcome, a.cause, a.retries) for a in attempts_in(events, planned, ENDED)]


def in_error(said: Attempt) -> str:
    return json.dumps({"errorMessage": json.dumps(said.to_json())})


def answered(*attempts: Attempt) -> dict[str, Any]:
    said = [made.to_json() for made in attempts]
    return succeeded({"Payload": {"status": "SUCCEEDED", "output": "secret", "attempts": said}})


# The history of each state of the workflow that a run may die in, or after.
@pytest.mark.parametrize(
    ("events", "attempts"),
    [
        # Before any call.
        ([entered("AnalyzeComplexity"), scheduled()], []),
        ([entered("AnalyzeComplexity"), scheduled(), succeeded({}), entered("RouteByComplexity")],
         []),
        ([entered("InvokeHaiku")], []),
        # In a call: it may be on the bill.
        ([entered("InvokeHaiku"), scheduled()], [("UNKNOWN", "NoReport", 0)]),
        ([entered("InvokeSonnet"), scheduled(), TIMED_OUT], [("UNKNOWN", "NoReport", 0)]),
        ([entered("InvokeModel"), scheduled(), failed("Throttled"), scheduled()],
         [("UNKNOWN", "NoReport", 1)]),
        ([entered("InvokeOpenAI"), scheduled(RequestBody={"model": "x"})],
         [("UNKNOWN", "NoReport", 0)]),
        # After it.
        ([entered("InvokeHaiku"), scheduled(), answered(attempt())], [("OK", None, 0)]),
        ([entered("InvokeHaiku"), scheduled(), failed("KeyError", "{}")],
         [("UNKNOWN", "KeyError", 0)]),
        ([entered("InvokeHaiku"), scheduled(), failed("Lambda.TooManyRequestsException")],
         [("THROTTLED", "Lambda.TooManyRequestsException", 0)]),
        ([entered("InvokeHaiku"), scheduled(),
          failed("Refused", in_error(attempt("REFUSED", "Refused")))], [("REFUSED", "Refused", 0)]),
        ([entered("InvokeOpenAI"), scheduled(), succeeded({"ResponseBody": CHAT})],
         [("OK", None, 0)]),
        ([entered("InvokeOpenAI"), scheduled(), succeeded({"ResponseBody": "<html>"})],
         [("BAD_RESPONSE", "BadResponse", 0)]),
        ([entered("InvokeOpenAI"), scheduled(), failed("States.Http.StatusCode.503"), scheduled(),
          failed("States.Http.StatusCode.402", "{}")], [("REJECTED", "AccessDenied", 1)]),
        # Sent again by the workflow's states: one attempt.
        ([entered("InvokeOpenAI"), scheduled(), failed("States.Http.StatusCode.429", "{}"),
          entered("PlanNextStep"), scheduled(), succeeded({}), entered("NextStep"),
          entered("AskAgainLater"), entered("InvokeOpenAI"), scheduled(),
          failed("States.Http.StatusCode.503", "{}"), scheduled()],
         [("UNKNOWN", "NoReport", 2)]),
        ([entered("InvokeOpenAI"), scheduled(), failed("States.Http.StatusCode.429", "{}"),
          entered("PlanNextStep"), scheduled(), succeeded({}), entered("NextStep"),
          entered("AskAgainLater")], [("THROTTLED", "Throttled", 0)]),
        ([entered("InvokeOpenAI"), scheduled(), failed("States.Http.Socket")],
         [("UNKNOWN", "States.Http.Socket", 0)]),
        # An answer that AWS cannot carry on: the call is there, and nobody can catch it.
        ([entered("InvokeOpenAI"), scheduled(), failed("States.Runtime", "octet-stream")],
         [("UNKNOWN", "States.Runtime", 0)]),
        # The call answered, and its rows were not written.
        ([entered("InvokeHaiku"), scheduled(),
          failed("AnswerNotRecorded", in_error(attempt("OK", "AnswerNotRecorded")))],
         [("OK", "AnswerNotRecorded", 0)]),
        # What follows a call makes none.
        ([entered("InvokeOpenAI"), scheduled(), succeeded({"ResponseBody": CHAT}),
          entered("RecordAnswer"), scheduled(), failed("StoreUnavailable"), scheduled(),
          TIMED_OUT], [("OK", None, 0)]),
        ([entered("InvokeHaiku"), scheduled(),
          failed("ModelError", in_error(attempt("UNKNOWN", "ModelError"))),
          entered("PlanNextStep"), scheduled(), failed("StoreUnavailable"),
          entered("NextStep")], [("UNKNOWN", "ModelError", 0)]),
        ([entered("InvokeHaiku"), scheduled(),
          failed("ReviewRequired", in_error(attempt("OK", "ReviewRequired", draft_s3=DRAFT))),
          entered("PlanNextStep"), scheduled(), succeeded({}), entered("NextStep"),
          entered("NotifyReviewers"), scheduled(), succeeded({}), entered("AwaitReview"),
          scheduled(), {"type": "TaskSubmitted", "timestamp": AT}], [("OK", "ReviewRequired", 0)]),
        ([entered("InvokeHaiku"), scheduled(), failed("Blocked"), entered("PlanNextStep"),
          scheduled(), succeeded({}), entered("NextStep"), entered("NotifyFailure"), scheduled(),
          failed("SNS.InternalErrorException"), entered("RequestFailed")],
         [("UNKNOWN", "Blocked", 0)]),
        ([entered("AnswerKnown")], []),
        ([entered("RequestRejected")], []),
        # A redriven run goes on in the state that failed: a call of its own.
        ([entered("InvokeHaiku"), scheduled(), TIMED_OUT, REDRIVEN, scheduled(),
          answered(attempt())], [("UNKNOWN", "NoReport", 0), ("OK", None, 0)]),
        ([entered("InvokeHaiku"), scheduled(), answered(attempt()), entered("RecordAnswer"),
          scheduled(), REDRIVEN, scheduled()], [("OK", None, 0)]),
    ],
)  # fmt: skip
def test_the_history_of_a_state_leaves_these_attempts(
    events: list[Any], attempts: list[tuple[str, str | None, int]]
) -> None:
    assert outcomes(*events) == attempts


def test_what_a_function_reports_of_its_call_is_the_attempt_and_it_served_nobody() -> None:
    said = attempt("OK", draft_s3=None, response_model="m-2026", retries=7)
    [found] = attempts_in([entered("InvokeHaiku"), scheduled(), answered(said)], PLANNED, ENDED)

    assert found == replace(said, served=False, retries=0)  # its own count of tries holds
    assert "secret" not in str(found)


def test_only_the_last_attempt_of_an_outcome_is_of_this_state() -> None:
    before, last = attempt("THROTTLED", "Throttled"), attempt("OK", usage=USAGE)
    events = [entered("InvokeModel"), called(SONNET), answered(before, last)]

    assert outcomes(*events) == [("OK", None, 0)]


def test_the_step_names_the_model_else_the_call_else_the_plan() -> None:
    first = {"provider": "anthropic", "model": "claude", "max_tokens": 9}
    of_call = scheduled(Payload={"call": first, "progress": {"target": None, "attempts": []}})

    def asked(event: Any) -> tuple[str, str, int, str]:
        [found] = attempts_in([entered("InvokeModel"), event], PLANNED, ENDED)
        return found.provider, found.model, found.max_tokens, found.mode

    assert asked(called(SONNET, service_tier="priority")) == ("bedrock", SONNET, 4096, "priority")
    assert asked(of_call) == ("anthropic", "claude", 9, "standard")
    assert asked(scheduled()) == ("bedrock", HAIKU, 2048, "flex")


@pytest.mark.parametrize(
    "target",
    [
        {"provider": "bedrock"},
        {"provider": 7, "model": "m", "max_tokens": 9},
        {"provider": "p", "model": {}, "max_tokens": 9},
        {"provider": "p", "model": "m", "max_tokens": "many"},
        {"provider": "p", "model": "m", "max_tokens": float("inf")},
        {"provider": "p", "model": "m", "max_tokens": 9, "service_tier": {"a": 1}},
        {"provider": "p", "model": "m", "max_tokens": 9, "latency": [1]},
        {"provider": "p", "model": "m", "max_tokens": 9, "when": 7},
    ],
    ids=str,
)
def test_a_model_that_an_event_does_not_name_well_is_the_planned_one(target: Any) -> None:
    event = scheduled(Payload={"progress": {"target": target}})

    [found] = attempts_in([entered("InvokeModel"), event], PLANNED, ENDED)

    assert (found.provider, found.model, found.mode) == ("bedrock", HAIKU, "flex")


def test_times_are_those_of_the_events_else_of_the_end() -> None:
    later = {**answered(attempt()), "timestamp": AT + timedelta(seconds=5)}
    body = {**succeeded({"ResponseBody": CHAT}), "timestamp": AT + timedelta(seconds=5)}

    [in_flight] = attempts_in([entered("InvokeHaiku"), scheduled()], PLANNED, ENDED)
    [of_body] = attempts_in([entered("InvokeOpenAI"), scheduled(), body], LUNA, ENDED)
    [undated] = attempts_in(
        [{**entered("InvokeHaiku"), "timestamp": None}, scheduled(), later], PLANNED, ENDED
    )

    assert (in_flight.started_at, in_flight.ended_at) == ("2026-11-21T10:00:00.000Z", ENDED)
    assert (of_body.ended_at, of_body.latency_ms) == ("2026-11-21T10:00:05.000Z", 5000)
    assert undated.outcome == "OK"


@pytest.mark.parametrize(
    ("events", "transitions"),
    [
        ([], 0),
        ([entered("AnalyzeComplexity"), scheduled(), succeeded({}), entered("RouteByComplexity"),
          entered("InvokeHaiku"), scheduled(), answered(attempt())], 3),
        ([entered("AnalyzeComplexity"), scheduled(), failed("RateLimited"), scheduled(),
          succeeded({}), entered("RouteByComplexity"), entered("InvokeHaiku"), scheduled(),
          failed("Throttled"), scheduled(), failed("Throttled"), scheduled()], 6),
        ([{"type": "ExecutionStarted"}, {"type": "ExecutionTimedOut"}], 0),
    ],
)  # fmt: skip
def test_transitions_are_states_entered_and_their_retries(
    events: list[Any], transitions: int
) -> None:
    assert transitions_in(events) == transitions


TYPES = ["TaskStateEntered", "TaskScheduled", "TaskSucceeded", "TaskFailed", "TaskTimedOut",
         "ExecutionRedriven", "ChoiceStateEntered", "Else"]  # fmt: skip
STATES = ["InvokeHaiku", "InvokeSonnet", "InvokeModel", "InvokeOpenAI", "RecordAnswer",
          "PlanNextStep", "NextStep", "AwaitReview", "NotifyFailure"]  # fmt: skip
TARGET = {"provider": "p", "model": "m", "max_tokens": 9, "service_tier": "flex", "when": ["error"]}
PARAMETERS = {"Payload": {"progress": {"target": TARGET, "attempts": []}, "call": TARGET}}
OUTPUT = {"Payload": {"attempts": [attempt().to_json()]}, "ResponseBody": CHAT}
TEXT = st.one_of(JSON, shaped(PARAMETERS).map(json.dumps), shaped(OUTPUT).map(json.dumps),
                 st.just(in_error(attempt())))  # fmt: skip
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES) | JSON},
        optional={
            "timestamp": st.datetimes(AT.replace(tzinfo=None), timezones=st.just(UTC)) | JSON,
            "stateEnteredEventDetails": st.one_of(
                JSON, st.fixed_dictionaries({"name": st.sampled_from(STATES) | JSON})
            ),
            "taskScheduledEventDetails": JSON | st.fixed_dictionaries({"parameters": TEXT}),
            "taskSucceededEventDetails": JSON | st.fixed_dictionaries({"output": TEXT}),
            "taskFailedEventDetails": st.one_of(
                JSON, st.fixed_dictionaries({}, optional={"error": JSON, "cause": TEXT})
            ),
        },
    ),
    max_size=12,
)


@given(EVENTS)
def test_whatever_events_hold_they_leave_attempts_that_a_row_takes(events: list[Any]) -> None:
    found = attempts_in(events, PLANNED, ENDED)

    assert transitions_in(events) >= 0
    for made in found:
        assert made.outcome in OUTCOMES
        assert made.served is False
        for name in ("provider", "model", "mode", "started_at", "ended_at"):
            assert isinstance(getattr(made, name), str)
        assert type(made.max_tokens) is int
