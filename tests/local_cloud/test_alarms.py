"""Alarms whose metrics the local cloud has are seen to fire, and the topic is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.clock import now
from local import client, cloud
from local.deployment import Deployment
from router.guards.breaker import breaker_key
from tests.local_cloud.cloud_control import Emulator, make_older, wait_for
from tests.local_cloud.simulator import Simulator
from tests.support.cost_rows import attempt

# Alarms that no test here can bring about, and why.
UNSEEN = {
    "agent-failed": "a run of the workflow must fail (test_fault_agent.py)",
    "agent-timed-out": "a run of the workflow has two hours",
    "api-errors": "the local gateway publishes no metrics",
    "batch-timed-out": "a batch has two weeks",
    "queue-age": "a message must wait for a quarter of an hour",
    "queue-put-back": "a whole burst must be put back",
    "quota-exhausted": "its row of the faults (test_faults.py) shows the cause that it counts",
    "documents-failed": "a run of the workflow must fail (test_fault_rag.py)",
    "documents-timed-out": "a run of the workflow has two hours",
    "rag-failed": "a run of the workflow must fail (test_fault_rag.py)",
    "rag-timed-out": "a run of the workflow has two hours",
    "variants-failed": "a run of the workflow must fail (test_fault_variants.py)",
    "variants-timed-out": "a run of the workflow has an hour",
    "websocket-errors": "the local gateway publishes no metrics",
}


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
        wait_for(lambda: self.is_on(name), f"{name} does not fire")

    def is_on(self, name: str) -> bool:
        return self._is_on(f"{self._prefix}-{name}")

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


def ask(deployment: Deployment, prompt: str, tier: str = "SIMPLE", **fields: Any) -> str:
    """Route a prompt to its end, whatever that is; return the request's id."""
    [arn] = client.start(deployment, [{"input": prompt, "tier": tier, **fields}])
    return str(client.wait_for_execution(deployment, arn, 60)["name"])


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


def test_a_budget_that_is_nearly_used_is_told_and_one_that_is_used_up_once_more(
    deployment: Deployment, emulator: Emulator, alarms: Alarms
) -> None:
    for name in ("budget-80-frugal", "budget-100-frugal"):
        alarms.quiet(name)
    request_id = ask(deployment, "a purse that empties", tenant="frugal")
    client.wait_until_settled(deployment, [request_id], 60, "frugal")
    used = emulator.control(f"budget#frugal#{now():%Y-%m-%d}")["committed_usd"]

    def limited_to(limit: Decimal) -> Any:
        budget = {"day_usd": float(limit), "soft_share": 1}
        return emulator.configured(tenants={"frugal": {"budget": budget}})

    with limited_to(used / Decimal("0.9") + 1):
        ask(deployment, "far from its end", tenant="frugal")
    assert not alarms.is_on("budget-80-frugal")
    # The next one does not fit: it is refused before it is paid for.
    with limited_to(used):
        ask(deployment, "past its end", tenant="frugal")

    alarms.wait_until_on("budget-80-frugal")
    alarms.wait_until_on("budget-100-frugal")


def test_a_model_that_is_skipped_is_told(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, alarms: Alarms
) -> None:
    alarms.quiet("breaker-open")
    model = "us.anthropic.claude-haiku-5-5"
    throttled = {"status": 429, "code": "ThrottlingException"}
    simulator.script({"match": {"model": model}, "count": None, **throttled})

    with emulator.settings("watch_models", BREAKER=json.dumps({"throttles": 1})):
        ask(deployment, "a model that fails")

        alarms.wait_until_on("breaker-open")
    key = {"key": {"S": breaker_key("bedrock", model)}}
    deployment.client("dynamodb").delete_item(TableName=deployment.control_table, Key=key)


def test_a_run_that_fails_is_told_and_one_that_runs_too_long_by_an_alarm_of_its_own(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, alarms: Alarms
) -> None:
    alarms.quiet("failed-executions")
    alarms.quiet("timed-out-executions")

    ask(deployment, "")

    alarms.wait_until_on("failed-executions")
    simulator.script({"match": {"contains": "runs too long"}, "delay_ms": 5000})
    with emulator.workflow_limit(2):
        ask(deployment, "runs too long")
    alarms.wait_until_on("timed-out-executions")


def test_an_event_that_no_function_could_handle_is_told(
    deployment: Deployment, alarms: Alarms, emulator: Emulator
) -> None:
    alarms.quiet("failures-queue")
    function = emulator.name_of("record_outcome")

    # No such event comes; what the function does with it is what it does with one it cannot handle.
    deployment.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")

    alarms.wait_until_on("failures-queue")
    emulator.failures()


def test_a_message_that_is_no_request_is_told(deployment: Deployment, alarms: Alarms) -> None:
    alarms.quiet("queue-dead-letters")
    sqs, queue = deployment.client("sqs"), deployment.outputs["queue"]

    sqs.send_message(QueueUrl=queue["url"], MessageBody="no request")

    alarms.wait_until_on("queue-dead-letters")
    sqs.purge_queue(QueueUrl=queue["dead_letter_url"])


def test_a_batch_that_fails_is_told(deployment: Deployment, alarms: Alarms) -> None:
    alarms.quiet("batch-failed")
    machine = deployment.outputs["batch"]["state_machine_arn"]

    deployment.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")

    alarms.wait_until_on("batch-failed")


def test_every_alarm_is_seen_here_or_said_not_to_be(deployment: Deployment) -> None:
    prefix = deployment.state_machine_arn.rsplit(":", 1)[1]
    found = deployment.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])
    names = {
        each["AlarmName"].removeprefix(f"{prefix}-")
        for each in found["MetricAlarms"]
        if each["AlarmName"].startswith(f"{prefix}-")
    }
    here = Path(__file__).read_text(encoding="utf-8")
    seen = set(re.findall(r'wait_until_on\("([\w-]+)"\)', here))

    assert names == seen | set(UNSEEN)
    assert seen & set(UNSEEN) == set()


def test_every_alarm_names_a_section_of_the_runbook(deployment: Deployment) -> None:
    found = deployment.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])
    runbook = (cloud.ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}

    named = {
        each["AlarmName"]: each["AlarmDescription"].rsplit("docs/runbook.md#", 1)[-1]
        for each in found["MetricAlarms"]
    }
    assert len(named) > len(UNSEEN)
    assert [name for name, anchor in named.items() if anchor not in anchors] == []
