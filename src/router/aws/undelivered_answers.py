"""Marks on REQUEST rows whose caller must come again for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import is_refused_condition
from cost_calculator.aws.items import to_item
from router.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class UndeliveredAnswers:
    """The attribute ``undelivered`` of the ``usage`` table's REQUEST rows."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def note(self, key: str) -> None:
        """Mark a request; one without a row has not been accepted, and needs no mark."""
        self._update(
            key, "SET undelivered = :true", "attribute_exists(request_id)", {":true": True}
        )

    def clear(self, key: str) -> None:
        """Remove the mark, if it is there."""
        self._update(key, "REMOVE undelivered", "attribute_exists(undelivered)", {})

    def _update(self, key: str, change: str, condition: str, values: dict[str, object]) -> None:
        given = {"ExpressionAttributeValues": to_item(values)} if values else {}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"request_id": key, "item": "REQUEST"}),
                UpdateExpression=change,
                ConditionExpression=condition,
                **given,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if not is_refused_condition(error):
                raise StoreUnavailable(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
