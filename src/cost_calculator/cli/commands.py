"""A package's commands, one module of its ``cli`` each; only the chosen one is imported."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence


def run_command(package: str, commands: Mapping[str, str], argv: Sequence[str] | None) -> int:
    """Run ``python -m PACKAGE COMMAND …`` and return its exit code.

    ``commands`` says of each what it does; ``argv`` is the process's own where it is ``None``.
    """
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    listed = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in commands.items():
        listed.add_parser(name, help=summary, add_help=False)
    chosen = parser.parse_args(arguments[:1]).command
    module = importlib.import_module(f"{package}.cli.{chosen}")
    command = argparse.ArgumentParser(
        prog=f"python -m {package} {chosen}", description=commands[chosen]
    )
    module.configure(command)
    return int(module.run(command.parse_args(arguments[1:])))
