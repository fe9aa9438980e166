"""The option of commands about one request: its tenant and its id together name its rows."""

from __future__ import annotations

import argparse

from cost_calculator.cli.arguments import tenant
from cost_calculator.row_keys import DEFAULT_TENANT


def add_tenant_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the tenant of an id."""
    parser.add_argument(
        "--tenant",
        type=tenant,
        default=DEFAULT_TENANT,
        metavar="NAME",
        help="whose request it is (%(default)s)",
    )
