"""Writes one page of what LLMs cost, what routing saved and what is not known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cost_calculator.cli.arguments import duration, port
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import TABLES, add_table_arguments, dynamodb, table_name
from cost_calculator.dashboard.document import document
from cost_calculator.dashboard.page import render
from cost_calculator.dashboard.reading import Tables, snapshot
from cost_calculator.dashboard.serving import serve


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=duration, default="30d", help="such as 7d, 4w (%(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("dashboard.html"), help="the file to write (%(default)s)"
    )
    parser.add_argument(
        "--serve", action="store_true",
        help="also serve it on a loopback port until Ctrl-C; each load reads the tables again",
    )  # fmt: skip
    parser.add_argument("--port", type=port, default=0, help="of --serve (a free one)")
    add_json_argument(parser, "print the page's path and size as JSON")
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    usage, spend, control = (table_name(arguments, table) for table in TABLES)
    tables = Tables(usage, spend, control)
    client = dynamodb(arguments)

    def page() -> str:
        return render(document(snapshot(client, tables, arguments.since)))

    written = page()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(written, encoding="utf-8")
    size = len(written.encode())
    if arguments.json:
        print(json.dumps({"page": str(arguments.out), "bytes": size}))
    else:
        print(f"{arguments.out}: {size / 1e6:.1f} MB; open it in a browser")
    if arguments.serve:
        serve(page, arguments.port)
    return 0
