"""The definition against itself, the schema of the language, the code and the module."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_all

from cost_calculator.tiers import TIERS
from router import errors
from router.acceptance.max_cost import MOST_REPAIRS as RESERVED_REPAIRS
from router.handlers import await_review, invoke_model, plan_next_step, record_answer
from router.providers import http_task, openai_chat
from router.providers.http_task import error_of_task
from router.routing.decision import decide
from router.routing.next_step import MOST_REPAIRS
from router.routing.plan_json import plan_to_json, repeated
from router.runner.run import BEFORE, BEFORE_A_CALL, FAILING, PLANNING, REVIEWING, WAITING
from tests.support.factories import accepted, classification, config, request
from tests.support.runs import attempt, progress, run_plan

ROOT = Path(__file__).parents[2]
ASL = ROOT / "asl"
TEXT = (ASL / "router.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
INVOKES = {name for name in STATES if name.startswith("Invoke")}
BY_LAMBDA = INVOKES - {"InvokeOpenAI"}
FUNCTIONS = {
    "InvokeHaiku": invoke_model,
    "InvokeSonnet": invoke_model,
    "InvokeModel": invoke_model,
    "RecordAnswer": record_answer,
    "PlanNextStep": plan_next_step,
    "AwaitReview": await_review,
}

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
    r"|Events\.ConnectionResource\.(AuthInProgress|ConcurrentModification|InternalError)"
    r"|SNS\.(Throttled|InternalError)Exception"
)


def expressions(value: Any) -> Iterator[str]:
    """Every JSONata expression in a part of the definition."""
    if isinstance(value, dict):
        for part in value.values():
            yield from expressions(part)
    elif isinstance(value, list):
        for part in value:
            yield from expressions(part)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value


EXPRESSIONS = sorted({*expressions(DEFINITION)})


def inner(expression: str) -> str:
    return expression.removeprefix("{%").removesuffix("%}").strip()


def words_of(expression: str) -> set[str]:
    """The names in an expression, without literals and what AWS itself names."""
    aws = r"\$states\.(input|result|context(\.\w+)+|errorOutput(\.\w+)?)"
    return set(re.findall(r"\w+", re.sub(rf"'[^']*'|{aws}", "", inner(expression))))


def variables_of(expression: str) -> set[str]:
    return set(re.findall(r"\$(\w+)", expression)) - {"states", "parse"}


def assigned() -> set[str]:
    """Names that the definition itself gives: its variables, and the fields of those."""

    def names(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, part in value.items():
                yield name
                yield from names(part)

    found: set[str] = set()
    for state in STATES.values():
        for part in (state, *state.get("Catch", [])):
            found |= set(names(part.get("Assign", {})))
    return found


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


def leaves(kind: type[errors.RouterError]) -> set[str]:
    """The names of the errors below a kind that nothing is below, of those in router.errors."""
    below = [it for it in kind.__subclasses__() if it.__module__ == errors.__name__]
    return set().union(*map(leaves, below)) if below else {kind.__name__}


def filled(text: str) -> str:
    """A template as Terraform fills it."""
    return re.sub(r"\$\{\w+\}", A_FUNCTION, text.replace("${partition}", "aws"))


def lint(definition: dict[str, Any]) -> list[str]:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": definition},
    }
    found = map(str, lint_all(json.dumps({"Resources": {"Machine": machine}})))
    return [line for line in found if line.startswith("[E")]


# ---- the language


def test_the_published_schema_of_the_language_accepts_it() -> None:
    assert lint(json.loads(filled(TEXT))) == []


def test_the_published_schema_would_refuse_a_defect() -> None:
    assert lint({**DEFINITION, "States": {**STATES, "AnalyzeComplexity": {"Type": "Tsak"}}}) != []


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_reached_and_leads_to_states_that_exist(name: str) -> None:
    reached, ahead = set[str](), {DEFINITION["StartAt"]}
    while ahead:
        reached |= ahead
        ahead = {to for state in ahead for to in targets(STATES[state])} - reached

    assert name in reached
    assert set(targets(STATES[name])) <= set(STATES)


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_it_is_for(name: str) -> None:
    assert STATES[name]["Comment"].endswith(".")


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


def test_the_readme_has_a_row_for_each_state() -> None:
    readme, _batch = (ASL / "README.md").read_text(encoding="utf-8").split("# The batch")

    _, table = readme.split("| state |")
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", table, re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(named))) == sorted(STATES)


# ---- no expression decides


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_expression_is_longer_than_a_line(expression: str) -> None:
    assert len(expression) <= 120


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_expression_knows_a_price_or_a_status_code(expression: str) -> None:
    assert not re.search(r"\d", inner(expression))
    assert not {word for word in words_of(expression) if "usd" in word or "price" in word}


def columns() -> set[str]:
    """The attributes of every table, as docs/data-model.md names them."""
    text = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]\w*)`", text))
    assert {"cost_usd", "request_id", "transitions", "outcome", "queued_at", "draft_s3"} <= named
    return named


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_expression_mentions_a_column_of_a_table(expression: str) -> None:
    # `route`, `review` and the like are the workflow's own variables as well.
    assert not words_of(expression) & (columns() - assigned())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_passes_on_what_it_is_given_or_compares_it_with_a_name(
    expression: str,
) -> None:
    """A path, a path joined with nothing, our own error's message, or a comparison."""
    path = r"\$\w+(\.\w+)*"
    passes = rf"{path}( & '')?|\$parse\({path}\)\.errorMessage"
    compares = rf"{path} = '\w+'|{path} in \['\w+'(, '\w+')*\]"

    assert re.fullmatch(rf"{passes}|{compares}", inner(expression))


