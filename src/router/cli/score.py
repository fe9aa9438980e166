"""``score``: JSONL {id, prompt} in, JSONL {id, score} out, by shipped or calibrated weights."""

from __future__ import annotations

import argparse
from typing import Any

from router.analyzer import Classification, load
from router.cli import jsonl

configure = jsonl.configure


def run(args: argparse.Namespace) -> int:
    """Score each line; calibrated weights also give the side of their threshold."""
    threshold = load(args.weights).threshold

    def record(found: Classification) -> dict[str, Any]:
        side = {} if threshold is None else {"strong": found.score >= threshold}
        return {"score": round(found.score, 6), **side}

    return jsonl.answer(args, record)
