"""Alarms whose metrics the local cloud has are seen to fire, and the topic is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cost_calculator.items import to_item
from local import routing
from local.deployment import Deployment
from tests.cost_rows import attempt
from tests.local_cloud.hands import Emulator, make_older, wait_for
from tests.local_cloud.simulator import Simulator


class Alarms:
    """The deployment's alarms, by the names the runbook has for them."""

    def __init__(self, deployment: Deployment) -> None:
        self._client = deployment.client("cloudwatch")
        self._prefix = deployment.state_machine_arn.rsplit(":", 1)[1]

    def quiet(self, name: str) -> None:
        """Take an alarm back, whatever an earlier test did, so that it must fire anew."""
        alarm = f"{self._prefix}-{name}"
        self._client.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")

    def wait_until_on(self, name: str) -> None:
        wait_for(lambda: self._is_on(f"{self._prefix}-{name}"), f"{name} does not fire")

    def composite_is_on(self) -> bool:
        return self._is_on(self._prefix)

    def _is_on(self, name: str) -> bool:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = self._client.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
        [alarm] = found["MetricAlarms"] + found["CompositeAlarms"]
        return bool(alarm["StateValue"] == "ALARM")


@pytest.fixture
def alarms(deployment: Deployment) -> Alarms:
    return Alarms(deployment)


@pytest.fixture
def told(deployment: Deployment) -> Iterator[Any]:
    """A queue that hears what the topic is told: a function that returns the next alarm's name."""
    sqs, sns = deployment.client("sqs"), deployment.client("sns")
    url = sqs.create_queue(QueueName="alarm-notices")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    may = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn["QueueArn"]}
    may |= {"Principal": {"Service": "sns.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(
        TopicArn=deployment.outputs["notifications_topic_arn"],
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]

    def names() -> set[str]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        return {body["AlarmName"] for body in bodies if "AlarmName" in body}

    yield names
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def ask(deployment: Deployment, prompt: str, tier: str = "SIMPLE") -> str:
    """Route a prompt to its end, whatever that is; return the request's id."""
    [arn] = routing.start(deployment, [{"input": prompt, "tier": tier}])
    return str(routing.wait_for_execution(deployment, arn, 60)["name"])


def test_a_refused_key_is_told_at_once(
    deployment: Deployment, simulator: Simulator, alarms: Alarms, told: Any
) -> None:
    alarms.quiet("config-errors")
    simulator.script({"match": {"contains": "refused key"}, "count": None, "status": 403})

    ask(deployment, "a refused key")

    alarms.wait_until_on("config-errors")
    assert alarms.composite_is_on()
    prefix = deployment.state_machine_arn.rsplit(":", 1)[1]
    wait_for(lambda: f"{prefix}-config-errors" in told(), "the topic is not told")


def test_an_attempt_without_a_price_is_told(deployment: Deployment, alarms: Alarms) -> None:
    alarms.quiet("unpriced")
    row = attempt("alarm-unpriced", model="us.anthropic.claude-mystery-1")

    deployment.client("dynamodb").put_item(TableName=deployment.usage_table, Item=to_item(row))

    alarms.wait_until_on("unpriced")


def test_calls_given_up_for_want_of_capacity_are_told(
    deployment: Deployment, simulator: Simulator, alarms: Alarms
) -> None:
    alarms.quiet("throttles")
    simulator.script({"match": {"contains": "no capacity"}, "count": None, "status": 429})

    ask(deployment, "no capacity")

    alarms.wait_until_on("throttles")


def test_a_dear_hour_is_told(deployment: Deployment, simulator: Simulator, alarms: Alarms) -> None:
    alarms.quiet("spend-slope")
    dear = {"inputTokens": 10, "outputTokens": 9_000, "totalTokens": 9_010}
    simulator.script({"match": {"contains": "a dear answer"}, "usage": dear})

    ask(deployment, "a dear answer", tier="COMPLEX")

    alarms.wait_until_on("spend-slope")


def test_rows_that_wait_for_their_price_are_told(
    deployment: Deployment, emulator: Emulator, alarms: Alarms
) -> None:
    alarms.quiet("pending-age")
    with emulator.stream_off():
        request_id = ask(deployment, "a row that waits")
        # Long enough for the alarm, not for the sweep to price it.
        then = datetime.now(UTC) - timedelta(minutes=3)
        make_older(deployment, request_id, then.strftime("%Y-%m-%dT%H:%M:%S.000Z"))

        emulator.sweep()

        alarms.wait_until_on("pending-age")
    emulator.drain()
