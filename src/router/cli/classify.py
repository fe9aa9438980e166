"""``classify``: JSONL {id, prompt} or {id, messages} in, {id, label, probabilities, score} out."""

from __future__ import annotations

import argparse
from typing import Any

from router.analyzer import Classification
from router.cli import jsonl


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    jsonl.configure(parser)
    parser.add_argument("--explain", action="store_true", help="add the reasons and the version")


def run(args: argparse.Namespace) -> int:
    """Label each line."""

    def record(found: Classification) -> dict[str, Any]:
        answered: dict[str, Any] = {
            "label": found.label,
            "confidence": round(found.confidence, 6),
            "probabilities": {k: round(v, 6) for k, v in found.probabilities.items()},
            "score": round(found.score, 6),
        }
        if args.explain:
            answered |= {"reasons": found.quoting, "version": found.version}
        return answered

    return jsonl.answer(args, record)
