"""Runs ``python -m cost_calculator COMMAND``: the part of ``faregate`` that is this package."""

from __future__ import annotations

from collections.abc import Sequence

from cost_calculator.cli.commands import run_command
from cost_calculator.cli.registry import COMMANDS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command("python -m cost_calculator", COMMANDS, argv)


if __name__ == "__main__":
    raise SystemExit(main())
