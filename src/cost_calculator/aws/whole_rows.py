"""Reads the rows that an index has found: the indexes hold keys alone, since each copy is paid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from cost_calculator.aws.items import from_item
from cost_calculator.rows import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MOST = 100  # of BatchGetItem
_WAIT_SECONDS = 0.2
_KEY = ("request_id", "item")


def whole_rows(
    client: DynamoDBClient,
    table: str,
    found: Iterable[Mapping[str, Any]],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Row]:
    """Yield the rows of ``usage`` that items of an index name, in their order, as they are now.

    A row that is gone meanwhile is left out.
    """
    waiting = iter(found)
    while batch := [{name: item[name] for name in _KEY} for item in islice(waiting, _MOST)]:
        rows = {_name(row): row for row in _read(client, table, batch, sleep)}
        for key in batch:
            if (row := rows.get(_name(from_item(key)))) is not None:
                yield row


def _read(
    client: DynamoDBClient,
    table: str,
    keys: list[dict[str, Any]],
    sleep: Callable[[float], None],
) -> Iterator[Row]:
    asked: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}}
    while asked:
        answer: Any = client.batch_get_item(RequestItems=asked)
        yield from map(from_item, answer["Responses"].get(table, []))
        asked = answer.get("UnprocessedKeys") or {}
        if asked:  # the table is over its throughput, or the rows are large
            sleep(_WAIT_SECONDS)


def _name(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in _KEY)
