"""Rows of what runs cost themselves: of a workflow's run, and of one that was refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import to_item
from cost_calculator.rows import RUNNING, Row
from router.aws.dynamodb import dynamodb
from router.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_REFUSED = "ConditionalCheckFailedException"
_KEYS = ("request_id", "item")
_PLACE = ("queue", "queued_at")


class RunRows:
    """Those rows of the ``usage`` table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, row: Row) -> bool:
        """Put the row of a run, once: a repeat changes nothing. Return whether this call did."""
        return self._write(
            self._client.put_item,
            Item=to_item(row),
            ConditionExpression="attribute_not_exists(request_id)",
        )

    def end(self, row: Row) -> bool:
        """Write the end of a run, whether or not it has a row; return whether this call did.

        The first end counts. A row keeps its place on the work list, since a move is paid.
        """
        ends = {name: row[name] for name in row.keys() - {*_KEYS, *_PLACE}}
        names = {f"#{place}": name for place, name in enumerate(sorted(ends))}
        values = {f":{each[1:]}": ends[name] for each, name in names.items()}
        ended = self._write(
            self._client.update_item,
            Key=to_item({name: row[name] for name in _KEYS}),
            UpdateExpression="SET " + ", ".join(f"{each} = :{each[1:]}" for each in names),
            ConditionExpression="#status = :running",
            ExpressionAttributeNames={**names, "#status": "status"},
            ExpressionAttributeValues=to_item({**values, ":running": RUNNING}),
        )
        return ended or self.put(row)

    def _write(self, operation: Callable[..., Any], **given: Any) -> bool:
        try:
            operation(TableName=self._table, **given)
        except ClientError as error:
            if code_of(error) != _REFUSED:
                raise StoreUnavailable(code_of(error)) from error
            return False
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return True


@lru_cache(maxsize=1)
def run_rows() -> RunRows:
    """Return the rows of this function's table, made once a process."""
    return RunRows(dynamodb(), os.environ["USAGE_TABLE"])
