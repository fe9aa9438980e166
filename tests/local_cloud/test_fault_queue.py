"""The failures queue's messages: one command does their work and takes them away."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from cost_calculator.aws.items import to_item
from cost_calculator.cli.reconcile import reconcile_tables
from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_reruns import command
from tests.soak.run import ledger
from tests.support import cost_rows


def put(deployment: Deployment, row: dict[str, Any]) -> None:
    deployment.client("dynamodb").put_item(TableName=deployment.usage_table, Item=to_item(row))


def waiting(deployment: Deployment) -> int:
    """Return how many messages the failures queue holds, seen or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = deployment.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["failures_queue"]["url"], AttributeNames=names
    )
    return sum(int(found["Attributes"][name]) for name in names)


def test_rows_that_the_stream_gave_up_are_priced_by_one_command_once_they_are_mended(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell(
        "redrive-stream",
        "a row of schema 99 (put at the table: a seam), then mended",
        "price_rows > failures queue > faregate redrive stream",
    )
    emulator.drain()
    emulator.failures()
    row = cost_rows.attempt(f"poison-{uuid4().hex[:8]}", schema=99)
    put(deployment, row)
    wait_for(lambda: waiting(deployment) == 1, "no message came")

    code, [kept] = command(deployment, "redrive", "stream")
    assert (code, kept["done"]) == (1, False)
    assert "schema 99" in kept["problem"]
    assert waiting(deployment) == 1

    emulator.drain()
    with emulator.stream_off():
        put(deployment, row | {"schema": 1})
        code, [gone] = command(deployment, "redrive", "stream")
        traced = client.trace(deployment, row["request_id"])
    told.found(traced)
    assert (code, gone["done"]) == (0, True)
    assert traced.attempts[0]["cost_status"] == "PRICED"
    assert waiting(deployment) == 0
    assert command(deployment, "redrive", "stream") == (0, [])

    emulator.drain()
    store = ledger(deployment)
    assert reconcile_tables(store).differences == ()


def test_an_event_that_a_function_gave_up_is_handled_by_one_command(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell(
        "redrive-events",
        "record_outcome cannot reach its table, thrice",
        "InvokeOpenAI > failures queue > faregate redrive events",
    )
    emulator.failures()
    prompt = f"nobody could close it {uuid4().hex[:8]}"
    simulator.script({"match": {"contains": prompt}, "count": None, "delay_ms": 6000})
    # Through the HTTP Task: a function that was still at its call would record its answer.
    with emulator.settings("record_outcome", USAGE_TABLE="no-such-table"):
        [arn] = client.start(deployment, [{"input": prompt, "tier": "CALCULATION"}])
        wait_for(lambda: simulator.calls_with(prompt), "the model was never called")
        deployment.client("stepfunctions").stop_execution(executionArn=arn)
        wait_for(lambda: waiting(deployment) == 1, "no message came")
        code, [kept] = command(deployment, "redrive", "events")
        assert (code, kept["done"]) == (1, False)
        assert "StoreUnavailable" in kept["problem"]
    request_id = arn.rsplit(":", 1)[1]
    assert client.trace(deployment, request_id).request["status"] == "ACCEPTED"

    code, [gone] = command(deployment, "redrive", "events")

    [traced] = client.wait_until_settled(deployment, [request_id], 60)
    told.found(traced)
    assert (code, gone["done"]) == (0, True)
    assert traced.request["cause"] == "Aborted"
    assert waiting(deployment) == 0
