"""Prices what was UNPRICED, now that the book (or PRICE_OVERRIDES) has a row for it."""

from __future__ import annotations

import argparse
import json

from cost_calculator.backlog import reprice
from cost_calculator.cli.arguments import whole
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, open_store
from cost_calculator.rates import default_rates


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=whole(example=1000), help="look at no more rows than this")
    add_json_argument(parser, "as without it")
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    store = open_store(arguments, budgets=True)
    print(json.dumps(reprice(store, default_rates(), arguments.limit)))
    return 0
