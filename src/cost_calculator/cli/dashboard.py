"""Writes one page of what LLMs cost, what routing saved and what is not known."""

from __future__ import annotations

import argparse
from pathlib import Path

from cost_calculator.cli.tables import add_table_arguments, duration, dynamodb, table_name
from cost_calculator.dashboard.document import document
from cost_calculator.dashboard.page import render
from cost_calculator.dashboard.reading import Tables, snapshot
from cost_calculator.dashboard.serving import serve


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=duration, default="30d", help="such as 7d, 4w (%(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path("dashboard.html"), help="%(default)s")
    parser.add_argument(
        "--serve", action="store_true",
        help="also show it on a loopback port until Ctrl-C, read anew at each load",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=0, help="of --serve; default: a free one")
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    usage, spend = (table_name(arguments, table) for table in ("usage", "spend"))
    tables = Tables(usage, spend, arguments.control_table or "")
    client = dynamodb(arguments)

    def page() -> str:
        return render(document(snapshot(client, tables, arguments.since)))

    written = page()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(written, encoding="utf-8")
    print(f"{arguments.out}: {len(written.encode()) / 1e6:.1f} MB; open it in a browser")
    if arguments.serve:
        serve(page, arguments.port)
    return 0
