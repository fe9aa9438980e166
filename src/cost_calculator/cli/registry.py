"""The commands of this package; ``router.cli.registry`` adds its own, as ``faregate``."""

from __future__ import annotations

from cost_calculator.cli.commands import Command


def _money(name: str, summary: str) -> Command:
    return Command(name, "money", f"cost_calculator.cli.{name}", summary)


COMMANDS = (
    _money("report", "show spend and net savings by model, tenant, tier or day"),
    _money("reconcile", "recompute every sum from its rows; exit 1 if one differs"),
    _money("reprice", "price the calls that had no price, now that there is one"),
    _money("price", "price token usage offline: JSONL in, JSONL with costs out"),
    _money("dashboard", "write one HTML page of spend, savings and open questions"),
)
