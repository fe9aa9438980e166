"""Dead letters move back to where they came from, as SQS's redrive does.

AWS: StartMessageMoveTask moves a dead-letter queue's messages to `DestinationArn`, each as a new
message with its body and attributes. Without a destination each goes to the queue that SQS took it
from; one that was sent straight to the dead-letter queue has no such queue, and ends the task as
FAILED with `CouldNotDetermineMessageSource`. ListMessageMoveTasks answers its status.
MiniStack 1.5.33: knows neither. Ours moves at once, all visible messages.
"""

import base64
import json
import time
from typing import Any

from ministack.services import sqs

from local.emulator.patches.registry import adds

_tasks: dict[str, list[dict[str, Any]]] = {}
_MOST_LISTED = 10


@adds(sqs, "_HANDLERS", "StartMessageMoveTask")
def start(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """Move what is visible, and keep what came of it."""
    source, arn = _queue(data.get("SourceArn", "")), data["SourceArn"]
    if not any(_dead_letters_of(queue) == arn for queue in sqs._queues.values()):
        raise sqs._Err(
            "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
        )
    handle = base64.b64encode(json.dumps([arn, time.time()]).encode()).decode()
    destination = data.get("DestinationArn")
    task = {"TaskHandle": handle, "SourceArn": arn, "StartedTimestamp": int(time.time() * 1000)}
    if destination:
        _queue(destination)
        task["DestinationArn"] = destination
    _tasks.setdefault(arn, []).insert(0, task | _move(source, destination))
    return {"TaskHandle": handle}


@adds(sqs, "_HANDLERS", "ListMessageMoveTasks")
def list_tasks(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """List the newest tasks of a dead-letter queue."""
    _queue(data.get("SourceArn", ""))
    most = min(int(data.get("MaxResults", 1)), _MOST_LISTED)
    return {"Results": _tasks.get(data["SourceArn"], [])[:most]}


def _move(source: dict[str, Any], destination: str | None) -> dict[str, Any]:
    """Move what is visible; return how that went."""
    now = time.time()
    waiting = [message for message in source["messages"] if message["visible_at"] <= now]
    moved = 0
    for message in waiting:
        target = destination or message["sys"].get("DeadLetterQueueSourceArn")
        if target is None:
            reason = "CouldNotDetermineMessageSource"
            return {**_progress("FAILED", moved, len(waiting)), "FailureReason": reason}
        source["messages"].remove(message)
        again = {"MessageBody": message["body"], "MessageAttributes": message["message_attributes"]}
        sqs._act_send_message(again, _queue(target)["url"])
        moved += 1
    return _progress("COMPLETED", moved, len(waiting))


def _progress(status: str, moved: int, of: int) -> dict[str, Any]:
    return {
        "Status": status,
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": of,
    }


def _queue(arn: str) -> dict[str, Any]:
    found: dict[str, Any] | None = sqs._queue_by_arn(arn)
    if found is None:
        raise sqs._Err("ResourceNotFoundException", f"There is no queue {arn}.", 404)
    return found


def _dead_letters_of(queue: dict[str, Any]) -> str | None:
    policy = queue["attributes"].get("RedrivePolicy")
    return json.loads(policy)["deadLetterTargetArn"] if policy else None
