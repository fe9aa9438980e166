"""What all commands share that read the tables: which tables, and where."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3

from cost_calculator.aws.ledger_store import LedgerStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


TABLES = ("usage", "spend", "control")


def add_table_arguments(parser: argparse.ArgumentParser, tables: Sequence[str] = TABLES) -> None:
    """Add the options that say which tables to read, and with whose rights."""
    group = parser.add_argument_group("tables")
    for table in tables:
        default = os.environ.get(f"{table.upper()}_TABLE")
        group.add_argument(f"--{table}-table", default=default, metavar="NAME")
    group.add_argument("--endpoint-url", help="of AWS, where it is not AWS's own")
    group.add_argument("--profile", help="AWS profile")
    group.add_argument("--region", help="AWS region")


def dynamodb(arguments: argparse.Namespace) -> DynamoDBClient:
    """Return a DynamoDB client for the options."""
    made: DynamoDBClient = client(arguments, "dynamodb")
    return made


def client(arguments: argparse.Namespace, service: str) -> Any:
    """Return a client of an AWS service for the options."""
    session: Any = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
    return session.client(service, endpoint_url=arguments.endpoint_url)


def open_store(arguments: argparse.Namespace, *, budgets: bool = False) -> LedgerStore:
    """Return the store for the options; exit with one line where a table is not named.

    A command that reads or changes ``budgets`` needs the control table as well.
    """
    control = table_name(arguments, "control") if budgets else ""
    usage, spend = (table_name(arguments, table) for table in ("usage", "spend"))
    return LedgerStore(dynamodb(arguments), usage, spend, control)


def table_name(arguments: argparse.Namespace, table: str) -> str:
    """Return the name of the ``usage``, ``spend`` or ``control`` table, or exit with one line."""
    name: str | None = getattr(arguments, f"{table}_table")
    if not name:
        variable = f"{table.upper()}_TABLE"
        raise SystemExit(f"name the table: --{table}-table NAME, or set {variable}")
    return name


def duration(text: str) -> timedelta:
    """Read ``12h``, ``7d`` or ``4w``."""
    found = re.fullmatch(r"(\d{1,4})([hdw])", text)
    if not found:
        raise argparse.ArgumentTypeError("write a number and h, d or w, such as 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
