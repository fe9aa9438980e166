from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from router.operations.redrive import Event, StreamRecords, Unknown, subject_of

ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}:$LATEST"


def subject(message: Any, **attributes: str) -> Any:
    return subject_of(json.dumps(message), attributes, "fg-")


def test_stream_records_were_queued_before_they_arrived_whoever_keeps_the_clock() -> None:
    batch = {"approximateArrivalOfLastRecord": "2026-11-24T10:00:00.000Z", "batchSize": 3}
    found = subject({"requestContext": {}, "DDBStreamBatchInfo": batch})

    assert found == StreamRecords(datetime(2026, 11, 24, 10, 1, tzinfo=UTC), 3)


def test_an_event_that_a_function_gave_up_goes_to_that_function_again() -> None:
    payload = {"detail": {"executionArn": "arn:run"}}
    context = {"functionArn": ARN.format("fg-record-outcome"), "condition": "RetriesExhausted"}

    assert subject({"requestContext": context, "requestPayload": payload}) == Event(
        "fg-record-outcome", payload
    )


def test_an_event_that_a_rule_could_not_deliver_goes_to_its_target() -> None:
    event = {"source": "aws.ssm", "detail": {"name": "/key"}}

    found = subject(event, TARGET_ARN="arn:aws:lambda:us-east-1:1:function:fg-sync-api-key")

    assert found == Event("fg-sync-api-key", event)


def test_no_function_of_others_is_called_whatever_a_message_says() -> None:
    others = {"functionArn": ARN.format("delete-everything")}

    assert subject({"requestContext": others, "requestPayload": {}}) == Unknown()
    assert subject({"requestContext": {"functionArn": 7}}) == Unknown()
    assert subject_of("no JSON", {}, "fg-") == Unknown()
    assert subject(["a list"]) == Unknown()