def test_a_choice_compares_with_what_the_code_gives_and_nothing_else() -> None:
    def compared(state: str) -> set[str]:
        return set(re.findall(r"'(\w+)'", " ".join(expressions(STATES[state]["Choices"]))))

    given = set(re.findall(r"_step\(\s*\"([A-Z]+)\"", inspect.getsource(plan_next_step)))
    assert compared("NextStep") | {"FAIL"} == given
    assert compared("RouteByComplexity") <= {"REPEATED", "CACHED", "http", *TIERS}


def test_every_variable_has_a_value_before_it_is_read() -> None:
    # JSONata has no value for a missing field, and an expression without a value ends the run.
    first = set(STATES["AnalyzeComplexity"]["Assign"])
    for name in set(FUNCTIONS) | {"InvokeOpenAI", "RouteByComplexity"}:
        read = {it for one in expressions(STATES[name]) for it in variables_of(one)}
        assert read <= first
    later = {*STATES["PlanNextStep"]["Assign"], "rejection"}
    assert {it for one in EXPRESSIONS for it in variables_of(one)} <= first | later


def test_a_failure_without_a_cause_cannot_end_the_run_on_its_own_way_out() -> None:
    # A plain use of Cause is joined with the empty text; $parse stands only behind our own errors,
    # whose cause is always there. Elsewhere the whole of errorOutput travels.
    uses = re.findall(r"(\$parse\()?\$states\.errorOutput\.Cause( & '')?", TEXT)

    assert uses
    assert all(parsed or joined for parsed, joined in uses)
    for state in TASKS.values():
        for catch in state["Catch"]:
            if "$parse" in str(catch):
                assert set(catch["ErrorEquals"]) <= OUR_ERRORS


# ---- what a state hands on


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_in_a_tasks_arguments_twice(name: str) -> None:
    # Arguments take 256 KiB: a call within a plan, or a plan twice, would take a request's room.
    paths = [inner(it) for it in expressions(TASKS[name]["Arguments"])]

    for path in paths:
        others = [it for it in paths if it == path or it.startswith(f"{path}.")]
        assert others == [path]


@pytest.mark.parametrize(("name", "module"), FUNCTIONS.items())
def test_a_function_is_given_what_it_reads_and_nothing_else(name: str, module: Any) -> None:
    read = set(re.findall(r'event(?:\[|\.get\()"(\w+)"', inspect.getsource(module)))

    assert read == set(STATES[name]["Arguments"]["Payload"])


