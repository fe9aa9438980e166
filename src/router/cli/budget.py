"""Shows what is used of each budget, and changes limits while requests run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import is_refused_condition
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.arguments import UsageError, matching, number, share
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, dynamodb, table_name
from cost_calculator.clock import iso, now
from cost_calculator.pricing import plain
from router.guards.budgets import EVERYONE, LIMITS_KEY, attribute_of
from router.guards.conditional_update import Item
from router.operations.budgets import AS_IN_THE_MODULE, NO_LIMIT, Line, changed, lines

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_tenant = matching(
    r"\*|(workflow:)?[0-9A-Za-z_.@-]{1,64}",
    "it as a request does, workflow:NAME for a workflow, or '*' for the whole deployment",
)
_amount = number(example="50")
_HEADS = (
    "tenant", "period", "limit $", "used or reserved $", "reserved $", "left $", "resets",
)  # fmt: skip
_WORDS = f"US dollars, {NO_LIMIT}, or {AS_IN_THE_MODULE} for the limit of the Terraform module"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="limit, used, reserved, left and reset of each budget")
    change = actions.add_parser("set", help="change a tenant's limits, within seconds")
    change.add_argument(
        "--tenant",
        required=True,
        type=_tenant,
        help=f"{EVERYONE} for the whole deployment, workflow:NAME for all runs of a workflow",
    )
    change.add_argument("--day", dest="day_usd", type=_limit, metavar="USD", help=_WORDS)
    change.add_argument("--month", dest="month_usd", type=_limit, metavar="USD", help=_WORDS)
    change.add_argument(
        "--soft-share",
        type=_soft_share,
        metavar="SHARE",
        help="share of the limit, 0..1, from which COMPLEX is served one tier down",
    )
    show.add_argument("--tenant", type=_tenant, help="of this tenant alone")
    for action in (show, change):
        add_json_argument(action)
        add_table_arguments(action, ("control",))


def _limit(text: str) -> str:
    """Check an amount or a word; ``changed`` reads it."""
    return text if text in (NO_LIMIT, AS_IN_THE_MODULE) else str(_amount(text))


def _soft_share(text: str) -> str:
    return text if text == AS_IN_THE_MODULE else str(share(text))


def run(arguments: argparse.Namespace) -> int:
    client, table = dynamodb(arguments), table_name(arguments, "control")
    if arguments.action == "set":
        _set(client, table, arguments)
    found = [
        line
        for line in lines(_items(client, table), _set_limits(client, table), now())
        if arguments.tenant in (None, line.budget.owner)
    ]
    print(json.dumps([_as_json(line) for line in found]) if arguments.json else _as_text(found))
    return 0


def _set(client: DynamoDBClient, table: str, arguments: argparse.Namespace) -> None:
    fields = ("day_usd", "month_usd", "soft_share")
    words = {name: word for name in fields if (word := getattr(arguments, name)) is not None}
    if not words:
        raise UsageError("nothing to set: write --day, --month or --soft-share")
    attribute = attribute_of(arguments.tenant)
    before = _set_limits(client, table).get(attribute)
    try:
        after = changed(before or {}, words)
    except ValueError as error:
        raise SystemExit(f"{error}; a limit is {_WORDS}") from None
    condition = "#tenant = :before" if before is not None else "attribute_not_exists(#tenant)"
    values = {":after": after} | ({":before": before} if before is not None else {})
    try:
        client.update_item(
            TableName=table,
            Key=to_item({"key": LIMITS_KEY}),
            UpdateExpression="SET #tenant = :after",
            ConditionExpression=condition,
            ExpressionAttributeNames={"#tenant": attribute},
            ExpressionAttributeValues=to_item(values),
        )
    except ClientError as error:
        if not is_refused_condition(error):
            raise
        raise SystemExit("it was changed just now: look at it, and try again") from None


def _set_limits(client: DynamoDBClient, table: str) -> Item:
    answer = client.get_item(TableName=table, Key=to_item({"key": LIMITS_KEY}), ConsistentRead=True)
    return from_item(answer.get("Item", {}))


def _items(client: DynamoDBClient, table: str) -> Iterable[Item]:
    return map(dict, LedgerStore(client, "", "", table).all_budgets())


def _as_json(line: Line) -> dict[str, Any]:
    amounts = {
        "limit_usd": line.budget.limit_usd,
        "committed_usd": line.committed_usd,
        "reserved_usd": line.reserved_usd,
        "left_usd": line.left_usd,
    }
    return {
        "tenant": line.budget.owner,
        "period": line.budget.period,
        **{name: plain(amount) for name, amount in amounts.items()},
        "resets_at": iso(line.resets_at),
    }


def _as_text(found: list[Line]) -> str:
    if not found:
        return "no budget: none is set, and no request of a tenant with one has come yet"
    table = [_HEADS, *map(_cells, found)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _cells(line: Line) -> tuple[str, ...]:
    amounts = (line.budget.limit_usd, line.committed_usd, line.reserved_usd, line.left_usd)
    return (
        line.budget.owner,
        line.budget.period,
        *(f"{Decimal(amount):.6f}" for amount in amounts),
        iso(line.resets_at),
    )
