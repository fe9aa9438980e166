"""The three tables as docs/data-model.md defines them, for whatever client creates them."""

from __future__ import annotations

from typing import Any

USAGE, SPEND, CONTROL = "usage", "spend", "control"


def create_tables(client: Any, prefix: str = "") -> None:
    """Create the tables and indexes in an empty account, their names behind ``prefix``."""
    client.create_table(
        TableName=prefix + USAGE,
        **_keys("request_id", "item"),
        AttributeDefinitions=_texts(
            "request_id",
            "item",
            "day_shard",
            "accepted_at",
            "tenant",
            "queue",
            "queued_at",
            "parent_id",
        ),
        GlobalSecondaryIndexes=[
            _index("by-day", "day_shard", "accepted_at"),
            _index("by-tenant", "tenant", "accepted_at"),
            _index("by-queue", "queue", "queued_at"),
            _index("by-parent", "parent_id", "accepted_at")
            | {"Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    for name, keys in ((SPEND, ("day", "cell")), (CONTROL, ("key",))):
        client.create_table(
            TableName=prefix + name,
            **_keys(*keys),
            AttributeDefinitions=_texts(*keys),
            BillingMode="PAY_PER_REQUEST",
        )


def _index(name: str, *keys: str) -> dict[str, Any]:
    return {"IndexName": name, **_keys(*keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}


def _keys(*names: str) -> dict[str, Any]:
    kinds = ("HASH", "RANGE")
    pairs = zip(names, kinds, strict=False)
    return {"KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in pairs]}


def _texts(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]
