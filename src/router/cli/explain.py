"""``explain``: one prompt judged in words a person reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from router.analyzer import Classification, load

_BAR = 24


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("prompt", nargs="?", help="the prompt; read from stdin if left out")
    parser.add_argument("--weights", type=Path, help="weights file; default: the shipped one")


def run(args: argparse.Namespace) -> int:
    """Print the verdict, what carried it, and by which weights."""
    prompt = sys.stdin.read() if args.prompt is None else args.prompt
    analyzer = load(args.weights)
    print(render(analyzer.classify_prompt(prompt), analyzer.threshold))
    return 0


def render(found: Classification, threshold: float | None) -> str:
    """Return the explanation as lines of text."""
    ruled = f", threshold {threshold:.2f}" if threshold is not None else ""
    return "\n".join([
        f"{found.label}  (confidence {found.confidence:.0%})",
        *(f"  {k:<12} {v:6.1%} {'█' * round(v * _BAR)}" for k, v in found.probabilities.items()),
        f"  need of the strong model {found.score:.2f} (0 none .. 1 full{ruled})",
        "because",
        *(f"  - {reason}" for reason in found.reasons),
        f"weights {found.version}",
    ])  # fmt: skip
