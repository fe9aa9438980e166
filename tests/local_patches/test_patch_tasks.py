"""A task's arguments, retries, token, limits and errors are what AWS makes of them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import cloud_time
from tests.local_patches.test_patch_executions import CATCH_ALL, CAUGHT, task

WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"
PAYLOAD = {"token": "{% $states.context.Task.Token %}", "given": "{% $states.input %}"}
ERROR = "{% $states.errorOutput %}"
SHOW_ERROR = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": ERROR}]
SHOWN = {"Caught": {"Type": "Succeed"}}


def waiting(name: str, **more: Any) -> dict[str, Any]:
    arguments = {"FunctionName": name, "Payload": PAYLOAD}
    return {"Type": "Task", "Resource": WAITING, "Arguments": arguments, **more}


@pytest.fixture
def mailbox(lab: Any) -> tuple[str, str]:
    """The URL of a queue, and a function that puts what it is called with into it."""
    url, _ = lab.queue()
    name = lab.function(
        "import boto3, json\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody=json.dumps(event))\n"
    )
    return url, name


# --- sizes ---


def test_arguments_over_256_kib_end_the_run_before_the_call(lab: Any, mailbox: Any) -> None:
    url, name = mailbox
    twice = {"a": "{% $states.input.text %}", "b": "{% $states.input.text %}"}
    call = {**task(name, Catch=CATCH_ALL, End=True)}
    call["Arguments"] = {"FunctionName": name, "Payload": twice}

    ended = lab.run({"Call": call, **CAUGHT}, {"text": "x" * 131_073})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")
    lab.output({"Call": call, **CAUGHT}, {"text": "small"})
    assert lab.messages(url) == [{"a": "small", "b": "small"}]


def test_arguments_are_counted_as_compact_json_in_utf_8(lab: Any) -> None:
    call = task(lab.function("def handler(event, context):\n    pass\n"), End=True)
    name = call["Arguments"]["FunctionName"]
    around = len(json.dumps({"FunctionName": name, "Payload": ""}, separators=(",", ":")))
    text = "{% $pad('', $states.input.length, 'é') %}"
    call["Arguments"] = {"FunctionName": name, "Payload": text}
    fits = (262_144 - around) // 2

    assert lab.run({"Call": call}, {"length": fits})["status"] == "SUCCEEDED"
    assert lab.run({"Call": call}, {"length": fits + 1})["error"] == "States.DataLimitExceeded"


def test_text_beyond_ascii_counts_its_bytes_and_not_its_escapes(lab: Any) -> None:
    grow = {"Type": "Pass", "Output": "{% $pad('', 60000, '☂') %}", "Next": "Keep"}

    kept = lab.output({"Grow": grow, "Keep": {"Type": "Pass", "End": True}})

    assert len(kept.encode()) == 180_000


# --- retries and errors ---


def test_arguments_are_evaluated_at_each_try_with_its_number(lab: Any) -> None:
    name = lab.function(
        "def handler(event, context):\n"
        "    if event['retries'] < 2: raise ValueError('not yet')\n"
        "    return event['retries']\n"
    )
    retry = [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "BackoffRate": 1}]
    count = {"retries": "{% $states.context.State.RetryCount %}"}
    call = {**task(name, Retry=retry, Next="After", Output="{% $states.result.Payload %}")}
    call["Arguments"] = {"FunctionName": name, "Payload": count}
    after = {"Type": "Pass", "Output": {"was": "{% $states.input %}", **count}, "End": True}

    assert lab.output({"Call": call, "After": after}) == {"was": 2, "retries": 0}


def test_a_caught_error_is_whole_in_assign_and_output(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    raise KeyError('gone')\n")
    catch = [{**SHOW_ERROR[0], "Assign": {"e": ERROR}}]
    caught = {"Type": "Succeed", "Output": "{% [$e, $states.input] %}"}

    assigned, given = lab.output({"Call": task(name, Catch=catch, End=True), "Caught": caught})

    assert assigned == given
    assert given.keys() == {"Error", "Cause"}
    assert given["Error"] == json.loads(given["Cause"])["errorType"] == "KeyError"


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
@pytest.mark.parametrize("action", ["sqs:sendMessage", "aws-sdk:sqs:sendMessage"])
def test_a_resource_of_another_partition_is_called(lab: Any, partition: str, action: str) -> None:
    url, _ = lab.queue()
    send = {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::{action}",
        "Arguments": {"QueueUrl": url, "MessageBody": '{"n": 1}'},
        "End": True,
    }

    lab.output({"Send": send})

    assert lab.messages(url) == [{"n": 1}]


# --- tokens ---


def test_the_result_of_a_waiting_task_is_what_its_token_is_answered_with(
    lab: Any, mailbox: Any
) -> None:
    url, name = mailbox
    run = lab.start(
        lab.machine({"Ask": waiting(name, End=True, Output="{% $states.result.decision %}")}),
        {"n": 1},
    )
    (asked,) = lab.messages(url)

    lab.client("stepfunctions").send_task_success(
        taskToken=asked["token"], output='{"decision": "approved"}'
    )

    assert asked["given"] == {"n": 1}
    assert json.loads(lab.end(run)["output"]) == "approved"


def test_a_failure_sent_for_a_token_is_caught_under_its_name(lab: Any, mailbox: Any) -> None:
    url, name = mailbox
    run = lab.start(lab.machine({"Ask": waiting(name, Catch=SHOW_ERROR, End=True), **SHOWN}))
    (asked,) = lab.messages(url)

    lab.client("stepfunctions").send_task_failure(
        taskToken=asked["token"], error="Rejected", cause="too long"
    )

    assert json.loads(lab.end(run)["output"]) == {"Error": "Rejected", "Cause": "too long"}


def test_a_waiting_task_fails_with_its_function(lab: Any) -> None:
    name = lab.function("def handler(event, context):\n    raise ValueError('no mail')\n")

    caught = lab.output({"Ask": waiting(name, Catch=SHOW_ERROR, End=True), **SHOWN})

    assert caught["Error"] == "ValueError"
    assert json.loads(caught["Cause"])["errorMessage"] == "no mail"


def test_a_token_answered_while_its_function_runs_ends_the_task(lab: Any) -> None:
    name = lab.function(
        "import boto3, time\n"
        "def handler(event, context):\n"
        "    states = boto3.client('stepfunctions')\n"
        "    states.send_task_success(taskToken=event['token'], output='\"early\"')\n"
        "    raise ValueError('too late')\n"
    )

    assert lab.output({"Ask": waiting(name, Catch=SHOW_ERROR, End=True), **SHOWN}) == "early"


def test_each_try_has_a_token_of_its_own_that_no_later_state_sees(lab: Any, mailbox: Any) -> None:
    url, name = mailbox
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    after = {"Type": "Pass", "Output": "{% $exists($states.context.Task) %}", "End": True}
    machine = lab.machine({"Ask": waiting(name, Retry=retry, Next="After"), "After": after})
    run, states = lab.start(machine), lab.client("stepfunctions")
    (first,) = lab.messages(url)
    states.send_task_failure(taskToken=first["token"], error="Again", cause="")
    (second,) = lab.messages(url)
    states.send_task_success(taskToken=second["token"], output="{}")

    assert first["token"] != second["token"]
    assert json.loads(lab.end(run)["output"]) is False


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"TimeoutSeconds": 1}, "States.Timeout"),
        ({"TimeoutSeconds": "{% $states.input.seconds %}"}, "States.Timeout"),
        ({"TimeoutSeconds": 30, "HeartbeatSeconds": 1}, "States.HeartbeatTimeout"),
    ],
)
def test_a_token_that_nobody_answers_is_over_by_its_limit_and_closed(
    lab: Any, mailbox: Any, limits: dict[str, Any], error: str
) -> None:
    url, name = mailbox
    ask = waiting(name, Catch=SHOW_ERROR, End=True, **limits)

    caught = lab.output({"Ask": ask, **SHOWN}, {"seconds": 1})
    (asked,) = lab.messages(url)
    states = lab.client("stepfunctions")

    assert caught["Error"] == error
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=asked["token"], output="{}")


def test_the_limit_of_a_waiting_task_counts_its_call(lab: Any) -> None:
    name = lab.function("import time\ndef handler(event, context):\n    time.sleep(600)\n")

    caught = lab.output(
        {"Ask": waiting(name, TimeoutSeconds=2, Catch=SHOW_ERROR, End=True), **SHOWN}
    )

    assert caught["Error"] == "States.Timeout"


def test_a_heartbeat_starts_its_limit_again(lab: Any, mailbox: Any) -> None:
    url, name = mailbox
    run = lab.start(lab.machine({"Ask": waiting(name, HeartbeatSeconds=3, End=True)}))
    (asked,) = lab.messages(url)
    states, began = lab.client("stepfunctions"), cloud_time.now()

    def beaten_for_long_enough() -> bool:
        states.send_task_heartbeat(taskToken=asked["token"])
        return cloud_time.now() - began > 4

    lab.wait_for(beaten_for_long_enough)
    states.send_task_success(taskToken=asked["token"], output="{}")

    assert lab.end(run)["status"] == "SUCCEEDED"


def test_states_timeout_catches_a_missed_heartbeat(lab: Any, mailbox: Any) -> None:
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
    ask = waiting(mailbox[1], HeartbeatSeconds=1, Catch=catch, End=True)

    assert lab.output({"Ask": ask, **CAUGHT}) == "caught"


def test_a_function_that_outlasts_its_heartbeat_is_over(lab: Any) -> None:
    name = lab.function("import time\ndef handler(event, context):\n    time.sleep(600)\n")
    limits = {"TimeoutSeconds": 30, "HeartbeatSeconds": 2}

    caught = lab.output({"Call": task(name, Catch=SHOW_ERROR, End=True, **limits), **SHOWN})

    assert caught["Error"] == "States.HeartbeatTimeout"


def test_an_aborted_run_closes_its_token(lab: Any, mailbox: Any) -> None:
    url, name = mailbox
    run = lab.start(lab.machine({"Ask": waiting(name, End=True)}))
    states = lab.client("stepfunctions")
    (asked,) = lab.messages(url)
    states.stop_execution(executionArn=run)

    def closed() -> bool:
        try:
            states.send_task_heartbeat(taskToken=asked["token"])
        except states.exceptions.TaskTimedOut:
            return True
        return False

    assert lab.wait_for(closed)


def test_an_answer_that_is_not_json_is_refused_and_the_task_waits_on(
    lab: Any, mailbox: Any
) -> None:
    url, name = mailbox
    run = lab.start(lab.machine({"Ask": waiting(name, End=True)}))
    (asked,) = lab.messages(url)
    states = lab.client("stepfunctions")

    with pytest.raises(states.exceptions.InvalidOutput):
        states.send_task_success(taskToken=asked["token"], output="yes")
    with pytest.raises(ClientError, match="262144"):
        states.send_task_success(taskToken=asked["token"], output='"' + "x" * 262_144 + '"')
    states.send_task_success(taskToken=asked["token"], output='"yes"')

    assert json.loads(lab.end(run)["output"]) == "yes"


# --- nested runs ---


def nested(machine: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": machine, "Input": {"given": "{% $states.input %}"}},
        **more,
    }


def test_a_child_is_a_run_like_any_other_and_its_output_is_json(lab: Any) -> None:
    child = lab.machine({"Say": {"Type": "Pass", "Output": {"said": 1}, "End": True}})

    output = lab.output({"Ask": nested(child, End=True)}, {"a": 1})

    assert (output["Status"], output["Output"]) == ("SUCCEEDED", {"said": 1})
    described = lab.client("stepfunctions").describe_execution(executionArn=output["ExecutionArn"])
    assert json.loads(described["input"]) == {"given": {"a": 1}}


def test_a_child_that_fails_fails_the_task_with_its_description(lab: Any) -> None:
    child = lab.machine({"End": {"Type": "Fail", "Error": "NoRoom", "Cause": "full"}})

    error = lab.output({"Ask": nested(child, Catch=SHOW_ERROR, End=True), **SHOWN}, {"a": 1})

    assert error["Error"] == "States.TaskFailed"
    described = json.loads(error["Cause"])
    assert (described["Status"], described["Error"], described["Cause"]) == (
        "FAILED", "NoRoom", "full"
    )  # fmt: skip
    assert json.loads(described["Input"]) == {"given": {"a": 1}}
    assert "Output" not in described


def test_what_cannot_be_started_is_an_error_of_step_functions(lab: Any) -> None:
    gone = "arn:aws:states:us-east-1:000000000000:stateMachine:gone"

    error = lab.output({"Ask": nested(gone, Catch=SHOW_ERROR, End=True), **SHOWN}, {})

    assert error["Error"] == "StepFunctions.StateMachineDoesNotExistException"
