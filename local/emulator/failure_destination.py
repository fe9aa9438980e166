"""Sends the metadata of discarded stream records, never the rows, to a queue or topic."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ministack.services import sns, sqs


def send(
    mapping: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    condition: str,
    invocations: int,
) -> None:
    """Report the discarded records to the mapping's OnFailure destination, if it has one."""
    target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not target:
        return
    body = json.dumps(_envelope(mapping, records, condition, invocations))
    if ":sqs:" in target:
        queue = sqs._queue_by_arn(target)
        if queue is not None:
            sqs._act_send_message({"QueueUrl": queue["url"], "MessageBody": body}, queue["url"])
    elif ":sns:" in target:
        sns._publish({"TopicArn": target, "Message": body})


def _envelope(
    mapping: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    condition: str,
    invocations: int,
) -> dict[str, Any]:
    first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
    envelope: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": "shardId-00000000000000000000-00000000",
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _iso(first["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _iso(last["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": mapping["EventSourceArn"],
        },
    }
    if invocations:
        envelope["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        }
    return envelope


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
