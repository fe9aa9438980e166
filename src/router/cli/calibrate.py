"""``calibrate``: refit the score to your own outcomes and choose the threshold for a target.

It writes weights, and a diff to review: no deployment changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cost_calculator.cli.arguments import UsageError, duration, number
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments
from cost_calculator.rates import default_rates
from router.analyzer import Analyzer, load
from router.analyzer.calibration import Outcome, Point, Refit, refit, rewrite
from router.analyzer.model import shipped_weights
from router.analyzer.weights import parse as parse_weights
from router.analyzer.weights import read_weights
from router.cli.calibrate_report import Proposal, as_json, cost, diff, report
from router.cli.calibrate_rows import Rows, of_a_file, of_the_deployment
from router.cli.environment import configured
from router.cli.jsonl import add_weights_argument
from router.config.settings import Config
from router.learning.evidence import SOURCES
from router.learning.proposal import Bounds, Expected, cost_of_tiers, expected, traffic_of

_SAMPLE = 2000  # requests that are judged by both weights


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--labels", type=Path, metavar="FILE",
        help="JSONL {prompt, strong, weak}: what each model scored; without strong, 1 is assumed",
    )  # fmt: skip
    source.add_argument(
        "--since", type=duration,
        help="the deployment's own requests instead, accepted in the last 12h, 7d …",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="sources", action="append", choices=SOURCES, metavar="SOURCE",
        help=f"with --since: {', '.join(SOURCES)}; may be given again (all)",
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="the weights file to write"
    )
    parser.add_argument(
        "--diff", type=Path, metavar="FILE", help="the diff to review (OUT with .md after it)"
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
    for name, default in (("strong", "1"), ("weak", "0")):
        parser.add_argument(
            f"--{name}-cost", type=_cost_a_prompt, metavar="COST",
            help=f"what a prompt costs on the {name} model ({default}; with --since, what it did)",
        )  # fmt: skip
    add_json_argument(parser)
    add_table_arguments(parser, ("usage",))


def run(args: argparse.Namespace) -> int:
    """Fit, report, write; nothing is written if nothing can be learned."""
    if args.sources and not args.since:
        raise UsageError("write --from with --since: a file of --labels is one source")
    rows = of_the_deployment(args) if args.since else of_a_file(args.labels)
    for message in rows.bad[:20]:
        print(message, file=sys.stderr)
    unit = _set_costs(args, rows)
    weights = read_weights(args.weights) if args.weights else shipped_weights()
    analyzer = load(args.weights)
    name = str(args.labels or "the deployment's requests")
    try:
        fitted = refit(analyzer, rows.outcomes)
        chosen = choose(fitted.curve, args)
    except ValueError as error:
        print(f"{name}: {error}", file=sys.stderr)
        for reason, count in rows.skipped.items():
            print(f"{count} make no row: {reason}", file=sys.stderr)
        return 1
    version = f"{weights.header['version'].split('+')[0]}+{_digest(rows.outcomes)}"
    made = rewrite(weights, fitted, chosen.threshold, version)
    args.out.write_bytes(made)
    review = args.diff or args.out.with_name(f"{args.out.name}.md")
    proposal = _proposal(rows, analyzer, Analyzer(parse_weights(made, str(args.out))),
                         (fitted, chosen), args, unit)  # fmt: skip
    review.write_text(diff(proposal, chosen, args.out.name), encoding="utf-8")
    if args.json:
        counts = {
            "rows": len(rows.outcomes),
            "sources": rows.sources,
            "bad_lines": len(rows.bad),
            "strong_assumed": rows.assumed_rows,
            "diff": str(review),
        }
        print(json.dumps(counts | as_json(fitted, chosen, version, args)))
    else:
        print(report(fitted, chosen, len(rows.outcomes), rows.assumed_rows, len(rows.bad), args))
        print(f"to review: {review}")
    return 0


def _set_costs(args: argparse.Namespace, rows: Rows) -> str:
    """Fill in the costs that were not given; return their unit."""
    measured = None
    if args.strong_cost is None and args.weak_cost is None and rows.requests:
        measured = cost_of_tiers(rows.requests, default_rates())
    strong, weak = measured or (1.0, 0.0)
    args.strong_cost = strong if args.strong_cost is None else args.strong_cost
    args.weak_cost = weak if args.weak_cost is None else args.weak_cost
    if args.strong_cost <= args.weak_cost:
        raise UsageError("write a --strong-cost above --weak-cost")
    return "USD" if measured else "the unit of --strong-cost"


def _proposal(
    rows: Rows,
    before: Analyzer,
    after: Analyzer,
    fit: tuple[Refit, Point],
    args: argparse.Namespace,
    unit: str,
) -> Proposal:
    fitted, chosen = fit
    current = _bounds_in_force(before)
    raised = Bounds(chosen.threshold, min(current.lower_below, chosen.threshold))
    both = Bounds(chosen.threshold, chosen.threshold)
    costs = args.strong_cost, args.weak_cost
    judged = [before.classify_prompt(row.prompt) for row in rows.outcomes]
    labels = [found.label.value for found in judged]

    def on(bounds: Bounds, scores: Sequence[float]) -> tuple[Bounds, Expected]:
        return bounds, expected(rows.outcomes, labels, scores, bounds, costs)

    traffic = None
    if rows.requests:
        step = max(1, len(rows.requests) // _SAMPLE)
        sample = rows.requests[::step][:_SAMPLE]
        traffic = traffic_of(sample, (before, current), (after, raised), default_rates())
    return Proposal(
        version=(before.version, after.version),
        bounds=current,
        expected={
            "now": on(current, [found.score for found in judged]),
            "proposed": on(raised, fitted.held_out),
            "with `lower_below`": on(both, fitted.held_out),
        },
        rows=len(rows.outcomes),
        sources=rows.sources,
        assumed=rows.assumed,
        costs=costs,
        unit=unit,
        skipped=rows.skipped,
        traffic=traffic,
        days=_in_words(args.since) if args.since else "",
    )


def _bounds_in_force(analyzer: Analyzer) -> Bounds:
    """Return the bounds of FAREGATE_CONFIG, or those of the weights, or the module's defaults."""
    settings = configured(lambda text: Config.from_json(text) if text else None)
    if settings:
        settings = settings.with_threshold(analyzer.threshold)
        return Bounds(settings.raise_above, settings.lower_below)
    return Bounds(1.0 if analyzer.threshold is None else analyzer.threshold, 0.0)


def _in_words(since: timedelta) -> str:
    hours = since.total_seconds() / 3600
    return f"{hours:g} hours" if hours < 48 else f"{hours / 24:g} days"


def _digest(rows: Sequence[Outcome]) -> str:
    text = json.dumps([[row.prompt, row.strong, row.weak] for row in rows])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def choose(curve: Sequence[Point], args: argparse.Namespace) -> Point:
    """Return the cheapest point that keeps the quality, or the best one within the budget."""
    if args.budget is None:
        return min(
            (p for p in curve if p.kept >= args.target_quality), key=lambda p: p.strong_share
        )
    within = [p for p in curve if cost(p, args) <= args.budget]
    if not within:
        raise ValueError(f"no threshold costs as little as {args.budget}; raise --budget")
    return max(within, key=lambda p: (p.quality, -p.strong_share))


def _kept(text: str) -> float:
    return float(_share_above_0(text))


def _cost_a_prompt(text: str) -> float:
    return float(_amount(text))


_share_above_0 = number(0, 1, example="0.95", above=True)
_amount = number(example="0.01")
