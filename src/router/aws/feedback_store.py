"""DynamoDB as feedback needs it: a request's rows, those that were judged, a note beside a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import is_refused_condition
from cost_calculator.aws.items import from_item
from cost_calculator.aws.whole_rows import whole_rows
from cost_calculator.reports import partitions
from cost_calculator.rows import Row
from router.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class FeedbackStore:
    """The ``usage`` table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def row(self, key: str, item: str) -> Row | None:
        """Return one row as it is now, or None if there is none."""
        try:
            found = self._client.get_item(
                TableName=self._table,
                Key={"request_id": {"S": key}, "item": {"S": item}},
                ConsistentRead=True,
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        return from_item(found["Item"]) if "Item" in found else None

    def judged(self, days: Iterable[str]) -> Iterator[Row]:
        """Yield the REQUEST rows with feedback that were accepted on these days."""
        for partition in partitions(days):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="by-day",
                KeyConditionExpression="day_shard = :partition",
                ExpressionAttributeValues={":partition": {"S": partition}},
            )
            for page in pages:
                rows = whole_rows(self._client, self._table, page["Items"])
                yield from (row for row in rows if "feedback" in row)

    def note(self, key: str, text: str) -> bool:
        """Keep a note beside the request's texts, to go with them; False if there are none."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"request_id": {"S": key}, "item": {"S": "CONTENT"}},
                UpdateExpression="SET feedback_note = :text",
                ConditionExpression="attribute_exists(request_id)",
                ExpressionAttributeValues={":text": {"S": text}},
            )
        except ClientError as error:
            if is_refused_condition(error):
                return False
            raise StoreUnavailable(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return True
