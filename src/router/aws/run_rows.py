"""Rows of what runs cost themselves: of a workflow's run, and of one that was refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_refused_condition
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.rows import RUNNING, Row
from router.aws.dynamodb import dynamodb
from router.errors import StoreUnavailable
from router.recording.workflow_run import after_redrive

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEYS = ("request_id", "item")
_PLACE = ("queue", "queued_at")


class RunRows:
    """Those rows of the ``usage`` table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, row: Row) -> bool:
        """Put the row of a run, once: a repeat changes nothing. Return whether this call did."""
        refused = self._write(
            self._client.put_item,
            Item=to_item(row),
            ConditionExpression="attribute_not_exists(request_id)",
        )
        return refused is None

    def end(self, row: Row) -> bool:
        """Write the end of a run, whether or not it has a row; return whether this call did.

        The first end counts. A row keeps its place on the work list, since a move is paid.
        """
        return self._end(row) is None

    def end_own(self, row: Row) -> None:
        """Write an end as the workflow's own function knows it: if it comes after a redrive of the
        execution, it has a row of its own, beside those of the ends before it.
        """
        ended: Row | None = row
        while ended and (before := self._end(ended)):
            ended = after_redrive(before, ended)

    def _end(self, row: Row) -> Row | None:
        """Return ``None`` if the end was written, else the row that has one."""
        ends = {name: row[name] for name in row.keys() - {*_KEYS, *_PLACE}}
        names = {f"#{place}": name for place, name in enumerate(sorted(ends))}
        values = {f":{each[1:]}": ends[name] for each, name in names.items()}
        before = self._write(
            self._client.update_item,
            Key=to_item({name: row[name] for name in _KEYS}),
            UpdateExpression="SET " + ", ".join(f"{each} = :{each[1:]}" for each in names),
            ConditionExpression="#status = :running",
            ExpressionAttributeNames={**names, "#status": "status"},
            ExpressionAttributeValues=to_item({**values, ":running": RUNNING}),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        if before == {}:
            # Nothing was there; if something is by now, it is the same end, by another hand.
            return None if self.put(row) else row
        return before

    def _write(self, operation: Callable[..., Any], **given: Any) -> Row | None:
        """Return ``None`` if it was written, else the row that is in its place, if it was asked."""
        try:
            operation(TableName=self._table, **given)
        except ClientError as error:
            if not is_refused_condition(error):
                raise StoreUnavailable(code_of(error)) from error
            shown: Any = error.response
            return from_item(shown.get("Item", {}))
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return None


@lru_cache(maxsize=1)
def run_rows() -> RunRows:
    """Return the rows of this function's table, made once a process."""
    return RunRows(dynamodb(), os.environ["USAGE_TABLE"])
