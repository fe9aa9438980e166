"""Runs that die, and runs that come twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, fresh, make_older, states_entered, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator

LONG_AGO = "2026-01-01T00:00:00.000Z"


def start(deployment: Deployment, prompt: str, tier: str = "SIMPLE") -> str:
    [arn] = client.start(deployment, [{"input": prompt, "tier": tier}])
    return arn


def settled(deployment: Deployment, arn: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [arn.rsplit(":", 1)[1]], 90)
    assert traced.settled, traced
    return traced


def hang(simulator: Simulator, prompt: str, milliseconds: int, count: int | None = None) -> None:
    simulator.script({"match": {"contains": prompt}, "count": count, "delay_ms": milliseconds})


def test_an_aborted_run_is_closed_with_the_call_that_may_be_billed(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("aborted", "StopExecution in mid-call", "InvokeHaiku > (record_outcome)")
    prompt = "aborted in mid-call"
    hang(simulator, prompt, 8000)
    arn = start(deployment, prompt)
    wait_for(lambda: simulator.calls_with(prompt), "the model was never called")

    deployment.client("stepfunctions").stop_execution(executionArn=arn)

    traced = settled(deployment, arn)
    told.found(traced)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Aborted")
    [attempt] = traced.attempts
    assert (attempt["outcome"], attempt["cost_status"]) == ("UNKNOWN", "UNKNOWN")
    assert attempt["upper_estimate_usd"] > 0


def test_a_run_over_its_time_limit_is_closed_with_the_call_that_may_be_billed(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell(
        "workflow-times-out", "TimeoutSeconds of the machine: 5", "InvokeHaiku > (TIMED_OUT)"
    )
    prompt = "longer than a run may last"
    hang(simulator, prompt, 15000)
    with emulator.workflow_limit(5):
        arn = start(deployment, prompt)
        run = client.wait_for_execution(deployment, arn, 60)

    traced = settled(deployment, arn)
    told.found(traced)
    assert run["status"] == "TIMED_OUT"
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "WorkflowTimedOut")
    assert [row["outcome"] for row in traced.attempts] == ["UNKNOWN"]
    assert len(simulator.calls_with(prompt)) == 1


def test_a_worker_killed_in_mid_call_is_an_unknown_attempt_and_the_next_model_answers(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell(
        "worker-killed",
        "invoke_model's worker dies while it waits for the model",
        "InvokeHaiku > PlanNextStep > NextStep > InvokeModel",
    )
    prompt = "killed in mid-call"
    hang(simulator, prompt, 12000, count=1)
    emulator.kill("invoke_model", after_ms=4000)
    arn = start(deployment, prompt)

    traced = settled(deployment, arn)
    told.found(traced)
    assert traced.request["status"] == "SUCCEEDED"
    assert [row["outcome"] for row in traced.attempts] == ["UNKNOWN", "OK"]
    assert [int(row["served"]) for row in traced.attempts] == [0, 1]
    assert len(simulator.calls_with(prompt)) == 2


def test_a_worker_of_analyze_that_dies_after_accepting_accepts_once(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("analyze-killed", "analyze's worker dies right after its work", "retried: no trace")
    emulator.kill("analyze", after_ms=60_000)
    arn = start(deployment, "killed while accepting")

    traced = settled(deployment, arn)
    told.found(traced)
    assert traced.request["status"] == "SUCCEEDED"
    assert emulator.deaths_to_come("analyze") == 0
    assert len(simulator.calls_with("killed while accepting")) == 1


def test_the_sweep_closes_a_run_whose_end_no_event_told(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("event-lost", "StopExecution, no event; 17 minutes pass", "InvokeOpenAI > (sweep)")
    prompt = "nobody tells of its end"
    hang(simulator, prompt, 6000)
    # Through the HTTP Task: a function that was still at its call would record its answer.
    with emulator.no_events():
        arn = start(deployment, prompt, "CALCULATION")
        wait_for(lambda: simulator.calls_with(prompt), "the model was never called")
        deployment.client("stepfunctions").stop_execution(executionArn=arn)
    request_id = arn.rsplit(":", 1)[1]
    assert client.trace(deployment, request_id).request["status"] == "ACCEPTED"

    make_older(deployment, request_id, LONG_AGO)
    assert emulator.sweep()["closed"] >= 1

    traced = settled(deployment, arn)
    told.found(traced)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Aborted")
    assert [row["outcome"] for row in traced.attempts] == ["UNKNOWN"]


def test_a_name_that_is_replayed_runs_and_is_paid_for_once(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("name-replayed", "StartExecution thrice with one name", "InvokeHaiku")
    aws = deployment.client("stepfunctions")
    prompt = "one name, three starts"
    hang(simulator, prompt, 1500)
    ask: dict[str, Any] = {
        "stateMachineArn": deployment.state_machine_arn,
        "name": fresh("replayed"),
        "input": json.dumps({"input": prompt, "tier": "SIMPLE"}),
    }
    first = aws.start_execution(**ask)["executionArn"]
    again = aws.start_execution(**ask)["executionArn"]
    client.wait_for_execution(deployment, first, 60)
    with pytest.raises(ClientError) as refused:
        aws.start_execution(**ask)

    traced = settled(deployment, first)
    told.found(traced)
    assert again == first
    assert code_of(refused.value) == "ExecutionAlreadyExists"
    assert len(traced.attempts) == len(simulator.calls_with(prompt)) == 1


def next_notice(sqs: Any, url: str) -> dict[str, Any]:
    """Wait for a notice; alarms come by the same topic."""
    found: list[dict[str, Any]] = []

    def received() -> bool:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", [])
        found.extend(each for each in messages if "AlarmName" not in each["Body"])
        return bool(found)

    wait_for(received, "no notice came")
    return found[0]


def test_the_notice_of_a_failure_comes_after_its_row_and_holds_no_text(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    path = "InvokeHaiku > PlanNextStep > NextStep > NotifyFailure > RequestFailed"
    told = tell("notice", "us.anthropic.claude-haiku-5-5: 403", path)
    sqs, sns = deployment.client("sqs"), deployment.client("sns")
    url = sqs.create_queue(QueueName="notices")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = deployment.outputs["notifications_topic_arn"]
    may = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn["QueueArn"]}
    may |= {"Principal": {"Service": "sns.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"], ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    prompt = "a failure that is told"
    simulator.script({"match": {"contains": prompt}, "count": None, "status": 403})
    try:
        run = start(deployment, prompt)
        message = next_notice(sqs, url)
        at_notice = client.trace(deployment, run.rsplit(":", 1)[1])
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)

    told.found(settled(deployment, run))
    notice = json.loads(json.loads(message["Body"])["Message"])
    assert at_notice.request["status"] == "FAILED"
    assert notice["request_id"] == at_notice.request_id
    assert notice["cause"] == "AccessDenied"
    assert prompt not in message["Body"]
    assert " > ".join(states_entered(deployment, run)[2:]) == path
