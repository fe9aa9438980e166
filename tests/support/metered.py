"""What DynamoDB would bill for the writes that a table's stream shows, counted from the wire.

A second account of sizes and units, on purpose without the product's: the two are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

# Each index by the attributes of its key: it holds keys alone.
INDEXES = (("day_shard", "accepted_at"), ("tenant", "accepted_at"), ("queue", "queued_at"))


def images(client: Any, stream_arn: str) -> Iterator[Item]:
    """Yield the images of all writes that a stream still has, oldest first."""
    described = client.describe_stream(StreamArn=stream_arn)["StreamDescription"]
    for shard in described["Shards"]:
        place = client.get_shard_iterator(
            StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while place:
            page = client.get_records(ShardIterator=place)
            changes = (it["dynamodb"] for it in page["Records"])
            yield from (it["NewImage"] for it in changes if "NewImage" in it)
            place = page.get("NextShardIterator") if page["Records"] else None


def units(written: Iterable[Item]) -> int:
    """Return the units of transactional writes that left these images, with those of indexes."""
    before: dict[str, Item] = {}
    total = 0
    for image in written:
        item = image["item"]["S"]
        old = before.get(item, {})
        total += 2 * math.ceil(max(_size(old), _size(image)) / 1024)
        total += sum(_moves(_entry(old, keys), _entry(image, keys)) for keys in INDEXES)
        before[item] = image
    return total


def _entry(item: Item, keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    return tuple(item[key]["S"] for key in keys) if set(keys) <= set(item) else None


def _moves(old: object, new: object) -> int:
    return 0 if old == new else (old is not None) + (new is not None)


def _size(item: Item) -> int:
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(typed: Mapping[str, Any]) -> int:
    [(kind, value)] = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            figures = value.lstrip("-").split("E")[0].replace(".", "").strip("0")
            return math.ceil(len(figures) / 2) + 1 + value.startswith("-")
        case "M":
            return 3 + len(value) + _size(value)
        case "L":
            return 3 + sum(1 + _value(member) for member in value)
    return 1
