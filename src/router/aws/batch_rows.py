"""The ``usage`` table as a batch reads it: the state of many requests at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from router.aws.usage_table import UsageStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FIELDS = ("request_id", "status", "tenant", "payload_hash")
_MOST = 100  # of BatchGetItem


class BatchRows:
    """Reads REQUEST rows in batches, and all rows of one request."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep
        self.rows_of = UsageStore(client, table).rows_of

    def statuses(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return ``{"status", "tenant", "payload_hash"}`` of each request that has a row."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(keys), _MOST):
            asked = [
                {"request_id": {"S": key}, "item": {"S": "REQUEST"}}
                for key in keys[start : start + _MOST]
            ]
            found |= self._read(asked)
        return found

    def _read(self, keys: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        names = {f"#{name}": name for name in _FIELDS}
        asked: dict[str, Any] = {
            self._table: {
                "Keys": keys,
                "ProjectionExpression": ", ".join(names),
                "ExpressionAttributeNames": names,
            }
        }
        found = {}
        while asked:
            answer: Any = self._client.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self._table, []):
                row = {name: value["S"] for name, value in item.items()}
                found[row.pop("request_id")] = row
            asked = answer.get("UnprocessedKeys") or {}
            if asked:  # the table is over its throughput
                self._sleep(0.2)
        return found
