"""``calibrate``: refit the score to your own outcomes and choose the threshold for a target."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from router.analyzer import load
from router.analyzer.calibration import Outcome, Point, Refit, refit, rewrite
from router.analyzer.model import shipped_weights
from router.analyzer.weights import read_weights
from router.cli.jsonl import BadLine, lines, parse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--labels", required=True, type=Path,
        help="JSONL {prompt, strong, weak}: what each model scored; without strong, 1 is assumed",
    )  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, help="the weights file to write")
    parser.add_argument("--weights", type=Path, help="start from these; default: the shipped ones")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--target-quality", type=_share, default=0.95, metavar="SHARE",
        help="share of the strong model's quality to keep (default 0.95)",
    )  # fmt: skip
    target.add_argument(
        "--budget", type=float,
        help="highest mean cost a prompt, in the unit of the costs below",
    )  # fmt: skip
    parser.add_argument("--strong-cost", type=float, default=1.0, help="of a prompt (default 1)")
    parser.add_argument("--weak-cost", type=float, default=0.0, help="of a prompt (default 0)")


def run(args: argparse.Namespace) -> int:
    """Fit, report, write; nothing is written where nothing can be learned."""
    rows, assumed, bad = read(args.labels)
    for message in bad[:20]:
        print(message, file=sys.stderr)
    if args.strong_cost <= args.weak_cost:
        print("--strong-cost must be above --weak-cost", file=sys.stderr)
        return 2
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
    top = args.strong_cost
    shipped = min(
        (p for p in fitted.shipped if p.kept >= min(chosen.kept, 1.0)), key=lambda p: p.strong_share
    )
    saved = 1 - _cost(chosen, args) / top
    shown = [
        min(fitted.curve, key=lambda p: abs(p.strong_share - share / 100))
        for share in range(100, -1, -10)
    ]
    table = [
        f"  {p.strong_share:7.0%} {p.kept:9.1%} {_cost(p, args):12.6g} {p.threshold:10.3f}"
        for p in shown
    ]
    return "\n".join([
        f"{rows} rows, {bad} bad lines left out; figures on held-out fifths of the rows",
        *([f"{assumed} rows without \"strong\": 1 was assumed"] if assumed else []),
        "   strong   quality   cost a prompt  threshold",
        *table,
        f"chosen: threshold {chosen.threshold:.3f}, {chosen.strong_share:.0%} strong calls,"
        f" {chosen.kept:.1%} of the strong model's quality",
        f"would have saved {saved:.1%} against the strong model alone;"
        f" the weights as they were need {shipped.strong_share:.0%} strong calls for that quality",
    ])  # fmt: skip


def _cost(point: Point, args: argparse.Namespace) -> float:
    return float(point.strong_share * args.strong_cost + (1 - point.strong_share) * args.weak_cost)


def _number(value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not abs(number := float(str(value))) < float("inf"):
        raise BadLine('"strong" and "weak" must be finite numbers, such as 1 and 0.5')
    return number


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share; write one such as 0.95")
    return value
