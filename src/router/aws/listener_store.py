"""The connections of the WebSocket API and their listeners, in the ``control`` table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import is_refused_condition
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.clock import now
from router.errors import StoreUnavailable
from router.ingress.websocket.listeners import (
    CONNECTION_PREFIX,
    LISTENER_PREFIX,
    Listener,
    connection_item,
    is_valid,
    listener_from,
    listener_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MINE = {"#connection": "connection"}


class ListenerStore:
    """``Listeners`` as DynamoDB has them."""

    def __init__(
        self, client: DynamoDBClient, control_table: str, clock: Callable[[], datetime] = now
    ) -> None:
        self._client = client
        self._table = control_table
        self._clock = clock

    def connect(self, connection: str, tenant: str) -> None:
        """Write that a connection is open."""
        self._put(connection_item(connection, tenant, self._clock()))

    def disconnect(self, connection: str) -> None:
        """Delete a connection that was closed."""
        with _asking():
            key = to_item({"key": CONNECTION_PREFIX + connection})
            self._client.delete_item(TableName=self._table, Key=key)

    def tenant_of(self, connection: str) -> str | None:
        """Return the tenant of an open connection; ``None`` if it is not known."""
        item = self._get(CONNECTION_PREFIX + connection)
        return str(item["tenant"]) if is_valid(item, self._clock()) else None

    def listen(self, key: str, connection: str) -> None:
        """Let a connection listen to a request, in the place of any other."""
        self._put(listener_item(key, connection, self._clock()))

    def listener_of(self, key: str) -> Listener | None:
        """Return who listens to a request."""
        return listener_from(self._get(LISTENER_PREFIX + key), self._clock())

    def leave(self, key: str, connection: str) -> bool:
        """End a connection's listening; ``False`` if it did not listen."""
        with _asking():
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=to_item({"key": LISTENER_PREFIX + key}),
                    ConditionExpression="#connection = :mine",
                    ExpressionAttributeNames=_MINE,
                    ExpressionAttributeValues=to_item({":mine": connection}),
                )
            except ClientError as error:
                return _is_unchanged(error)
        return True

    def note(self, listener: Listener) -> bool:
        """Write what was pushed to a listener; ``False`` if it listens no more."""
        changes = {":begun": listener.has_begun, ":streamed": listener.streamed}
        with _asking():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=to_item({"key": LISTENER_PREFIX + listener.key}),
                    UpdateExpression="SET has_begun = :begun, streamed = :streamed",
                    ConditionExpression="#connection = :mine",
                    ExpressionAttributeNames=_MINE,
                    ExpressionAttributeValues=to_item({**changes, ":mine": listener.connection}),
                )
            except ClientError as error:
                return _is_unchanged(error)
        return True

    def _get(self, key: str) -> Mapping[str, Any]:
        with _asking():
            found = self._client.get_item(
                TableName=self._table, Key=to_item({"key": key}), ConsistentRead=True
            )
            return from_item(found.get("Item", {}))

    def _put(self, item: Mapping[str, Any]) -> None:
        with _asking():
            self._client.put_item(TableName=self._table, Item=to_item(item))


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(type(error).__name__) from error


def _is_unchanged(error: ClientError) -> bool:
    """Return ``False`` for a condition that does not hold; raise any other error."""
    if not is_refused_condition(error):
        raise error
    return False
