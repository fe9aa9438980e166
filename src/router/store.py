"""DynamoDB as the router sees it: accept once, read, close once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from router.errors import StoreUnavailable
from router.rows import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class UsageStore:
    """The ``usage`` table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def accept(self, rows: Sequence[Row]) -> Row | None:
        """Put the rows of a new request, all or none.

        Return ``None`` when they were put, or the REQUEST row that stands under the id already.
        Raise ``StoreUnavailable`` when neither is known.
        """
        puts = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": _item(row),
                    "ConditionExpression": "attribute_not_exists(request_id)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for row in rows
        ]
        try:
            self._client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]
        except ClientError as error:
            for reason in error.response.get("CancellationReasons", []):
                if reason.get("Code") == "ConditionalCheckFailed" and reason.get("Item"):
                    return self.rows_of(_row(reason["Item"])["request_id"])["REQUEST"]
            raise StoreUnavailable(_code(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return None

    def rows_of(self, request_id: str) -> dict[str, Row]:
        """Return all rows of a request by their ``item`` key."""
        try:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="request_id = :id",
                ExpressionAttributeValues={":id": {"S": request_id}},
                ConsistentRead=True,
            )
            return {row["item"]: row for page in pages for row in map(_row, page["Items"])}
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    def queued(self, queue: str, before: str) -> Iterator[Row]:
        """Yield the rows on a work queue that were put there before a time, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-queue",
            KeyConditionExpression="#queue = :queue AND queued_at < :before",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues={":queue": {"S": queue}, ":before": {"S": before}},
        )
        for page in pages:
            yield from map(_row, page["Items"])

    def close(self, request: Row, closing: Mapping[str, Any], attempts: Sequence[Row]) -> bool:
        """Write the terminal row and the attempts that are not there yet, all or none.

        Return whether this call closed it; ``False`` means that somebody else had.
        """
        names = {f"#{index}": name for index, name in enumerate(closing)}
        values = {f":{index}": _serialize(value) for index, value in enumerate(closing.values())}
        update = {
            "Update": {
                "TableName": self._table,
                "Key": _item({"request_id": request["request_id"], "item": "REQUEST"}),
                "UpdateExpression": "SET " + ", ".join(f"{n} = :{n[1:]}" for n in names),
                "ConditionExpression": "#status = :accepted AND execution_arn = :execution",
                "ExpressionAttributeNames": {**names, "#status": "status"},
                "ExpressionAttributeValues": {
                    **values,
                    ":accepted": {"S": "ACCEPTED"},
                    ":execution": {"S": request["execution_arn"]},
                },
            }
        }
        puts = [{"Put": {"TableName": self._table, "Item": _item(row)}} for row in attempts]
        try:
            self._client.transact_write_items(TransactItems=[update, *puts])  # type: ignore[list-item]
        except ClientError as error:
            first = (error.response.get("CancellationReasons") or [{}])[0]
            if first.get("Code") == "ConditionalCheckFailed":
                return False
            raise StoreUnavailable(_code(error)) from error
        return True


@lru_cache(maxsize=1)
def usage_store() -> UsageStore:
    """Return the store of this function's environment, made once a process."""
    # Every write here is conditional, so the SDK's own retries cannot write twice.
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    return UsageStore(boto3.client("dynamodb", config=config), os.environ["USAGE_TABLE"])


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in row.items()}


def _row(item: Mapping[str, Any]) -> Row:
    return {name: _deserialize(value) for name, value in item.items()}
