"""Runs ``python -m tools.prices generate|capabilities|check|confirm|document``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.prices", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="add what genai-prices knows and the book does not")
    commands.add_parser("capabilities", help="write what LiteLLM's table says that models can do")
    check = commands.add_parser("check", help="compare the book with LiteLLM's table")
    confirm = commands.add_parser("confirm", help="note what LiteLLM's table confirms")
    for command in (check, confirm):
        command.add_argument("--table", type=Path, help="the table, where litellm is not installed")
    confirm.add_argument("--source", help="what the table is: LiteLLM 1.110.2")
    commands.add_parser(
        "document", help="update the figures of README, docs/cost-model.md, capacity and workflows"
    )
    arguments = parser.parse_args()
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    if arguments.command == "generate":
        from tools.prices.generate import generate

        return generate(today)
    if arguments.command == "capabilities":
        from tools.prices.capabilities import write_capabilities

        return write_capabilities()
    if arguments.command == "document":
        from tools.prices.document import write

        return write()
    if arguments.command == "confirm":
        from tools.prices.confirm import confirm as note

        return note(arguments.table, arguments.source, today)
    from tools.prices.check import check as compare

    return compare(arguments.table, today)


if __name__ == "__main__":
    raise SystemExit(main())
