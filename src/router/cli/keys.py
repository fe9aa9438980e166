"""Creates, lists and revokes the Bearer keys of the HTTP API (``api.auth = "AUTHORIZER"``)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.cli.arguments import tenant
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, dynamodb, table_name
from cost_calculator.clock import now
from router.ingress.api.bearer_keys import ITEM_PREFIX, key_id, key_item, new_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="create a key and print it, this once")
    create.add_argument(
        "--tenant", required=True, type=tenant, help="the tenant that its requests belong to"
    )
    create.add_argument("--label", default="", help="what the key is for")
    show = actions.add_parser("list", help="list ids, tenants and labels; never the keys")
    revoke = actions.add_parser("revoke", help="revoke a key; it works for a minute more at most")
    revoke.add_argument("id", help="as `list` shows it")
    for action in (create, show, revoke):
        add_json_argument(action)
        add_table_arguments(action, ("control",))


def run(arguments: argparse.Namespace) -> int:
    table = table_name(arguments, "control")
    client = dynamodb(arguments)
    if arguments.action == "create":
        key = new_key()
        item = key_item(key, arguments.tenant, arguments.label, now())
        client.put_item(TableName=table, Item=to_item(item))
        made = {"key": key, "id": key_id(item), "tenant": item["tenant"], "label": item["label"]}
        print(json.dumps(made) if arguments.json else key)
        return 0
    items = sorted(_stored(client, table), key=lambda item: str(item["created_at"]))
    if arguments.action == "list":
        if arguments.json:
            print(json.dumps([_as_json(item) for item in items]))
        else:
            Console().print(_listed(items))
        return 0
    found = [item for item in items if key_id(item) == arguments.id]
    if not found:
        raise SystemExit(f"no key has the id {arguments.id}: `faregate keys list` shows them")
    for item in found:
        client.delete_item(TableName=table, Key=to_item({"key": item["key"]}))
    revoked = f"revoked {arguments.id}; the gateway may accept it for another minute"
    print(json.dumps({"revoked": arguments.id}) if arguments.json else revoked)
    return 0


def _stored(client: DynamoDBClient, table: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(#key, :prefix)",
        ExpressionAttributeNames={"#key": "key"},
        ExpressionAttributeValues={":prefix": {"S": ITEM_PREFIX}},
    )
    for page in pages:
        yield from map(from_item, page["Items"])


def _as_json(item: dict[str, Any]) -> dict[str, str]:
    return {"id": key_id(item), **{name: item[name] for name in ("tenant", "label", "created_at")}}


def _listed(items: list[dict[str, Any]]) -> Table:
    table = Table("id", "tenant", "label", "created")
    for item in items:
        table.add_row(key_id(item), item["tenant"], item["label"], item["created_at"])
    return table
