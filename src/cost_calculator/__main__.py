"""Runs ``python -m cost_calculator COMMAND``; only the chosen command's module is imported."""

from __future__ import annotations

import argparse
import importlib
import sys

COMMANDS = {
    "price": "price usage: JSONL {id, provider, model, usage, at, mode?} in, JSONL with costs out",
    "dashboard": "write one page of spend, savings and what is not known, as HTML",
    "report": "show spend and net savings by model, tenant, tier or day",
    "reconcile": "recompute every sum from the rows; exit 1 where one differs",
    "reprice": "price what was UNPRICED, now that there is a price",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m cost_calculator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    chosen = parser.parse_args(arguments[:1]).command
    module = importlib.import_module(f"cost_calculator.cli.{chosen}")
    command = argparse.ArgumentParser(
        prog=f"python -m cost_calculator {chosen}", description=COMMANDS[chosen]
    )
    module.configure(command)
    return int(module.run(command.parse_args(arguments[1:])))


if __name__ == "__main__":
    raise SystemExit(main())
