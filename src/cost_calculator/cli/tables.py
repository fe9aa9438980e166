"""Shared by all commands that read the tables: which tables, and in which deployment.

The AWS SDK is imported when a table is opened: some of these commands also work without one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cost_calculator.cli.options import add_deployment_arguments

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from cost_calculator.aws.ledger_store import LedgerStore
    from cost_calculator.cli.deployed import Deployment

TABLES = ("usage", "spend", "control")


def add_table_arguments(parser: argparse.ArgumentParser, tables: Sequence[str] = TABLES) -> None:
    """Add the options that select the deployment to read, and tables of your own in it."""
    add_deployment_arguments(parser)
    for table in tables:
        parser.add_argument(
            f"--{table}-table",
            metavar="NAME",
            help=f"default: {table.upper()}_TABLE, or the deployment's own",
        )


def dynamodb(arguments: argparse.Namespace) -> DynamoDBClient:
    """Return a DynamoDB client for the options."""
    made: DynamoDBClient = client(arguments, "dynamodb")
    return made


def client(arguments: argparse.Namespace, service: str) -> Any:
    """Return a client of an AWS service for the options."""
    return _deployment(arguments).client(service)


def open_store(arguments: argparse.Namespace, *, budgets: bool = False) -> LedgerStore:
    """Return the store for the options.

    A command that reads or changes ``budgets`` needs the control table as well.
    """
    from cost_calculator.aws.ledger_store import LedgerStore

    control = table_name(arguments, "control") if budgets else ""
    usage, spend = (table_name(arguments, table) for table in ("usage", "spend"))
    return LedgerStore(dynamodb(arguments), usage, spend, control)


def table_name(arguments: argparse.Namespace, table: str) -> str:
    """Return the name of the ``usage``, ``spend`` or ``control`` table."""
    given: str | None = getattr(arguments, f"{table}_table", None)
    return given or _deployment(arguments).table(table)


def _deployment(arguments: argparse.Namespace) -> Deployment:
    from cost_calculator.cli.deployment import open_deployment

    return open_deployment(arguments)
