"""``explain``: one prompt judged in words a person reads."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from cost_calculator.cli.arguments import UsageError
from cost_calculator.cli.options import add_json_argument
from router.analyzer import Classification, load
from router.analyzer.types import Complexity
from router.cli.jsonl import add_weights_argument

_BAR = 24
NO_SIGN = "no sign of a harder task"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("prompt", nargs="?", default="-", help="the prompt; - reads stdin (-)")
    add_weights_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the verdict, what carried it, and by which weights."""
    prompt = sys.stdin.read() if args.prompt == "-" else args.prompt
    if not prompt.strip():
        raise UsageError("write a prompt, or - and the prompt on stdin")
    analyzer = load(args.weights)
    found, threshold = analyzer.classify_prompt(prompt), analyzer.threshold
    print(json.dumps(as_json(found, threshold)) if args.json else render(found, threshold))
    return 0


def as_json(found: Classification, threshold: float | None) -> dict[str, Any]:
    """Return the same, as ``classify --explain`` has it."""
    return {
        "label": found.label,
        "confidence": round(found.confidence, 6),
        "probabilities": {name: round(p, 6) for name, p in found.probabilities.items()},
        "score": round(found.score, 6),
        "threshold": threshold,
        "reasons": reasons(found),
        "version": found.version,
    }


def reasons(found: Classification) -> list[str]:
    """Return the reasons that support the verdict, with the words that decided.

    In some prompts no single signal is decisive, and the sum of all decides.
    """
    all_reasons = found.quoting or found.reasons
    if found.label == Complexity.SIMPLE:
        return list(all_reasons)
    supporting = [reason for reason in all_reasons if reason != NO_SIGN]
    return supporting or ["no single signal decides; their sum does"]


def render(found: Classification, threshold: float | None) -> str:
    """Return the explanation as lines of text."""
    ruled = f", threshold {threshold:.2f}" if threshold is not None else ""
    return "\n".join([
        f"{found.label}  (confidence {found.confidence:.0%})",
        *(f"  {k:<12} {v:6.1%} {'█' * round(v * _BAR)}" for k, v in found.probabilities.items()),
        f"  need for the strong model {found.score:.2f} (from 0 to 1{ruled})",
        "because",
        *(f"  - {reason}" for reason in reasons(found)),
        f"weights {found.version}",
    ])  # fmt: skip
