"""The requests of the last days with what their attempts cost, as commands read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from cost_calculator.aws.items import to_item
from cost_calculator.aws.whole_rows import whole_rows
from cost_calculator.clock import iso, now
from cost_calculator.rows import SHARDS, Row
from router.learning.seen import Seen, grouped, keys_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_AT_A_TIME = 100


def accepted_since(client: Any, table: str, since: datetime) -> Iterator[Row]:
    """Yield the REQUEST rows of requests that were accepted since a time, day by day."""
    day = since.astimezone(UTC).date()
    while day <= now().date():
        for shard in range(SHARDS):
            pages = client.get_paginator("query").paginate(
                TableName=table,
                IndexName="by-day",
                KeyConditionExpression="day_shard = :day AND accepted_at >= :since",
                ExpressionAttributeValues={
                    ":day": {"S": f"{day}#{shard}"},
                    ":since": {"S": iso(since)},
                },
            )
            for page in pages:
                yield from whole_rows(client, table, page["Items"])
        day += timedelta(days=1)


def with_attempts(
    client: DynamoDBClient, table: str, requests: Iterable[Row], further: Sequence[str] = ()
) -> Iterator[Seen]:
    """Yield requests with their ATTEMPT rows, and with ``further`` items of theirs."""
    waiting = iter(requests)
    while some := list(islice(waiting, _AT_A_TIME)):
        keys = chain.from_iterable(keys_of(request, further) for request in some)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in whole_rows(client, table, map(to_item, keys)):
            found[row["request_id"]].append(row)
        yield from grouped(some, found)
