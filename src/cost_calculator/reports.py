"""Rolls cells up into the lines of a report, and describes what routing saved. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from cost_calculator.cells import SESSIONS, Cell
from cost_calculator.contributions import Sums, add
from cost_calculator.pricing import plain
from cost_calculator.row_keys import key_of
from cost_calculator.rows import SHARDS
from cost_calculator.usage import TOKEN_CLASSES

By = Literal["model", "tenant", "tier", "day", "workflow", "session"]

GAPS = {
    "unpriced": "tokens are known, the price is not",
    "unknown": "may have been billed, and no usage came back",
    "invalid_usage": "the usage makes no sense",
    "baseline_unpriced": "priced, and the baseline model is not",
}
"""What the sums of money leave out, and why."""

_KEY = ("day", "cell")


@dataclass(frozen=True, slots=True)
class Report:
    """Sums by group, the groups in order; ``total`` is the sum of all lines."""

    lines: Mapping[str, Sums]
    total: Sums


def days_between(start: datetime, end: datetime) -> list[str]:
    """Return every UTC day from ``start`` to ``end``, both included: sums are kept by day."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def partitions(days: Iterable[str]) -> list[str]:
    """Return the partitions of ``spend`` that hold the given days (``2026-11-21#3``)."""
    return [f"{day}#{shard}" for day in days for shard in range(SHARDS)]


def session_partitions(days: Iterable[str]) -> list[str]:
    """Return the partitions that hold what the sessions of the given days cost."""
    return partitions(f"{day}{SESSIONS}" for day in days)


def roll_up(cells: Iterable[Mapping[str, Any]], by: By) -> Report:
    """Add up cells by model, tenant, tier, workflow, session or day; days in order, the rest by
    cost. By session, they are those of ``session_partitions``."""
    groups: dict[str, list[Sums]] = {}
    for cell in cells:
        key = Cell(cell["day"], cell["cell"])
        sums = {name: value for name, value in cell.items() if name not in _KEY}
        groups.setdefault(_group(key, by), []).append(sums)
    lines = {name: add(parts) for name, parts in groups.items()}
    if by == "day":
        ordered = sorted(lines)
    else:
        ordered = sorted(lines, key=lambda name: (-_of(lines[name], "cost_usd"), name))
    return Report({name: lines[name] for name in ordered}, add(lines.values()))


def tokens(sums: Sums) -> tuple[Decimal, Decimal]:
    """Return input tokens (cached or not) and output tokens."""
    sent = sum((_of(sums, f"{n}_tokens") for n in TOKEN_CLASSES if n != "output"), Decimal(0))
    return sent, _of(sums, "output_tokens")


def nothing_priced(sums: Sums) -> bool:
    """Return whether there were attempts and the cost of not one is known: then no sum is 0."""
    gaps = sum((_of(sums, name) for name in ("unpriced", "unknown", "invalid_usage")), Decimal(0))
    return _of(sums, "attempts") == gaps > 0


def spent(sums: Sums) -> Decimal:
    """Return what was spent: models and overhead."""
    return _of(sums, "cost_usd") + _of(sums, "overhead_usd")


def net_savings(sums: Sums) -> Decimal:
    """Return what the baseline model would have cost, less what was spent: models and overhead."""
    return _of(sums, "baseline_usd") - spent(sums)


def savings_in_words(total: Sums) -> str:
    """Return whether routing paid against the COMPLEX tier's model, and what is left out."""
    net, baseline = net_savings(total), _of(total, "baseline_usd")
    if not total.get("attempts"):
        return "Nothing was priced in this time."
    against = f"against ${baseline:.6f} for the same tokens on the COMPLEX tier's model"
    if net > 0:
        words = f"Routing saved ${net:.6f} net ({net / baseline:.1%}) {against}."
    elif net < 0:
        words = (
            f"Routing LOST ${-net:.6f}: models and overhead cost more than they saved, {against}. "
            "`faregate breakeven --last 30d` says what to change."
        )
    else:
        words = f"Routing neither saved nor lost anything, {against}."
    left_out = [f"{total[name]} {name.replace('_', ' ')}" for name in GAPS if total.get(name)]
    if hits := total.get("cache_hits"):
        words += f" {hits} answers came out of the cache."
    return words + (f" Not in this figure: {', '.join(left_out)} attempts." if left_out else "")


def as_json(report: Report, days: Sequence[str], by: By) -> dict[str, Any]:
    """Return the report with every sum there is, as decimal strings; days are whole UTC days."""
    return {
        "from_day": days[0],
        "to_day": days[-1],
        "by": by,
        "lines": [{by: name, **_as_text(sums)} for name, sums in report.lines.items()],
        "total": _as_text(report.total),
        "gaps": {name: plain(_of(report.total, name)) for name in GAPS},
        "savings": savings_in_words(report.total),
    }


def _as_text(sums: Sums) -> dict[str, str]:
    known = {name: plain(value) for name, value in sorted(sums.items())}
    return known if nothing_priced(sums) else known | {"net_savings_usd": plain(net_savings(sums))}


def _group(key: Cell, by: By) -> str:
    parts = key.parts
    if by == "session":
        return key_of(parts.tenant, parts.session)  # a session means something with its tenant
    found: str = getattr(parts, by)
    return found


def _of(sums: Sums, name: str) -> Decimal:
    return sums.get(name, Decimal(0))
