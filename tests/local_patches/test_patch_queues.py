"""Dead letters go back as SQS's redrive takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_patches.conftest import Lab


@pytest.fixture
def pair(lab: Lab) -> tuple[tuple[str, str], tuple[str, str]]:
    """A queue and its dead-letter queue, each as URL and ARN."""
    queue, dead = lab.queue(), lab.queue()
    policy = json.dumps({"deadLetterTargetArn": dead[1], "maxReceiveCount": 1})
    lab.client("sqs").set_queue_attributes(
        QueueUrl=queue[0], Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    )
    return queue, dead


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", [])
    return found


def move(sqs: Any, source: str, **more: str) -> dict[str, Any]:
    """Redrive a dead-letter queue; return what became of the task."""
    handle = sqs.start_message_move_task(SourceArn=source, **more)["TaskHandle"]
    [task] = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert task.get("TaskHandle", handle) == handle
    return dict(task)


def test_a_dead_letter_goes_back_to_where_it_came_from_as_a_new_message(
    lab: Lab, pair: Any
) -> None:
    sqs = lab.client("sqs")
    (queue, _), (dead, dead_arn) = pair
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison")["MessageId"]
    received(sqs, queue)
    assert received(sqs, queue) == []  # SQS has moved it

    task = move(sqs, dead_arn)

    [again] = received(sqs, queue)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert again["Body"] == "poison"
    assert again["MessageId"] != sent
    assert received(sqs, dead) == []


def test_what_was_sent_to_the_dead_letter_queue_goes_only_where_it_is_told_to(
    lab: Lab, pair: Any
) -> None:
    sqs = lab.client("sqs")
    (queue, queue_arn), (dead, dead_arn) = pair
    why = {"reason": {"DataType": "String", "StringValue": "AccessDenied"}}
    sqs.send_message(QueueUrl=dead, MessageBody="set aside", MessageAttributes=why)

    lost = move(sqs, dead_arn)
    told = move(sqs, dead_arn, DestinationArn=queue_arn)

    assert (lost["Status"], lost["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert told["Status"] == "COMPLETED"
    [again] = received(sqs, queue)
    assert again["MessageAttributes"]["reason"]["StringValue"] == "AccessDenied"


def test_a_queue_that_takes_no_dead_letters_is_not_redriven(lab: Lab, pair: Any) -> None:
    (_, queue_arn), _ = pair

    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        lab.client("sqs").start_message_move_task(SourceArn=queue_arn)
