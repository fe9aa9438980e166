"""Rows of what runs cost themselves: of a workflow's run, and of one that was refused."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import to_item
from cost_calculator.rows import Row
from router.aws.dynamodb import dynamodb
from router.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_EXISTS = "ConditionalCheckFailedException"


class RunRows:
    """Those rows of the ``usage`` table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, row: Row) -> None:
        """Put the row of a run, once: a repeat changes nothing."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(request_id)",
            )
        except ClientError as error:
            if code_of(error) != _EXISTS:
                raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error


@lru_cache(maxsize=1)
def run_rows() -> RunRows:
    """Return the rows of this function's table, made once a process."""
    return RunRows(dynamodb(), os.environ["USAGE_TABLE"])