def test_a_state_that_makes_no_call_carries_no_text_of_the_request() -> None:
    for name in set(TASKS) - INVOKES - {"AnalyzeComplexity"}:
        assert "$call" not in str(STATES[name])
    asked = request({"input": "the launch code is 0042", "system": "be brief"})
    judged, settings = classification("CALCULATION"), config()
    made = plan_to_json(asked, judged, decide(asked, judged, settings).plan(), settings, 0, {})
    assert "launch" not in str(made["plan"])
    assert str(made["call"]).count("launch") == 1


def test_the_http_task_sends_the_body_as_analyze_prepared_it() -> None:
    assert STATES["InvokeOpenAI"]["Arguments"]["RequestBody"] == "{% $call.http_body %}"
    assert "body" in STATES["InvokeOpenAI"]["Assign"]["http"]


def test_what_analyze_answers_has_every_field_that_is_read_of_it() -> None:
    read = set(re.findall(r"Payload\.(\w+)", str(STATES["AnalyzeComplexity"]["Assign"])))

    assert read <= set(repeated({"REQUEST": accepted()}))


def test_what_the_next_step_needs_is_what_plan_next_step_answers() -> None:
    read = set(re.findall(r"Payload\.(\w+)", str(STATES["PlanNextStep"]["Assign"])))
    failed = progress(attempt("THROTTLED", "Throttled"))

    assert read == set(plan_next_step._step("FAIL", run_plan(), failed))


def test_retries_reach_the_row_from_the_context() -> None:
    for name in INVOKES:
        assert "$states.context.State.RetryCount" in str(STATES[name])


# ---- errors


def test_every_error_of_a_model_call_has_a_place_in_the_workflow() -> None:
    for name in INVOKES:
        [rest] = STATES[name]["Catch"]
        assert (rest["ErrorEquals"], rest["Next"]) == (["States.ALL"], "PlanNextStep")
        assert rest["Assign"]["failure"]["output"] == "{% $states.errorOutput %}"
    known = leaves(errors.CallError)
    assert {"Throttled", "ModelTimeout", "ReviewRequired"} <= known
    for name in known:
        kind = getattr(errors, name)
        left = attempt(kind.outcome, name, draft_s3="s3://b/k")
        assert plan_next_step.next_of(run_plan(), progress(left))


def test_a_body_that_is_no_answer_is_planned_on_from_and_not_written_off() -> None:
    raised = set(re.findall(r"raise errors\.(\w+)\(", inspect.getsource(openai_chat)))

    body, rest = STATES["RecordAnswer"]["Catch"]
    assert set(body["ErrorEquals"]) == raised | {"AnswerNotStored"}
    assert (body["Next"], rest["Next"]) == ("PlanNextStep", "RequestRejected")


def test_only_what_cannot_have_been_billed_is_sent_again() -> None:
    for name in BY_LAMBDA:
        [retrier] = STATES[name]["Retry"]
        # The last one is a function that was not started.
        assert set(retrier["ErrorEquals"]) == leaves(errors.NotBilled) | {
            "Lambda.TooManyRequestsException"
        }


def test_the_http_task_sends_again_what_its_reader_knows_to_be_free() -> None:
    possible = [f"States.Http.StatusCode.{status}" for status in range(400, 600)]
    possible += [
        f"Events.ConnectionResource.{it}" for it in http_task._NOT_READY | http_task._SET_UP
    ]
    possible += ["States.Http.Socket", "States.Timeout"]

    [retrier] = STATES["InvokeOpenAI"]["Retry"]
    assert set(retrier["ErrorEquals"]) == {
        name
        for name in possible
        if isinstance(found := error_of_task(name, ""), errors.NotBilled)
        and not isinstance(found, errors.Throttled)
    }


def test_a_call_is_sent_again_as_often_by_the_http_task_as_by_any_other() -> None:
    retriers = [STATES[name]["Retry"][0] for name in sorted(INVOKES)]

    assert {it["MaxAttempts"] for it in retriers} == {len(BEFORE_A_CALL)}
    assert STATES["AskAgainLater"]["Next"] == "InvokeOpenAI"


@pytest.mark.parametrize("name", ["RecordAnswer", "PlanNextStep", "AwaitReview"])
def test_what_calls_no_model_is_tried_again_while_the_table_is_down(name: str) -> None:
    names = {error for retrier in STATES[name]["Retry"] for error in retrier["ErrorEquals"]}

    assert "StoreUnavailable" in names
    assert not names & leaves(errors.CallError)
    # The time-out of a wait is a decision.
    assert ("States.Timeout" in names) is (name != "AwaitReview")


