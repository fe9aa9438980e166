"""The queue as a door: every message an execution, once; what cannot be one is set aside."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from local import client
from local.deployment import Deployment
from router.executions.names import execution_name
from router.guards.rate_limit import rate_key
from tests.local_cloud.cloud_control import Emulator, limited_to, spend_totals, wait_for
from tests.local_cloud.reader import paste

# Leaves thousands of rows, and some tests price again all that there is.
pytestmark = pytest.mark.runs("late")

BURST = 300
TIERS = ("SIMPLE", "CALCULATION", "COMPLEX")


def send(deployment: Deployment, bodies: Sequence[str]) -> None:
    aws, url = deployment.client("sqs"), deployment.outputs["queue"]["url"]

    def batch(start: int) -> None:
        entries = [
            {"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])
        ]
        answer = aws.send_message_batch(QueueUrl=url, Entries=entries)
        assert not answer.get("Failed")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, range(0, len(bodies), 10)))


def left(deployment: Deployment, which: str = "url") -> int:
    """Messages in a queue, those in flight and those that wait included."""
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    found = deployment.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["queue"][which], AttributeNames=names
    )["Attributes"]
    return sum(int(found[name]) for name in names)


def take_dead_letters(deployment: Deployment) -> list[dict[str, Any]]:
    aws, url = deployment.client("sqs"), deployment.outputs["queue"]["dead_letter_url"]
    taken: list[dict[str, Any]] = []
    while messages := aws.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            aws.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            given = message.get("MessageAttributes", {})
            taken.append(
                {"body": message["Body"]} | {n: a["StringValue"] for n, a in given.items()}
            )
    return taken


@pytest.fixture(autouse=True)
def empty(deployment: Deployment) -> Iterator[None]:
    assert take_dead_letters(deployment) == []
    yield
    take_dead_letters(deployment)


@contextmanager
def seen_again_after(deployment: Deployment, seconds: int) -> Iterator[None]:
    """Shorten the queue's visibility time-out for a while."""
    aws, url = deployment.client("sqs"), deployment.outputs["queue"]["url"]
    aws.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
    try:
        yield
    finally:
        aws.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "300"})


def request(
    request_id: str,
    text: str = "What is the capital of France?",
    tier: str = "SIMPLE",
    tenant: str = "default",
) -> str:
    return json.dumps({"input": text, "request_id": request_id, "tier": tier, "tenant": tenant})


def new_ids(count: int) -> list[str]:
    return [f"q-{uuid.uuid4().hex[:12]}-{n}" for n in range(count)]


def test_a_burst_drains_nothing_is_lost_or_done_twice_and_the_sums_are_those_of_the_rows(
    deployment: Deployment,
) -> None:
    before = spend_totals(deployment)
    ids = new_ids(BURST)
    send(
        deployment,
        [request(name, f"What is {n} plus {n}?", TIERS[n % 3]) for n, name in enumerate(ids)],
    )

    traces = client.wait_until_settled(deployment, ids, 240)

    assert Counter(traced.request.get("status") for traced in traces) == {"SUCCEEDED": BURST}
    assert all(len(traced.attempts) == 1 and traced.priced for traced in traces)
    added = spend_totals(deployment) - before
    assert (added["requests"], added["attempts"]) == (BURST, BURST)
    for name in ("cost_usd", "baseline_usd"):
        rows = sum((row[name] for traced in traces for row in traced.attempts), Decimal(0))
        assert added[name] == rows
    wait_for(lambda: left(deployment) == 0, "messages are left in the queue")
    assert left(deployment, "dead_letter_url") == 0


def test_a_malformed_message_lands_in_the_dlq_with_its_reason_and_blocks_nobody(
    deployment: Deployment,
) -> None:
    [good, taken] = new_ids(2)
    send(deployment, [request(taken)])
    client.wait_until_settled(deployment, [taken], 60)

    send(deployment, ["no json", '{"prompt": "hi"}', request(taken, "another"), request(good)])
    [traced] = client.wait_until_settled(deployment, [good], 60)
    wait_for(lambda: left(deployment, "dead_letter_url") == 3, "not all bad messages are there")
    dead = take_dead_letters(deployment)

    assert traced.request["status"] == "SUCCEEDED"
    assert Counter(message["reason"] for message in dead) == {"InvalidRequest": 2, "Conflict": 1}
    assert "unknown field `prompt`" in next(m["detail"] for m in dead if "prompt" in m["body"])
    assert left(deployment) == 0


def test_a_message_delivered_twice_runs_once(deployment: Deployment, emulator: Emulator) -> None:
    [name] = new_ids(1)
    send(deployment, [request(name)] * 3)
    client.wait_until_settled(deployment, [name], 60)
    wait_for(lambda: left(deployment) == 0, "messages are left in the queue")

    assert len(client.trace(deployment, name).attempts) == 1
    assert left(deployment, "dead_letter_url") == 0


