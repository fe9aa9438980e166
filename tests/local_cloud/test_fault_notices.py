"""The notice of a request that the workflow could not close itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, make_older, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator

LONG_AGO = "2026-01-01T00:00:00.000Z"


class Notices:
    """A queue that listens to the topic of failures."""

    def __init__(self, deployment: Deployment) -> None:
        self.sqs, self.sns = deployment.client("sqs"), deployment.client("sns")
        self.url = self.sqs.create_queue(QueueName=f"notices-{uuid4().hex[:8]}")["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
        allowed |= {"Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self.subscription = self.sns.subscribe(
            TopicArn=deployment.outputs["notifications_topic_arn"],
            Protocol="sqs",
            Endpoint=arn,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        self.taken: list[dict[str, Any]] = []

    def of(self, request_id: str) -> list[dict[str, Any]]:
        """Return the notices of one request that have come so far."""
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.taken.append(json.loads(json.loads(message["Body"])["Message"]))
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [notice for notice in self.taken if notice.get("request_id") == request_id]

    def close(self) -> None:
        self.sns.unsubscribe(SubscriptionArn=self.subscription)
        self.sqs.delete_queue(QueueUrl=self.url)


@pytest.fixture
def notices(deployment: Deployment) -> Iterator[Notices]:
    notices = Notices(deployment)
    yield notices
    notices.close()


def abort(deployment: Deployment, simulator: Simulator, prompt: str) -> str:
    """Stop a run in mid-call; return its request's id."""
    simulator.script({"match": {"contains": prompt}, "count": None, "delay_ms": 6000})
    [arn] = client.start(deployment, [{"input": prompt, "tier": "SIMPLE"}])
    wait_for(lambda: simulator.calls_with(prompt), "the model was never called")
    deployment.client("stepfunctions").stop_execution(executionArn=arn)
    return arn.rsplit(":", 1)[1]


def test_a_run_that_an_event_closes_is_told_of_once_and_without_text(
    deployment: Deployment,
    emulator: Emulator,
    simulator: Simulator,
    notices: Notices,
    tell: Tell,
) -> None:
    told = tell("notice-of-a-death", "StopExecution in mid-call", "InvokeHaiku > (record_outcome)")
    prompt = f"stopped, and told of {uuid4().hex[:8]}"
    request_id = abort(deployment, simulator, prompt)

    wait_for(lambda: notices.of(request_id), "no notice came")

    told.found(client.trace(deployment, request_id))
    [notice] = notices.of(request_id)
    assert (notice["cause"], notice["tier"], notice["attempts"]) == ("Aborted", "SIMPLE", 1)
    assert prompt not in json.dumps(notice)
    assert client.trace(deployment, request_id).request["status"] == "FAILED"
    emulator.sweep()
    assert len(notices.of(request_id)) == 1


def test_a_run_that_the_sweep_closes_is_told_of(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, notices: Notices
) -> None:
    with emulator.no_events():
        request_id = abort(deployment, simulator, f"nobody saw it end {uuid4().hex[:8]}")
    make_older(deployment, request_id, LONG_AGO)

    assert emulator.sweep()["closed"] >= 1

    wait_for(lambda: notices.of(request_id), "no notice came")


def test_a_notice_that_nobody_takes_leaves_the_row_closed(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("notice-lost", "the topic is gone", "InvokeHaiku > (record_outcome)")
    gone = "arn:aws:sns:us-east-1:000000000000:gone"
    with emulator.settings("record_outcome", FAILURE_TOPIC_ARN=gone):
        request_id = abort(deployment, simulator, f"told to nobody {uuid4().hex[:8]}")
        [traced] = client.wait_until_settled(deployment, [request_id], 60)

    told.found(traced)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Aborted")
