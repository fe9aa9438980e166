"""``calibrate``: refit the score to your own outcomes and choose the threshold for a target."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cost_calculator.cli.arguments import UsageError, number
from cost_calculator.cli.options import add_json_argument
from router.analyzer import load
from router.analyzer.calibration import Outcome, Point, Refit, refit, rewrite
from router.analyzer.model import shipped_weights
from router.analyzer.weights import read_weights
from router.cli.jsonl import BadLine, add_weights_argument, lines, parse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--labels", required=True, type=Path, metavar="FILE",
        help="JSONL {prompt, strong, weak}: what each model scored; without strong, 1 is assumed",
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="the weights file to write"
    )
    add_weights_argument(parser)
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--target-quality", type=_kept, default=0.95, metavar="SHARE",
        help="share of the strong model's quality to keep (default 0.95)",
    )  # fmt: skip
    target.add_argument(
        "--budget", type=_cost_a_prompt, metavar="COST",
        help="highest mean cost a prompt, in the unit of the costs below",
    )  # fmt: skip
    for name, default in (("strong", 1.0), ("weak", 0.0)):
        parser.add_argument(
            f"--{name}-cost", type=_cost_a_prompt, default=default, metavar="COST",
            help=f"what a prompt costs on the {name} model (%(default)s)",
        )  # fmt: skip
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Fit, report, write; nothing is written if nothing can be learned."""
    rows, assumed, bad = read(args.labels)
    for message in bad[:20]:
        print(message, file=sys.stderr)
    if args.strong_cost <= args.weak_cost:
        raise UsageError("write a --strong-cost above --weak-cost")
    weights = read_weights(args.weights) if args.weights else shipped_weights()
    try:
        fitted = refit(load(args.weights), rows)
        chosen = choose(fitted.curve, args)
    except ValueError as error:
        print(f"{args.labels}: {error}", file=sys.stderr)
        return 1
    digest = hashlib.sha256(args.labels.read_bytes()).hexdigest()[:8]
    version = f"{weights.header['version'].split('+')[0]}+{digest}"
    args.out.write_bytes(rewrite(weights, fitted, chosen.threshold, version))
    if args.json:
        counts = {"rows": len(rows), "bad_lines": len(bad), "strong_assumed": assumed}
        print(json.dumps(counts | as_json(fitted, chosen, version, args)))
    else:
        print(report(fitted, chosen, len(rows), assumed, len(bad), args))
    return 0


def read(path: Path) -> tuple[list[Outcome], int, list[str]]:
    """Return the outcomes, how many lacked ``strong``, and what is wrong with the other lines."""
    rows: list[Outcome] = []
    bad: list[str] = []
    assumed = 0
    with path.open("rb") as source:
        for number, line in lines(source):
            try:
                row = parse(line)
                prompt = row.get("prompt")
                if not isinstance(prompt, str):
                    raise BadLine('"prompt" is missing or no string')
                strong, weak = _number(row.get("strong", 1.0)), _number(row.get("weak"))
                assumed += "strong" not in row
                rows.append(Outcome(prompt, strong, weak))
            except BadLine as error:
                bad.append(f"{path}:{number}: {error}")
    return rows, assumed, bad


def choose(curve: Sequence[Point], args: argparse.Namespace) -> Point:
    """Return the cheapest point that keeps the quality, or the best one within the budget."""
    if args.budget is None:
        return min(
            (p for p in curve if p.kept >= args.target_quality), key=lambda p: p.strong_share
        )
    within = [p for p in curve if _cost(p, args) <= args.budget]
    if not within:
        raise ValueError(f"no threshold costs as little as {args.budget}; raise --budget")
    return max(within, key=lambda p: (p.quality, -p.strong_share))


def report(
    fitted: Refit, chosen: Point, rows: int, assumed: int, bad: int, args: argparse.Namespace
) -> str:
    """Return the curve, the choice and what it would have saved, all on held-out rows."""
    shipped, saved = _shipped(fitted, chosen), _saved(chosen, args)
    shown = [
        min(fitted.curve, key=lambda p: abs(p.strong_share - share / 100))
        for share in range(100, -1, -10)
    ]
    table = [
        f"  {p.strong_share:7.0%} {p.kept:9.1%} {_cost(p, args):12.6g} {p.threshold:10.3f}"
        for p in shown
    ]
    return "\n".join([
        f"{rows} rows, {bad} bad lines skipped; figures on held-out fifths of the rows",
        *([f"{assumed} rows without \"strong\": 1 was assumed"] if assumed else []),
        "   strong   quality   cost a prompt  threshold",
        *table,
        f"chosen: threshold {chosen.threshold:.3f}, {chosen.strong_share:.0%} strong calls,"
        f" {chosen.kept:.1%} of the strong model's quality",
        f"would have saved {saved:.1%} against the strong model alone;"
        f" the weights as they were need {shipped.strong_share:.0%} strong calls for that quality",
    ])  # fmt: skip


def as_json(fitted: Refit, chosen: Point, version: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return the same; ``curve`` has every threshold that was tried."""
    return {
        "weights": str(args.out),
        "version": version,
        "threshold": chosen.threshold,
        "strong_share": chosen.strong_share,
        "quality_kept": chosen.kept,
        "cost_a_prompt": _cost(chosen, args),
        "saved_share": _saved(chosen, args),
        "strong_share_of_the_old_weights": _shipped(fitted, chosen).strong_share,
        "curve": [
            {"threshold": p.threshold, "strong_share": p.strong_share, "quality_kept": p.kept}
            for p in fitted.curve
        ],
    }


def _shipped(fitted: Refit, chosen: Point) -> Point:
    """Return the cheapest point of the weights as they were with the quality that was chosen."""
    wanted = min(chosen.kept, 1.0)
    return min((p for p in fitted.shipped if p.kept >= wanted), key=lambda p: p.strong_share)


def _saved(chosen: Point, args: argparse.Namespace) -> float:
    return float(1 - _cost(chosen, args) / args.strong_cost)


def _cost(point: Point, args: argparse.Namespace) -> float:
    return float(point.strong_share * args.strong_cost + (1 - point.strong_share) * args.weak_cost)


def _number(value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not abs(number := float(str(value))) < float("inf"):
        raise BadLine('"strong" and "weak" must be finite numbers, such as 1 and 0.5')
    return number


def _kept(text: str) -> float:
    return float(_share_above_0(text))


def _cost_a_prompt(text: str) -> float:
    return float(_amount(text))


_share_above_0 = number(0, 1, example="0.95", above=True)
_amount = number(example="0.01")
