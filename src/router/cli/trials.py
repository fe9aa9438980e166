"""What the commands about strategies on trial share: their options, and the requests they read."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from cost_calculator.cli.arguments import duration, tenant
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, dynamodb, table_name
from cost_calculator.clock import now
from router.aws.accepted_since import accepted_since, with_attempts
from router.learning.seen import Seen


def add_trial_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a report."""
    parser.add_argument("action", choices=("report",), help="what to print")
    parser.add_argument(
        "--since", type=duration, default="7d", help="accepted in the last 12h, 7d … (%(default)s)"
    )
    parser.add_argument("--tenant", type=tenant, help="of this tenant alone")
    add_json_argument(parser)
    add_table_arguments(parser, ("usage",))


def requests_with(name: str, arguments: argparse.Namespace) -> Iterator[Seen]:
    """Yield the requests of the time whose row has an attribute."""
    client, table = dynamodb(arguments), table_name(arguments, "usage")
    rows = accepted_since(client, table, now() - arguments.since)
    wanted = (row for row in rows if name in row and arguments.tenant in (None, row["tenant"]))
    yield from with_attempts(client, table, wanted)
