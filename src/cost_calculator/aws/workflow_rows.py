"""The rows of workflow runs, as ``report --workflow`` and the HTTP API read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cost_calculator.aws.items import from_item
from cost_calculator.rows import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TEXTS = ("CONTENT", "ANSWER")


class WorkflowRows:
    """The ``usage`` table by its index of parents, which holds keys alone."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def steps_of(self, parent: str) -> Iterator[str]:
        """Yield the keys of the requests that name a run as their parent, the oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-parent",
            KeyConditionExpression="parent_id = :parent",
            ExpressionAttributeValues={":parent": {"S": parent}},
            ProjectionExpression="request_id",
        )
        for page in pages:
            yield from (item["request_id"]["S"] for item in page["Items"])

    def rows_of(self, key: str) -> dict[str, Row]:
        """Return all rows under a key, by ``item``, but those that hold texts."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="request_id = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
        )
        rows = (from_item(item) for page in pages for item in page["Items"])
        return {row["item"]: row for row in rows if row["item"] not in _TEXTS}
