"""The definition's own expressions, evaluated: a call's service tier from the plan to its row."""

from __future__ import annotations

import json
from typing import Any

import jsonata
import pytest

from router.handlers import record_answer
from router.invocation.call import ModelCall
from router.providers.call_json import call_from_json, call_to_json
from router.routing.next_step import Call
from router.routing.run_plan import Progress, RunPlan, Target
from router.runner.run import Failure, failed_call, next_of
from tests.support.factories import asking
from tests.support.runs import ARN, NOW, STARTED, record_of
from tests.workflow.test_definition import INVOKES, STATES, expressions

FIRST = Target("openai", "gpt-6-luna", 9, service_tier="priority")
NEXT = Target("bedrock", "us.b", 5, latency="optimized", when=("throttled",))
PLAN = RunPlan(
    "r-1", "t", "SIMPLE", "http", (FIRST, NEXT), record_of(),
    {"complexity": "SIMPLE", "confidence": 1, "reasons": []},
)  # fmt: skip


def value(expression: str, **variables: Any) -> Any:
    """Evaluate an expression of the definition, with the variables that it reads."""
    parsed = jsonata.Jsonata.jsonata(expression.removeprefix("{%").removesuffix("%}").strip())
    parsed.register_lambda("parse", json.loads)  # Step Functions' own
    context = {
        "State": {"EnteredTime": NOW, "RetryCount": 0, "Name": "s"},
        "Execution": {"Id": ARN, "Name": "n", "StartTime": STARTED},
        "Task": {"Token": "token-1"},
    }
    bindings = jsonata.Jsonata.jsonata("1").create_frame()
    states = {"context": context, **variables.pop("states", {})}
    for name, it in {"states": states, **variables}.items():
        bindings.bind(name, it)
    return parsed.evaluate(None, bindings)


def filled(part: Any, **variables: Any) -> Any:
    """Return a part of the definition with its expressions evaluated."""
    if isinstance(part, dict):
        return {name: filled(it, **variables) for name, it in part.items()}
    if isinstance(part, str) and part.startswith("{%"):
        return value(part, **variables)
    return part


def call_of(target: Target, *, http: bool) -> dict[str, Any]:
    made = ModelCall(
        target.provider, target.model, asking("hi"), target.max_tokens,
        request_id="r-1", service_tier=target.service_tier, latency=target.latency,
    )  # fmt: skip
    written: dict[str, Any] = json.loads(json.dumps(call_to_json(made, http=http)))
    return written


@pytest.mark.parametrize("tier", [None, "priority"])
def test_the_http_task_asks_for_the_service_tier_and_for_none_where_none_is_set(
    tier: str | None,
) -> None:
    call = call_of(Target("openai", "gpt-6-luna", 9, service_tier=tier), http=True)

    body = value(STATES["InvokeOpenAI"]["Arguments"]["RequestBody"], call=call)

    assert body.get("service_tier") == tier
    assert ("service_tier" in body) is (tier is not None)
    assert (body["model"], len(body["messages"])) == ("gpt-6-luna", 1)


@pytest.mark.parametrize(
    ("said", "mode"),
    [("priority", "priority"), ("default", "standard"), ("flex", "flex"), (None, "priority")],
)
def test_an_http_attempt_has_the_tier_that_served_it_else_the_one_asked_for(
    monkeypatch: pytest.MonkeyPatch, said: str | None, mode: str
) -> None:
    written = []

    class Table:
        def record(self, closing: Any) -> bool:
            written.extend(closing.attempts)
            return True

    monkeypatch.setenv("ANSWERS_BUCKET", "answers-1")
    monkeypatch.setattr(record_answer, "usage_store", Table)
    choice = {"message": {"content": "4"}, "finish_reason": "stop"}
    result = {"ResponseBody": {"choices": [choice], "service_tier": said}}
    http = filled(STATES["InvokeOpenAI"]["Assign"]["http"], states={"result": result})
    event = filled(
        STATES["RecordAnswer"]["Arguments"]["Payload"],
        plan=PLAN.to_json(), progress=Progress().to_json(), http=http, answer=None,
    )  # fmt: skip

    outcome = record_answer.handler(event, None)

    assert [row["mode"] for row in written] == [mode]
    assert outcome["attempts"][0]["outcome"] == "OK"


@pytest.mark.parametrize("name", sorted(INVOKES))
def test_an_attempt_that_nobody_reported_has_the_mode_it_was_asked_in(name: str) -> None:
    caught = STATES[name]["Catch"][-1]["Assign"]["failure"]
    failure = filled(caught, states={"errorOutput": {"Error": "States.Timeout"}})

    [attempt] = failed_call(PLAN, Progress(), Failure.from_json(failure), NOW).attempts

    assert (attempt.outcome, attempt.mode) == ("UNKNOWN", "priority")
    assert (attempt.started_at, attempt.ended_at) == (NOW, NOW)


@pytest.mark.parametrize("http", [True, False])
def test_a_fallback_is_asked_in_its_own_tier_and_nothing_of_the_first_call_is_left(
    http: bool,
) -> None:
    failure = {"Error": "States.Http.StatusCode.429", "Cause": ""}
    caught = filled(STATES["InvokeOpenAI"]["Catch"][0]["Assign"], states={"errorOutput": failure})
    progress = failed_call(PLAN, Progress(), Failure.from_json(caught["failure"]), NOW)

    assert next_of(PLAN, progress) == Call(NEXT)
    first, second = call_of(FIRST, http=http), call_from_json(call_of(FIRST, http=http), NEXT)
    assert (second.provider, second.model, second.max_tokens) == ("bedrock", "us.b", 5)
    assert (second.service_tier, second.latency, second.mode) == (None, "optimized", "optimized")
    assert second.conversation == call_from_json(first).conversation


# What each state is given when it is first entered, by the names that AnalyzeComplexity assigns.
def variables() -> dict[str, Any]:
    first = STATES["AnalyzeComplexity"]["Assign"]
    payload = {
        "route": "SIMPLE", "via": "http", "call": call_of(FIRST, http=True), "plan": PLAN.to_json(),
        "outcome": {"status": "SUCCEEDED"}, "step": "FAIL", "wait": 1,
        "progress": Progress().to_json(),
        "answer": {"text": "4"}, "notice": {"cause": "c"}, "error": {"name": "e", "cause": "c"},
    }  # fmt: skip
    states = {
        "input": {"input": "hi"},
        "result": {"Payload": payload, "ResponseBody": {"choices": []}},
        "errorOutput": {"Error": "InvalidRequest", "Cause": json.dumps({"errorMessage": "why"})},
    }
    known = {name: filled(part, states=states) for name, part in first.items()}
    known |= filled(STATES["PlanNextStep"]["Assign"], states=states)
    known["rejection"] = {"error": "InvalidRequest", "cause": "why"}
    return {**known, "states": states}


@pytest.mark.parametrize("name", STATES)
def test_every_expression_of_a_state_has_a_value(name: str) -> None:
    # http, failure, review and answer are null until there is one: JSONata's null is a value.
    for expression in expressions(STATES[name]):
        path = expression.removeprefix("{%").removesuffix("%}").strip()
        found = value(expression, **variables())
        assert found is not None or path in ("$http", "$failure", "$review"), expression