def test_a_consumer_that_dies_loses_no_message(deployment: Deployment, emulator: Emulator) -> None:
    names = new_ids(20)
    with seen_again_after(deployment, 2):
        emulator.kill("ingest", count=2, after_ms=20)
        send(deployment, [request(name) for name in names])
        traces = client.wait_until_settled(deployment, names, 90)
        wait_for(lambda: left(deployment) == 0, "messages are left in the queue")

    assert emulator.deaths_to_come("ingest") == 0
    assert Counter(traced.request.get("status") for traced in traces) == {"SUCCEEDED": 20}
    assert all(len(traced.attempts) == 1 for traced in traces)


def test_a_throttled_start_is_put_back_and_never_counts_towards_the_dlq(
    deployment: Deployment, emulator: Emulator
) -> None:
    [name] = new_ids(1)
    # It is refused more often than it may be delivered: four times, and the SDK asks twice.
    emulator.throttle_starts(8)
    send(deployment, [request(name)])

    [traced] = client.wait_until_settled(deployment, [name], 240)

    assert emulator.starts_to_throttle() == 0
    assert traced.request.get("status") == "SUCCEEDED"
    assert left(deployment, "dead_letter_url") == 0


def test_redriven_dead_letters_run_and_what_is_still_no_request_comes_back(
    deployment: Deployment,
) -> None:
    [name] = new_ids(1)
    dead = deployment.outputs["queue"]["dead_letter_url"]
    send(deployment, ["no json"])
    wait_for(lambda: left(deployment, "dead_letter_url") == 1, "the bad message is not there")
    # As `ingest` sets aside what could not be started.
    deployment.client("sqs").send_message(QueueUrl=dead, MessageBody=request(name))

    paste(deployment, deployment.outputs["commands"]["redrive"])

    [traced] = client.wait_until_settled(deployment, [name], 60)
    wait_for(lambda: left(deployment, "dead_letter_url") == 1, "the bad message did not come back")
    assert traced.request["status"] == "SUCCEEDED"
    assert [message["reason"] for message in take_dead_letters(deployment)] == ["InvalidRequest"]


def test_a_message_that_its_tenants_rate_has_no_room_for_waits_in_the_queue(
    deployment: Deployment, emulator: Emulator
) -> None:
    first, second = new_ids(2)
    tenants = limited_to(1, first)
    with emulator.configured(tenants=tenants), emulator.seen_rates(tenants):
        send(deployment, [request(first, tenant=first)])
        client.wait_until_settled(deployment, [first], 60, first)
        wait_for(lambda: left(deployment) == 0, "messages are left in the queue")

        send(deployment, [request(second, tenant=first)])
        wait_for(lambda: delayed(deployment) == 1, "the message was not put back")

    assert not has_run(deployment, execution_name(first, second))
    deployment.client("sqs").purge_queue(QueueUrl=deployment.outputs["queue"]["url"])


def test_a_run_that_is_refused_for_its_rate_runs_again_until_it_is_answered(
    deployment: Deployment, emulator: Emulator
) -> None:
    [name] = new_ids(1)
    run = execution_name(name, name)
    with (
        emulator.impatient(),
        emulator.configured(tenants=limited_to(1, name)),
        # As if others took the room between the look and the start.
        emulator.seen_rates(limited_to(10_000, name)),
    ):
        fill_the_bucket(deployment, name, in_seconds=59)
        send(deployment, [request(name, tenant=name)])
        wait_for(lambda: was_refused(deployment, run), "the run was not refused")
        fill_the_bucket(deployment, name, in_seconds=0)
        [traced] = client.wait_until_settled(deployment, [name], 60, name)
        wait_for(lambda: left(deployment) == 0, "messages are left in the queue")

    assert traced.request.get("status") == "SUCCEEDED"
    assert len(traced.attempts) == 1
    assert left(deployment, "dead_letter_url") == 0


def fill_the_bucket(deployment: Deployment, tenant: str, in_seconds: int) -> None:
    full_at = int((time.time() + in_seconds) * 1_000_000)
    deployment.client("dynamodb").put_item(
        TableName=deployment.control_table,
        Item=to_item({"key": rate_key(tenant), "requests_full_at": full_at}),
    )


def delayed(deployment: Deployment) -> int:
    found = deployment.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["queue"]["url"],
        AttributeNames=["ApproximateNumberOfMessagesDelayed"],
    )
    return int(found["Attributes"]["ApproximateNumberOfMessagesDelayed"])


def run_of(deployment: Deployment, name: str) -> dict[str, Any]:
    arn = deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
    found: dict[str, Any] = deployment.client("stepfunctions").describe_execution(
        executionArn=f"{arn}:{name}"
    )
    return found


def was_refused(deployment: Deployment, name: str) -> bool:
    return has_run(deployment, name) and run_of(deployment, name).get("error") == "RateLimited"


def has_run(deployment: Deployment, name: str) -> bool:
    try:
        return bool(run_of(deployment, name))
    except deployment.client("stepfunctions").exceptions.ExecutionDoesNotExist:
        return False
