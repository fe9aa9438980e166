"""Runs ``python -m router COMMAND``."""

from __future__ import annotations

from cost_calculator.cli.commands import run_command

COMMANDS = {
    "classify": "label prompts: JSONL {id, prompt} in, JSONL {id, label, confidence, ...} out",
    "score": "score prompts, also by calibrated weights: JSONL {id, prompt} in, {id, score} out",
    "explain": "judge one prompt and say why, for a person",
    "calibrate": "refit the score to your own outcomes and choose a threshold, with a report",
    "doctor": "examine a deployment before its first use; each failure names its cure",
    "rerun": "start failed requests again, each under its own id and once",
    "feedback": "judge an answer good or bad, or export the verdicts as labels for calibrate",
    "redrive": "do the work of the failures queue's messages once more",
    "budget": "show budgets, or set one at run time",
    "breaker": "show circuit breakers, or close one",
    "capacity": "say what a volume needs: quotas, concurrency, transitions, the monthly bill",
    "review": "list the drafts that wait for a human, look at one, approve, reject or edit it",
    "keys": "make, list and revoke the Bearer keys of the HTTP door",
    "batch": "run a file of prompts: submit (or --dry-run), status, results",
    "forget": "remove the texts of a request or a tenant wherever they are, and keep the money",
    "breakeven": "say whether routing is worth it: for a mix of prompts, or for your own tables",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command("router", COMMANDS, argv)


if __name__ == "__main__":
    raise SystemExit(main())
