"""The ``usage`` table and the request queue as the function that duplicates requests sees them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_refused_condition
from cost_calculator.aws.items import to_item
from cost_calculator.clock import iso
from cost_calculator.rows import Row
from router.aws.answers_bucket import answer_store
from router.aws.dynamodb import dynamodb
from router.aws.workflow_store import WorkflowStore
from router.errors import StoreUnavailable


class DuplicateStore(WorkflowStore):
    """DUPLICATE rows change while they are queued, and leave the queue once."""

    def go_on(self, row: Row, changes: Mapping[str, Any], again_at: datetime) -> bool:
        """Note changes, and when the row is looked at again; False if it left the queue."""
        return self._change(row, {**changes, "queued_at": iso(again_at)}, removed=())

    def end(self, row: Row, changes: Mapping[str, Any]) -> None:
        """Note how it ended and take the row off the queue."""
        self._change(row, changes, removed=("queue", "queued_at"))

    def _change(self, row: Row, values: Mapping[str, Any], removed: tuple[str, ...]) -> bool:
        asked = self._update(row["request_id"], row["item"], values)
        names = {f"#r{place}": name for place, name in enumerate(removed)}
        if names:
            asked["UpdateExpression"] += f" REMOVE {', '.join(names)}"
        asked["ExpressionAttributeNames"] |= names | {"#queue": "queue", "#at": "queued_at"}
        # Two looks at once: the second one finds another time.
        asked["ConditionExpression"] = "attribute_exists(#queue) AND #at = :seen"
        asked["ExpressionAttributeValues"] |= to_item({":seen": row["queued_at"]})
        try:
            self._client.update_item(**asked)
        except ClientError as error:
            if is_refused_condition(error):
                return False
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return True


def duplicate_store() -> DuplicateStore:
    """Return the store of this function's environment."""
    return DuplicateStore(
        dynamodb(), os.environ["USAGE_TABLE"], answer_store(os.environ["ANSWERS_BUCKET"])
    )


def request_sender() -> Callable[[Mapping[str, Any]], None]:
    """Return what puts a request on the queue; it raises if SQS does not take it."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    client, url = boto3.client("sqs", config=config), os.environ["QUEUE_URL"]

    def send(request: Mapping[str, Any]) -> None:
        client.send_message(QueueUrl=url, MessageBody=json.dumps(request, ensure_ascii=False))

    return send
