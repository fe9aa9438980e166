"""Runs ``python -m cost_calculator COMMAND``."""

from __future__ import annotations

from cost_calculator.cli.commands import run_command

COMMANDS = {
    "price": "price usage: JSONL {id, provider, model, usage, at, mode?} in, JSONL with costs out",
    "dashboard": "write one page of spend, savings and what is not known, as HTML",
    "report": "show spend and net savings by model, tenant, tier or day",
    "reconcile": "recompute every sum from the rows; exit 1 where one differs",
    "reprice": "price what was UNPRICED, now that there is a price",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command("cost_calculator", COMMANDS, argv)


if __name__ == "__main__":
    raise SystemExit(main())
