"""DynamoDB in memory, behind the calls that the product makes: fast, and faulty on demand.

``tests/property/test_fake_dynamodb.py`` holds it equal to moto on the product's own calls.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.fakes.conditions import InvalidExpression, Item
from tests.fakes.dynamodb_table import Key, Table, Write, copied, pages
from tests.fakes.expressions import check, projected

_MOST = 100


def service_error(code: str, operation: str = "TransactWriteItems") -> ClientError:
    """Return the error of a call that the service refused as a whole."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def cancelled(*reasons: str | dict[str, Any]) -> ClientError:
    """Return the error of a transaction that was not done, one reason for each of its actions."""
    found = [{"Code": reason} if isinstance(reason, str) else reason for reason in reasons]
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return ClientError({"Error": error, "CancellationReasons": found}, "TransactWriteItems")  # type: ignore[typeddict-unknown-key]


def timed_out() -> ReadTimeoutError:
    """Return the error of a call that was not answered: it may or may not have been done."""
    return ReadTimeoutError(endpoint_url="http://localhost")


class _Paginator:
    def __init__(self, read: Callable[..., dict[str, Any]]) -> None:
        self._read = read

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        return pages(self._read, asked)


def _operation(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Note the call, let ``fault`` raise before or after it, and refuse as the service does."""
    name = method.__name__.title().replace("_", "")

    @functools.wraps(method)
    def call(self: DynamoDB, **arguments: Any) -> dict[str, Any]:
        self.calls.append(name)
        self.fault(name, "before")
        try:
            answer = method(self, **arguments)
        except InvalidExpression as error:
            refusal = {"Error": {"Code": "ValidationException", "Message": str(error)}}
            raise ClientError(refusal, name) from error  # type: ignore[arg-type]
        self.fault(name, "after")
        return answer

    return call


class DynamoDB:
    """The client: all or nothing, conditions checked, no item twice.

    ``fault(operation, "before" or "after")`` may raise: the call was not done, or nobody knows that
    it was. The next ``unprocessed`` batches are answered but for their last key.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.calls: list[str] = []
        self.fault: Callable[[str, str], None] = lambda _operation, _when: None
        self.unprocessed = 0

    def fail(
        self,
        *faults: BaseException | Callable[[], object],
        on: str = "",
        when: str = "before",
    ) -> None:
        """Raise each fault once, or let it happen, one a call; then answer again.

        Of every operation, or ``on`` one alone; a fault that is no error is called, and the call
        goes on.
        """
        left = list(faults)

        def fault(operation: str, moment: str) -> None:
            if not left or moment != when or (on and operation != on):
                return
            first = left.pop(0)
            if isinstance(first, BaseException):
                raise first
            first()

        self.fault = fault

    def rows(self, table: str) -> list[Item]:
        """Return a table's items, for a test to look at."""
        return list(map(copied, self.tables[table].items.values()))

    def put(self, table: str, item: Item) -> None:
        """Put an item, faults or not: what a test starts from."""
        Write(self._table(table), "Put", {"Item": item}).plan()()

    def create_table(
        self,
        *,
        TableName: str,  # noqa: N803
        KeySchema: Sequence[Any],  # noqa: N803
        GlobalSecondaryIndexes: Sequence[Any] = (),  # noqa: N803
        **_: Any,
    ) -> None:
        indexes = {
            index["IndexName"]: _names(index["KeySchema"]) for index in GlobalSecondaryIndexes
        }
        bare = frozenset(
            index["IndexName"]
            for index in GlobalSecondaryIndexes
            if index["Projection"]["ProjectionType"] == "KEYS_ONLY"
        )
        self.tables[TableName] = Table(_names(KeySchema), indexes, bare)

    @_operation
    def get_item(self, **asked: Any) -> dict[str, Any]:
        table = self._table(asked["TableName"])
        found = table.items.get(table.bare_key(asked["Key"]))
        return {"Item": copied(found)} if found is not None else {}

    @_operation
    def put_item(self, **action: Any) -> dict[str, Any]:
        return self._write_alone("Put", action)

    @_operation
    def update_item(self, **action: Any) -> dict[str, Any]:
        return self._write_alone("Update", action)

    @_operation
    def delete_item(self, **action: Any) -> dict[str, Any]:
        return self._write_alone("Delete", action)

    @_operation
    def transact_write_items(self, **asked: Any) -> dict[str, Any]:
        actions = [next(iter(action.items())) for action in asked["TransactItems"]]
        writes = [Write(self._table(action["TableName"]), verb, action) for verb, action in actions]
        if not 0 < len(writes) <= _MOST or len({write.place() for write in writes}) != len(writes):
            raise InvalidExpression("1 to 100 actions, each on an item of its own")
        if not all(write.holds() for write in writes):
            raise cancelled(*(write.refusal() for write in writes))
        for do in [write.plan() for write in writes]:
            do()
        return {}

    @_operation
    def batch_get_item(self, **asked: Any) -> dict[str, Any]:
        responses, left = {}, {}
        for name, wanted in asked["RequestItems"].items():
            table, keys = self._table(name), list(wanted["Keys"])
            if len(set(map(table.bare_key, keys))) != len(keys) or not 0 < len(keys) <= _MOST:
                raise InvalidExpression("1 to 100 keys, each of them once")
            shape, names = (
                wanted.get("ProjectionExpression"),
                wanted.get("ExpressionAttributeNames"),
            )
            check([shape] if shape else [], names, None)
            if self.unprocessed:
                left[name] = {**wanted, "Keys": [keys.pop()]}
            keep = projected(shape, names or {}) if shape else copied
            found = [table.items.get(table.bare_key(key)) for key in keys]
            responses[name] = [keep(item) for item in found if item is not None]
        self.unprocessed = max(0, self.unprocessed - 1)
        return {"Responses": responses, "UnprocessedKeys": left}

    @_operation
    def query(self, **asked: Any) -> dict[str, Any]:
        return self._table(asked["TableName"]).query(asked)

    @_operation
    def scan(self, **asked: Any) -> dict[str, Any]:
        return self._table(asked["TableName"]).scan(asked)

    def get_paginator(self, operation: str) -> _Paginator:
        return _Paginator(getattr(self, operation))

    def _write_alone(self, verb: str, action: dict[str, Any]) -> dict[str, Any]:
        write = Write(self._table(action["TableName"]), verb, action)
        if not write.holds():
            error = service_error("ConditionalCheckFailedException", f"{verb}Item")
            if item := write.refusal().get("Item"):
                error.response["Item"] = item
            raise error
        write.plan()()
        return {}

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise service_error("ResourceNotFoundException")
        return self.tables[name]


def _names(schema: Sequence[Any]) -> Key:
    return tuple(key["AttributeName"] for key in schema)
