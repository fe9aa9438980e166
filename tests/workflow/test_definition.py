"""The definition against itself, the schema of the language, and the code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_all

from router import errors
from router.acceptance.max_cost import _MENDS
from router.catalog.models import FALLBACK_CAUSES

ASL = Path(__file__).parents[2] / "asl"
TEXT = (ASL / "router.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
INVOKES = {name for name in STATES if name.startswith("Invoke")}

A_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
OUR_ERRORS = {
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.RouterError)
}
AWS_ERRORS = re.compile(
    r"States\.(ALL|Timeout|Http\.StatusCode\.\d{3})"
    r"|Lambda\.(TooManyRequestsException|ServiceException|AWSLambdaException|SdkClientException|Unknown)"
    r"|Lambda\.ClientExecutionTimeoutException|Sandbox\.Timedout|Runtime\.ExitError"
    r"|Events\.ConnectionResource\.(AuthInProgress|ConcurrentModification)"
    r"|DynamoDb\.\w+Exception|SNS\.(Throttled|InternalError)Exception"
)


def targets(state: dict[str, Any]) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for branch in (*state.get("Catch", []), *state.get("Choices", [])):
        yield branch["Next"]


def error_names() -> Iterator[str]:
    for state in TASKS.values():
        for clause in (*state["Retry"], *state["Catch"]):
            yield from clause["ErrorEquals"]


def lint(definition: dict[str, Any]) -> list[str]:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": definition},
    }
    found = map(str, lint_all(json.dumps({"Resources": {"Machine": machine}})))
    return [line for line in found if line.startswith("[E")]


def test_the_published_schema_of_the_language_accepts_it() -> None:
    assert lint(json.loads(re.sub(r"\$\{\w+\}", A_FUNCTION, TEXT))) == []


def test_the_published_schema_would_refuse_a_defect() -> None:
    assert lint({**DEFINITION, "States": {**STATES, "AnalyzeComplexity": {"Type": "Tsak"}}}) != []


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_reached_and_leads_to_states_that_exist(name: str) -> None:
    reached = {DEFINITION["StartAt"], *(to for state in STATES.values() for to in targets(state))}

    assert name in reached
    assert set(targets(STATES[name])) <= set(STATES)


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_it_is_for(name: str) -> None:
    assert STATES[name]["Comment"]


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_constant_time_out_a_bounded_retry_and_a_catch_for_the_rest(
    name: str,
) -> None:
    task = TASKS[name]

    assert isinstance(task["TimeoutSeconds"], int)
    assert task["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"]
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for retrier in task["Retry"]:
        assert retrier["JitterStrategy"] == "FULL"
        # A bucket is full again after a minute: who comes too fast is waited for that long.
        waits_for_the_bucket = retrier["ErrorEquals"] == ["RateLimited"]
        assert retrier["MaxAttempts"] <= (5 if waits_for_the_bucket else 4)
        assert retrier["MaxDelaySeconds"] <= (20 if waits_for_the_bucket else 10)


def test_every_error_name_is_ours_or_one_that_aws_documents() -> None:
    unknown = {name for name in error_names() if name not in OUR_ERRORS}

    assert {name for name in unknown if not AWS_ERRORS.fullmatch(name)} == set()


def test_every_error_of_a_model_call_has_a_place_in_the_workflow() -> None:
    leaves = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.CallError)
        and hasattr(kind, "outcome")
        and not kind.__subclasses__()
    }

    assert leaves == set(STATES["InvokeHaiku"]["Catch"][0]["ErrorEquals"])


def test_every_refusal_reaches_the_caller_as_its_message_alone() -> None:
    refusals = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.RequestError) and kind is not errors.RequestError
    }

    assert set(STATES["AnalyzeComplexity"]["Catch"][0]["ErrorEquals"]) == refusals


def test_a_request_that_comes_too_fast_is_waited_for_as_long_as_its_bucket_needs() -> None:
    retrier = STATES["AnalyzeComplexity"]["Retry"][0]
    waits = [
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n, retrier["MaxDelaySeconds"])
        for n in range(retrier["MaxAttempts"])
    ]

    assert retrier["ErrorEquals"] == ["RateLimited"]
    assert 60 <= sum(waits) <= 90


def test_a_failure_without_a_cause_cannot_end_the_run_on_its_own_way_out() -> None:
    # JSONata has no value for a missing field, and an expression without a value ends the run.
    # Every plain use of Cause is therefore joined with the empty text; $parse stands only behind
    # our own errors, whose cause is always there.
    uses = re.findall(r"(\$parse\()?\$states\.errorOutput\.Cause( & '')?", TEXT)

    assert uses
    assert all(parsed or joined for parsed, joined in uses)


def test_only_what_cannot_have_been_billed_is_sent_again() -> None:
    for name in INVOKES - {"InvokeOpenAI"}:
        [retrier] = STATES[name]["Retry"]
        ours = [getattr(errors, it) for it in retrier["ErrorEquals"] if it in OUR_ERRORS]
        others = [it for it in retrier["ErrorEquals"] if it not in OUR_ERRORS]

        assert all(issubclass(kind, errors.NotBilled) for kind in ours)
        assert others == ["Lambda.TooManyRequestsException"]
    [retrier] = STATES["InvokeOpenAI"]["Retry"]
    assert retrier["ErrorEquals"] == [
        "States.Http.StatusCode.429",
        "States.Http.StatusCode.503",
        "Events.ConnectionResource.AuthInProgress",
        "Events.ConnectionResource.ConcurrentModification",
    ]


def test_the_lambda_invocations_differ_in_their_comment_alone() -> None:
    bodies = [
        {key: value for key, value in STATES[name].items() if key != "Comment"}
        for name in INVOKES - {"InvokeOpenAI"}
    ]

    assert all(body == bodies[0] for body in bodies)


def test_a_success_enters_four_states_and_through_the_http_task_five() -> None:
    assert STATES["AnalyzeComplexity"]["Next"] == "RouteByComplexity"
    for choice in STATES["RouteByComplexity"]["Choices"][1:]:
        state, entered = choice["Next"], 3
        while STATES[state].get("End") is not True:
            following = STATES[state].get("Next") or STATES[state]["Choices"][0]["Next"]
            state, entered = following, entered + 1

        assert (state, entered) == ("RecordOutcome", 5 if choice["Next"] == "InvokeOpenAI" else 4)


def test_arns_names_and_the_endpoint_are_the_only_holes() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == {
        "analyze_arn",
        "invoke_model_arn",
        "usage_table",
        "openai_endpoint",
        "connection_arn",
        "failure_topic_arn",
    }


def test_only_attribute_types_that_every_integration_spells_alike_are_written() -> None:
    # The optimised integration says BOOL and NULL, the SDK integration Bool and Nul.
    assert set(re.findall(r"\{'(S|N|B|BOOL|Bool|NULL|Nul|L|M)':", TEXT)) == {"S", "N"}


def test_the_readme_has_a_row_for_each_state() -> None:
    readme, _batch = (ASL / "README.md").read_text(encoding="utf-8").split("# The batch")

    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE) == list(STATES)


def fallback_rule() -> dict[str, Any]:
    [rule] = [rule for rule in STATES["NextFallback"]["Choices"] if "$filter" in rule["Condition"]]
    return rule


def test_the_next_fallback_is_chosen_by_the_same_words_in_condition_and_assignment() -> None:
    choice = fallback_rule()
    condition, chosen = choice["Condition"], choice["Assign"]["call"]

    assert condition.split("$exists($next)")[0] == chosen.split("$merge([$call")[0]


def test_every_cause_of_a_fallback_is_one_that_the_workflow_tells() -> None:
    # A model that is asked after `invalid` answers is the plan's own, of the next tier.
    causes = {*FALLBACK_CAUSES, "invalid"}

    assert set(re.findall(r"[?:] '(\w+)'", fallback_rule()["Condition"])) == causes


def test_a_budget_reserves_for_as_many_mendings_as_the_workflow_asks_for() -> None:
    [mend] = [rule for rule in STATES["NextFallback"]["Choices"] if "three attempts" in str(rule)]

    assert re.findall(r"INVALID_ANSWER'\]\) < (\d)", mend["Condition"]) == [str(1 + _MENDS)]


def test_nothing_but_a_plan_that_asks_for_it_leads_to_a_human() -> None:
    leads = [
        rule["Condition"]
        for rule in STATES["NextFallback"]["Choices"]
        if rule["Next"] == "NotifyReviewers"
    ]

    assert len(leads) == 2
    assert all("ReviewRequired" in it or "$call.review != null" in it for it in leads)


def test_an_answer_that_does_not_fit_is_never_approved_only_written_anew() -> None:
    approved, *_ = STATES["ReviewDecided"]["Choices"]
    timed_out, *_ = STATES["AwaitReview"]["Catch"]

    assert approved["Next"] == "RecordOutcome"
    assert "'APPROVED' and $attempts[-1].outcome != 'INVALID_ANSWER'" in approved["Condition"]
    assert timed_out["ErrorEquals"] == ["States.Timeout"]
    assert "$attempts[-1].outcome != 'INVALID_ANSWER'" in timed_out["Assign"]["review"]
