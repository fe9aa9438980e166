"""The second interpreter itself: where AWS says what happens, it happens here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution

from tests.workflow.interpreter.functions import Functions
from tests.workflow.interpreter.patches import LIMIT
from tests.workflow.interpreter.runs import Ran, execute
from tests.workflow.interpreter.wire import HttpResponse, TimedOut
from tests.workflow.interpreter.world import ACCOUNT, REGION, World, world
from tests.workflow.settings import CONFIG

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:faregate-own"
INVOKE = "arn:aws:states:::lambda:invoke"
ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
NUMBERS = itertools.count()


class Refused(Exception):
    """What a function of this test raises."""


@pytest.fixture(scope="module")
def aws() -> Iterator[World]:
    with world(CONFIG) as made:
        yield made


@pytest.fixture
def functions(aws: World) -> Iterator[Functions]:
    yield aws.functions
    aws.functions.own.clear()


def task(payload: Any, **more: Any) -> dict[str, Any]:
    arguments = {"FunctionName": FUNCTION, "Payload": payload}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments, "End": True, **more}


def caught(output: str = "{% $states.input %}") -> dict[str, Any]:
    return {"Type": "Succeed", "Output": output}


def run(aws: World, *states: dict[str, Any], given: Any = None) -> Ran:
    names = ["First", "Caught"]
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "First",
        "States": dict(zip(names, [*states, caught()], strict=False)),
    }
    arn = aws.client("stepfunctions").create_state_machine(
        name=f"test-{next(NUMBERS)}",
        definition=json.dumps(definition),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow",
    )["stateMachineArn"]
    return execute(aws, arn, given or {})


def result(aws: World, expression: str, **variables: Any) -> Any:
    """Return what an expression is worth where these variables are assigned."""
    first = {"Type": "Pass", "Assign": variables, "Next": "Caught"}
    ran = run(aws, first, caught(f"{{% {{'it': {expression}}} %}}"))
    return ran.output["it"] if ran.status == "SUCCEEDED" else ran.error


def test_arguments_are_worked_out_again_for_each_retry_and_the_catch_knows_their_number(
    aws: World, functions: Functions
) -> None:
    seen: list[int] = []

    def refuse(event: Any, _context: object) -> None:
        seen.append(event)
        raise Refused("no")

    functions.own["own"] = refuse
    retry = [{"ErrorEquals": ["Refused"], "MaxAttempts": 2, "IntervalSeconds": 600}]
    times = {"times": "{% $states.context.State.RetryCount %}"}
    catch = [{**ALL[0], "Assign": times, "Output": "{% $states.errorOutput %}"}]

    count = "{% $states.context.State.RetryCount %}"
    ran = run(aws, task(count, Retry=retry, Catch=catch), caught("{% [$times, $states.input] %}"))

    assert seen == [0, 1, 2]
    assert ran.retries == (("First", "Refused"),) * 2
    times_caught, error = ran.output
    assert (times_caught, error["Error"]) == (2, "Refused")
    assert json.loads(error["Cause"])["errorMessage"] == "no"


def test_arguments_hold_256_kib_and_what_is_more_states_all_does_not_catch(
    aws: World, functions: Functions
) -> None:
    functions.own["own"] = lambda _event, _context: "done"
    frame = len(json.dumps({"FunctionName": FUNCTION, "Payload": ""}, separators=(",", ":")))
    most = "é" * ((LIMIT - frame) // 2)
    payload = "{% $states.input.text %}"

    fits = run(aws, task(payload, Catch=ALL), given={"text": most})
    too_large = run(aws, task(payload, Catch=ALL), given={"text": most + "xx"})

    assert fits.status == "SUCCEEDED"
    assert (too_large.status, too_large.error) == ("FAILED", "States.DataLimitExceeded")


def test_an_error_that_states_all_leaves_can_be_caught_by_its_name(
    aws: World, functions: Functions
) -> None:
    catch = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Caught"}]

    ran = run(aws, task("x" * LIMIT, Catch=catch))

    assert ran.output["Error"] == "States.DataLimitExceeded"


def test_what_a_state_hands_on_holds_256_kib_of_any_script(aws: World) -> None:
    hands_on = {"Type": "Pass", "Output": "{% $states.input.text %}", "Next": "Caught"}
    most = "é" * ((LIMIT - len('""')) // 2)

    assert run(aws, hands_on, given={"text": most}).status == "SUCCEEDED"
    too_large = run(aws, hands_on, given={"text": most + "x"})
    assert too_large.error == "States.DataLimitExceeded"


def test_one_assign_holds_256_kib(aws: World) -> None:
    half = {"Type": "Pass", "Assign": {"a": "x" * (LIMIT // 2)}, "Next": "Caught"}
    both = {**half, "Assign": {"a": "x" * (LIMIT // 2), "b": "x" * (LIMIT // 2)}}

    assert run(aws, half).status == "SUCCEEDED"
    assert run(aws, both).error == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    ("expression", "variables", "value"),
    [
        ("$x = null", {"x": None}, True),
        ("$string($x)", {"x": 1.0}, "1"),
        ("$x", {"x": 'says "no"\n'}, 'says "no"\n'),
        ("$parse('{\"a\": [null]}')", {}, {"a": [None]}),
        ("$hash('a', 'MD5')", {}, "0cc175b9c0f1b6a831c399e269772661"),
        ("$partition([1..5], 2)", {}, [[1, 2], [3, 4], [5]]),
        ("$range(0, 4, 2)", {}, [0, 2, 4]),
        ("$match($states.context.State.EnteredTime, /T.{8}\\.\\d{3}Z$/).index > 0", {}, True),
        ("$match($states.context.Execution.StartTime, /T.{8}\\.\\d{3}Z$/).index > 0", {}, True),
        ("$exists($states.result)", {}, False),
    ],
)
def test_expressions_are_worth_what_the_reference_says(
    aws: World, expression: str, variables: dict[str, Any], value: Any
) -> None:
    assert result(aws, expression, **variables) == value


@pytest.mark.parametrize("expression", ["$states.input.missing", "$eval('1')", "1 +", "$sum('a')"])
def test_an_expression_without_a_value_is_an_error_of_its_own(aws: World, expression: str) -> None:
    ran = run(aws, caught(f"{{% {expression} %}}"), caught())

    assert (ran.status, ran.error) == ("FAILED", "States.QueryEvaluationError")


def waiting(**more: Any) -> dict[str, Any]:
    token = {"token": "{% $states.context.Task.Token %}"}
    return {**task(token, **more), "Resource": f"{INVOKE}.waitForTaskToken"}


def test_a_function_is_given_the_token_and_whoever_has_it_ends_the_task(
    aws: World, functions: Functions
) -> None:
    tokens: list[str] = []
    functions.own["own"] = lambda event, _context: tokens.append(event["token"])

    def decide(token: str, wait: Any) -> Any:
        assert tokens == [token]
        sent = {"taskToken": token, "output": '{"decision": "APPROVED"}'}
        aws.client("stepfunctions").send_task_success(**sent)
        return wait()

    aws.human = decide

    ran = run(aws, waiting(Output="{% $states.result.decision %}"))

    assert ran.output == "APPROVED"


def test_a_task_that_nobody_answers_times_out_and_its_failure_has_the_answers_name(
    aws: World, functions: Functions
) -> None:
    functions.own["own"] = lambda _event, _context: None

    def refuse(token: str, wait: Any) -> Any:
        aws.client("stepfunctions").send_task_failure(taskToken=token, error="No", cause="because")
        return wait()

    aws.human = lambda _token, _wait: None
    nobody = run(aws, waiting(TimeoutSeconds=3600, Catch=ALL))
    aws.human = refuse
    refused = run(aws, waiting(TimeoutSeconds=3600, Catch=ALL))

    assert nobody.output["Error"] == "States.Timeout"
    assert refused.output == {"Error": "No", "Cause": "because"}


def http(**more: Any) -> dict[str, Any]:
    arguments = {
        "ApiEndpoint": "https://api.openai.com/v1/chat/completions",
        "Method": "POST",
        "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:1:connection/c/1"},
        "RequestBody": {"model": "m"},
        **more.pop("arguments", {}),
    }
    kind = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}
    return {**kind, "Arguments": arguments, "Catch": ALL, **more}


def test_an_http_task_answers_body_headers_and_status(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def send(_self: Any, url: str, headers: Any, body: bytes) -> HttpResponse:
        sent.append((url, headers["authorization"], json.loads(body)))
        return HttpResponse(200, {"content-type": "application/json"}, b'{"a": 1}')

    monkeypatch.setattr(type(aws.wire), "send", send)

    ran = run(aws, http(arguments={"QueryParameters": {"q": "1"}}))

    url = "https://api.openai.com/v1/chat/completions?q=1"
    assert sent == [(url, "Bearer sk-local-x", {"model": "m"})]
    assert ran.output == {
        "ResponseBody": {"a": 1},
        "Headers": {"content-type": ["application/json"]},
        "StatusCode": 200,
        "StatusText": "OK",
    }


@pytest.mark.parametrize(
    ("more", "error"),
    [({}, "States.Http.Socket"), ({"TimeoutSeconds": 60}, "States.Http.Socket"),
     ({"TimeoutSeconds": 900}, "States.Http.Socket"), ({"TimeoutSeconds": 30}, "States.Timeout")],
)  # fmt: skip
def test_an_http_task_waits_60_s_whatever_longer_time_limit_it_has(
    aws: World, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], error: str
) -> None:
    def hang(*_: Any) -> HttpResponse:
        raise TimedOut

    monkeypatch.setattr(type(aws.wire), "send", hang)

    assert run(aws, http(**more)).output["Error"] == error


@pytest.mark.parametrize(
    "arguments",
    [{"Headers": {"Authorization": "Bearer mine"}}, {"ApiEndpoint": "http://api.openai.com/"},
     {"InvocationConfig": {}}],
)  # fmt: skip
def test_an_http_task_that_aws_would_refuse_ends_the_run(
    aws: World, arguments: dict[str, Any]
) -> None:
    assert run(aws, http(arguments=arguments)).error == "States.Runtime"


def test_a_run_that_has_ended_has_its_output(aws: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Watched(Execution):
        def __setattr__(self, name: str, value: Any) -> None:
            if name == "exec_status" and value == ExecutionStatus.SUCCEEDED:
                seen.append(self.output)
            super().__setattr__(name, value)

    monkeypatch.setattr(models, "Execution", Watched)
    run(aws, {"Type": "Pass", "End": True}, given={"it": 1})

    assert seen == [{"it": 1}]


@pytest.mark.parametrize(
    ("one", "other", "total"), [("9E-7", "1", "1.0000009"), ("1", "3E-9", "1.000000003")]
)
def test_amounts_are_added_however_they_are_spelt(
    aws: World, one: str, other: str, total: str
) -> None:
    client = aws.client("dynamodb")
    given = {"TableName": "control", "Key": {"key": {"S": f"sum-{one}"}}}
    for amount in (one, other):
        client.update_item(
            **given,
            UpdateExpression="ADD cost_usd :amount",
            ExpressionAttributeValues={":amount": {"N": amount}},
        )

    assert client.get_item(**given)["Item"]["cost_usd"] == {"N": total}
