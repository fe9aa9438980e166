"""The breakers in the ``control`` table, as ``watch_models`` and the command line see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import is_refused_condition
from cost_calculator.aws.items import from_item, to_item
from router.guards.breaker import Breaker, model_of, to_row
from router.guards.conditional_update import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MOST_KEYS = 100


class ControlBreakers:
    """Reads breakers, and writes one only if no other writer has changed it meanwhile."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, keys: Collection[str]) -> dict[str, Item]:
        """Return the items there are, by key; up to date."""
        found: dict[str, Item] = {}
        wanted = sorted(keys)
        for start in range(0, len(wanted), _MOST_KEYS):
            chunk: list[Any] = [{"key": {"S": key}} for key in wanted[start : start + _MOST_KEYS]]
            while chunk:
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": chunk, "ConsistentRead": True}}
                )
                items = map(from_item, answer["Responses"].get(self._table, ()))
                found |= {item["key"]: item for item in items}
                left: dict[str, Any] = answer.get("UnprocessedKeys") or {}
                chunk = left.get(self._table, {}).get("Keys", [])
        return found

    def save(self, key: str, before: Breaker, after: Breaker) -> bool:
        """Write a breaker; return ``False`` if it is no longer as ``before`` found it."""
        condition = "version = :version" if before.version else "attribute_not_exists(version)"
        values = {"ExpressionAttributeValues": {":version": {"N": str(before.version)}}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(to_row(key, after)),
                ConditionExpression=condition,
                **(values if before.version else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            if not is_refused_condition(error):
                raise
            return False
        return True

    def all(self) -> Iterator[Item]:
        """Yield every breaker's item."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        for page in pages:
            for item in map(from_item, page["Items"]):
                if model_of(item["key"]) is not None:
                    yield item
