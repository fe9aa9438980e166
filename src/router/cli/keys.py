"""Makes, lists and revokes the Bearer keys of the HTTP door (``api.auth = "AUTHORIZER"``)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.cli.tables import add_table_arguments, dynamodb, table_name
from cost_calculator.clock import now
from router.ingress.api.bearer_keys import ITEM_PREFIX, key_id, key_item, new_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TENANT = re.compile(r"[0-9A-Za-z_.@-]{1,64}")


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key and print it: this once, nowhere else")
    create.add_argument("--tenant", required=True, type=_tenant, help="whom the key's requests are")
    create.add_argument("--label", default="", help="what the key is for")
    show = actions.add_parser("list", help="list the keys: ids, tenants, labels; never the keys")
    revoke = actions.add_parser("revoke", help="let a key in no longer, at most a minute later")
    revoke.add_argument("id", help="as `list` shows it")
    for action in (create, show, revoke):
        add_table_arguments(action, ("control",))


def run(arguments: argparse.Namespace) -> int:
    table = table_name(arguments, "control")
    client = dynamodb(arguments)
    if arguments.action == "create":
        key = new_key()
        item = key_item(key, arguments.tenant, arguments.label, now())
        client.put_item(TableName=table, Item=to_item(item))
        print(key)
        return 0
    items = sorted(_stored(client, table), key=lambda item: str(item["created_at"]))
    if arguments.action == "list":
        Console().print(_listed(items))
        return 0
    found = [item for item in items if key_id(item) == arguments.id]
    if not found:
        raise SystemExit(f"no key has the id {arguments.id}: `keys list` shows them")
    for item in found:
        client.delete_item(TableName=table, Key=to_item({"key": item["key"]}))
    print(f"revoked {arguments.id}; the gateway may know it for another minute")
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


def _listed(items: list[dict[str, Any]]) -> Table:
    table = Table("id", "tenant", "label", "created")
    for item in items:
        table.add_row(key_id(item), item["tenant"], item["label"], item["created_at"])
    return table


def _tenant(text: str) -> str:
    if not _TENANT.fullmatch(text):
        raise argparse.ArgumentTypeError("write up to 64 letters, digits, _, ., @ and -")
    return text