def test_every_refusal_reaches_the_caller_as_its_message_alone() -> None:
    refusals = leaves(errors.RequestError)

    assert set(STATES["AnalyzeComplexity"]["Catch"][0]["ErrorEquals"]) == refusals


def test_a_request_that_comes_too_fast_is_waited_for_as_long_as_its_bucket_needs() -> None:
    retrier = STATES["AnalyzeComplexity"]["Retry"][0]
    waits = [
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n, retrier["MaxDelaySeconds"])
        for n in range(retrier["MaxAttempts"])
    ]

    assert retrier["ErrorEquals"] == ["RateLimited"]
    assert 60 <= sum(waits) <= 90


def test_a_notice_that_is_lost_stops_nothing() -> None:
    for name, following in (("NotifyReviewers", "AwaitReview"), ("NotifyFailure", "RequestFailed")):
        [catch] = STATES[name]["Catch"]
        assert catch["Next"] == STATES[name]["Next"] == following


# ---- the ways through


def test_the_lambda_invocations_differ_in_their_comment_alone() -> None:
    bodies = [
        {key: value for key, value in STATES[name].items() if key != "Comment"}
        for name in sorted(BY_LAMBDA)
    ]

    assert all(body == bodies[0] for body in bodies)


def test_a_success_enters_three_states_and_through_the_http_task_four() -> None:
    known, *calls = STATES["RouteByComplexity"]["Choices"]
    ways = {choice["Next"] for choice in calls} | {STATES["RouteByComplexity"]["Default"]}

    assert STATES["AnalyzeComplexity"]["Next"] == "RouteByComplexity"
    assert STATES[known["Next"]]["Type"] == "Succeed"
    assert ways == INVOKES
    for way in ways:
        path = [way]
        while STATES[path[-1]].get("End") is not True:
            path.append(STATES[path[-1]]["Next"])
        assert BEFORE + len(path) == (4 if way == "InvokeOpenAI" else 3)
        assert path[1:] == (["RecordAnswer"] if way == "InvokeOpenAI" else [])


def test_the_code_counts_the_states_that_there_are_around_a_call() -> None:
    def steps(start: str, end: str) -> int:
        path = [start]
        while path[-1] != end:
            path.append(STATES[path[-1]]["Next"])
        return len(path)

    assert steps("AnalyzeComplexity", "RouteByComplexity") == BEFORE
    assert steps("PlanNextStep", "NextStep") == PLANNING
    assert steps("AskAgainLater", "InvokeOpenAI") == WAITING + 1
    assert steps("NotifyReviewers", "AwaitReview") == REVIEWING
    assert steps("NotifyFailure", "RequestFailed") == FAILING
    assert STATES["AwaitReview"]["Next"] == "PlanNextStep"
    assert STATES["NextStep"]["Default"] == "NotifyFailure"


def test_nothing_but_a_step_that_asks_for_it_leads_to_a_human() -> None:
    leads = [name for name, state in STATES.items() if "NotifyReviewers" in targets(state)]
    [rule] = [it for it in STATES["NextStep"]["Choices"] if it["Next"] == "NotifyReviewers"]

    assert leads == ["NextStep"]
    assert rule["Condition"] == "{% $step = 'REVIEW' %}"


def test_a_budget_reserves_for_as_many_repairs_as_are_asked_for() -> None:
    assert RESERVED_REPAIRS == MOST_REPAIRS


# ---- the module


def test_the_holes_of_the_template_are_what_terraform_fills() -> None:
    main = (ROOT / "terraform" / "main.tf").read_text(encoding="utf-8")
    [given] = re.findall(r"templatefile\(local\.definition_template, \{(.*?)\}\)", main, re.DOTALL)

    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(re.findall(r"^ *(\w+) +=", given, re.M))


def test_no_partition_is_written_down() -> None:
    for path in ASL.glob("*.asl.json"):
        assert "arn:aws" not in path.read_text(encoding="utf-8")
