"""The report of ``calibrate``, and the diff to review: what was measured, what would change."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.analyzer.calibration import Point, Refit
from router.learning.proposal import Bounds, Expected, Traffic, moved_in_words


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fit with everything that its review needs. ``expected`` is by what would be set."""

    version: tuple[str, str]
    bounds: Bounds
    expected: Mapping[str, tuple[Bounds, Expected]]
    rows: int
    sources: Mapping[str, int]
    assumed: float
    costs: tuple[float, float]
    unit: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    traffic: Traffic | None = None
    days: str = ""


def diff(proposal: Proposal, chosen: Point, out: str) -> str:
    """Return the diff as Markdown. Nothing of it names a prompt."""
    before, after = proposal.version
    lines = [
        f"# Calibration: {before} -> {after}",
        "",
        f"Learned from {proposal.rows} rows: {_listed(proposal.sources)}.",
    ]
    if proposal.skipped:
        lines.append(f"No rows: {_listed(proposal.skipped)}.")
    if proposal.assumed < 1:
        lines.append(
            "Where only the cheaper model was rated, the stronger one counts as"
            f" {proposal.assumed:.2f}, the share of good among its own rated answers."
        )
    elif set(proposal.sources) - {"duplicates", "labels"}:
        lines.append(
            "Where only the cheaper model was rated, the stronger one counts as 1: it may be less."
        )
    lines += ["", "## Bounds", "", "```diff"]
    lines += [f"- {before}: {proposal.bounds.in_words()}"]
    lines += [f"+ {after}: raise above {chosen.threshold:.3f}"]
    lines += ["```", "", "## Expected, on rows that the fit has not seen", ""]
    lines += [
        f"| | calls to the stronger model | its quality kept | cost a prompt ({proposal.unit}) |",
        "|---|---|---|---|",
        *(
            f"| {name}: {bounds.in_words()} | {e.strong_share:.0%} | {e.kept:.1%} | {e.cost:.6g} |"
            for name, (bounds, e) in proposal.expected.items()
        ),
    ]
    strong, weak = proposal.costs
    lines += [
        "",
        f"A prompt costs {strong:.6g} on the stronger model, {weak:.6g} on the cheaper one.",
    ]
    lines += ["", *_about_traffic(proposal)]
    lines += [
        "## To apply",
        "",
        f"Nothing has changed. Put `{out}` into a bucket, try it as `routing.shadow.weights`,",
        "then name it as `analyzer.weights`. Its threshold replaces `routing.raise_above`; for the",
        f"last line of the table, also set `routing.lower_below = {chosen.threshold:.3f}`.",
        "",
    ]
    return "\n".join(lines)


def _about_traffic(proposal: Proposal) -> list[str]:
    traffic = proposal.traffic
    if traffic is None:
        return []
    moved = sum(each.requests for each in traffic.moved.values())
    lines = [
        f"## Who would go elsewhere, of the requests of the last {proposal.days}",
        "",
        f"{traffic.judged} prompts judged by both, {moved} of them differently. Rules, pins and",
        "tiers that callers name are not in this figure."
        + (f" {traffic.without_text} have no text: unknown." if traffic.without_text else ""),
        "",
        *moved_in_words(traffic),
        "",
    ]
    if traffic.shadowed:
        lines += [
            f"Of {traffic.shadowed} requests on which a shadow disagreed with what was decided, the"
            f" proposal agrees with the shadow on {traffic.shadow_agrees}.",
            "",
        ]
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


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
        f"  {p.strong_share:7.0%} {p.kept:9.1%} {cost(p, args):12.6g} {p.threshold:10.3f}"
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
        "cost_a_prompt": cost(chosen, args),
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
    return float(1 - cost(chosen, args) / args.strong_cost)


def cost(point: Point, args: argparse.Namespace) -> float:
    return float(point.strong_share * args.strong_cost + (1 - point.strong_share) * args.weak_cost)
