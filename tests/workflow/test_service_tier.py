"""The workflow's own expressions, evaluated: a call's service tier from the plan to its row."""

from __future__ import annotations

from typing import Any

import jsonata
import pytest

from tests.workflow.test_definition import INVOKES, STATES, fallback_rule

NOW = "2026-11-21T10:00:00.000Z"
FIRST = {
    "provider": "openai", "model": "gpt-6-luna", "max_tokens": 9, "system": None,
    "service_tier": "priority", "latency": None, "mode": "priority",
    "messages": [{"role": "user", "content": "hi"}], "repair": None,
}  # fmt: skip
NEXT = {
    "provider": "bedrock", "model": "us.b", "max_tokens": 5, "service_tier": None,
    "latency": "optimized", "mode": "optimized", "when": ["throttled"], "larger_than": [],
}  # fmt: skip


def value(expression: str, **variables: Any) -> Any:
    """Evaluate an expression of the definition, with the variables that it reads."""
    parsed = jsonata.Jsonata.jsonata(expression.removeprefix("{%").removesuffix("%}").strip())
    context = {
        "State": {"EnteredTime": NOW, "RetryCount": 0, "Name": "s"},
        "Execution": {"Id": "e"},
    }
    bindings = jsonata.Jsonata.jsonata("1").create_frame()
    states = {"context": context, **variables.pop("states", {})}
    for name, it in {"states": states, **variables}.items():
        bindings.bind(name, it)
    return parsed.evaluate(None, bindings)


@pytest.mark.parametrize("tier", [None, "priority"])
def test_the_http_task_asks_for_the_service_tier_and_for_none_where_none_is_set(
    tier: str | None,
) -> None:
    body = value(
        STATES["InvokeOpenAI"]["Arguments"]["RequestBody"], call={**FIRST, "service_tier": tier}
    )

    assert body.get("service_tier") == tier
    assert ("service_tier" in body) is (tier is not None)
    assert (body["model"], len(body["messages"])) == ("gpt-6-luna", 1)


@pytest.mark.parametrize(
    ("said", "mode"),
    [("priority", "priority"), ("default", "standard"), ("flex", "flex"), (None, "priority")],
)
def test_an_http_attempt_has_the_tier_that_served_it_else_the_one_asked_for(
    said: str | None, mode: str
) -> None:
    choice = {"message": {"content": "4"}, "finish_reason": "stop"}
    answer = {"ResponseBody": {"choices": [choice], "service_tier": said}}
    [attempt] = value(
        STATES["InvokeOpenAI"]["Assign"]["attempts"],
        call=FIRST, attempts=[], states={"result": answer},
    )  # fmt: skip

    assert (attempt["outcome"], attempt["mode"]) == ("OK", mode)


@pytest.mark.parametrize("name", sorted(INVOKES))
def test_an_attempt_that_nobody_reported_has_the_mode_it_was_asked_in(name: str) -> None:
    [attempt] = value(
        STATES[name]["Catch"][-1]["Assign"]["attempts"],
        call=FIRST, attempts=[], states={"errorOutput": {"Error": "States.Timeout"}},
    )  # fmt: skip

    assert (attempt["outcome"], attempt["mode"]) == ("UNKNOWN", "priority")


def test_a_fallback_is_asked_in_its_own_tier_and_nothing_of_the_first_call_is_left() -> None:
    throttled = {"provider": "openai", "model": "gpt-6-luna", "outcome": "THROTTLED", "cause": ""}
    call = value(
        fallback_rule()["Assign"]["call"], call=FIRST, attempts=[throttled], fallbacks=[NEXT]
    )

    assert call == {**FIRST, **{name: it for name, it in NEXT.items() if name in FIRST}}


def rows_written(state: str, **attempt: Any) -> list[dict[str, Any]]:
    done = {
        "provider": "openai", "model": "m", "outcome": "OK", "retries": 0, "served": True,
        "started_at": NOW, "ended_at": NOW, "cause": "c", **attempt,
    }  # fmt: skip
    record = {
        "earlier_attempts": 0, "shard": "3", "max_tokens": 9, "input_bytes": 2, "budgets": None,
        "baseline": {"provider": "p", "model": "b", "mode": "flex"}, "cache": None,
        "store_text": False,
    }  # fmt: skip
    items = value(
        STATES[state]["Arguments"]["TransactItems"],
        request_id="r-1", tenant="t", tier="SIMPLE", via="lambda", record=record, attempts=[done],
        review=None, output_s3=None, status="SUCCEEDED", answer="4",
    )  # fmt: skip
    return [it["Put"]["Item"] for it in items if "Put" in it]


@pytest.mark.parametrize("state", ["RecordOutcome", "RecordFailure"])
def test_the_row_of_an_attempt_has_the_mode_it_is_priced_in(state: str) -> None:
    [in_flex], [before_modes] = rows_written(state, mode="flex"), rows_written(state)

    assert (in_flex["mode"], in_flex["baseline_mode"]) == ({"S": "flex"}, {"S": "flex"})
    assert before_modes["mode"] == {"S": "standard"}
