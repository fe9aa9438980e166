"""Every command of ``faregate``, once, under the heading a person would look under."""

from __future__ import annotations

from collections.abc import Sequence

from cost_calculator.cli.commands import Command, run_command
from cost_calculator.cli.registry import COMMANDS as COST_COMMANDS

PROG = "faregate"


def _command(name: str, group: str, summary: str) -> Command:
    return Command(name, group, f"router.cli.{name}", summary)


COMMANDS = (
    _command("ask", "ask", "send a prompt; print the answer, why that model, and the cost"),
    _command("chat", "ask", "talk with the HTTP API; see what each turn and the session cost"),
    _command("upload", "ask", "keep a picture, a document or a large request for requests to name"),
    _command("explain", "ask", "classify one prompt offline and say why"),
    _command("classify", "ask", "label prompts offline: JSONL in, JSONL with labels out"),
    *COST_COMMANDS,
    _command("breakeven", "money", "say whether routing pays, for a mix of prompts or your tables"),
    _command("capacity", "money", "say what a volume needs: quotas, concurrency, a monthly bill"),
    _command("doctor", "operate", "check a deployment; each failure names its fix"),
    _command("review", "operate", "list the drafts that wait for a human; approve, reject or edit"),
    _command("rerun", "operate", "start failed requests again, each once, under its own id"),
    _command("redrive", "operate", "retry what the failures queue holds"),
    _command("budget", "operate", "show budgets, or change one while requests run"),
    _command("breaker", "operate", "show circuit breakers, or close one"),
    _command("keys", "operate", "create, list and revoke Bearer keys of the HTTP API"),
    _command("forget", "operate", "delete the texts of a request or a tenant; keep the money"),
    _command("feedback", "operate", "rate an answer, or export the ratings as labels"),
    _command("batch", "files", "run a file of prompts: submit, status, results"),
    _command("shadow", "models", "report where a strategy on trial would decide otherwise"),
    _command("split", "models", "report cost and ratings of both arms of a split"),
    _command("calibrate", "models", "fit the score and its threshold to your own outcomes"),
    _command("score", "models", "score prompts offline: JSONL in, JSONL with scores out"),
    _command("completion", "shell", "print completion for bash, zsh or fish"),
)


def main(argv: Sequence[str] | None = None, prog: str = PROG) -> int:
    """Run one command and return its exit code."""
    return run_command(prog, COMMANDS, argv)
