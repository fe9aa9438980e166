"""Makes the document that the page holds: sums in columns, money as exact integers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.cells import Cell, Parts
from cost_calculator.contributions import HISTOGRAM_BOUNDS, Sums, add
from cost_calculator.overhead import aws_prices
from cost_calculator.planning.fixed_costs import fixed_total
from cost_calculator.pricing import plain
from cost_calculator.reports import GAPS, nothing_priced
from cost_calculator.usage import TOKEN_CLASSES

_KEY = ("day", "cell")
_ZERO = Decimal(0)
_AXES = ("tenant", "model", "tier", "workflow")


@dataclass(frozen=True, slots=True)
class Budget:
    """What a tenant (``*``: all together) may spend in a period, and what it has.

    ``committed_usd`` is spent or reserved; ``reserved_usd`` of it is for requests that still run.
    """

    tenant: str
    period: str
    limit_usd: Decimal
    committed_usd: Decimal
    reserved_usd: Decimal


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Rows of a day, tenant and model whose price is still PENDING."""

    day: str
    tenant: str
    model: str
    count: int


@dataclass(frozen=True, slots=True)
class Failures:
    """The latest failed requests, newest first.

    Of ``looked_at`` requests; all since ``complete_since`` are among them (None: of all days).
    """

    rows: Sequence[Mapping[str, Any]]
    looked_at: int
    complete_since: str | None


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions that cost the most on the page's days since ``complete_since`` (None: on all).

    ``found`` is how many sessions there were.
    """

    rows: Sequence[tuple[str, str, Sums]]
    found: int
    complete_since: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the page shows, as the tables held it at one time."""

    source: str
    at: str
    days: Sequence[str]
    cells: Iterable[Mapping[str, Any]]
    pending: Sequence[Unpriced]
    pending_more: bool
    failures: Failures
    budgets: Sequence[Budget]
    sessions: Sessions = Sessions((), 0, None)


def document(snapshot: Snapshot) -> dict[str, Any]:
    """Return the snapshot as JSON values.

    Cells of all shards are added up by (day, tenant, model, tier, workflow) and listed in columns.
    A sum of money is an integer, in text: the dollars times ten to the power of ``scale``.
    """
    merged = _without_shards(snapshot.cells)
    keys = sorted(merged)
    names = sorted({name for sums in merged.values() for name in sums})
    scale = max([6, *(_decimals(v) for s in merged.values() for n, v in s.items() if _money(n))])
    axes = {axis: sorted({key[place] for key in keys}) for place, axis in enumerate(_AXES, start=1)}
    places = {axis: {name: n for n, name in enumerate(found)} for axis, found in axes.items()}
    day_place = {day: n for n, day in enumerate(snapshot.days)}
    return {
        "source": snapshot.source,
        "at": snapshot.at,
        "scale": scale,
        "days": list(snapshot.days),
        **{f"{axis}s": found for axis, found in axes.items()},
        "cells": {
            "day": [day_place[key[0]] for key in keys],
            **{
                axis: [places[axis][key[n]] for key in keys]
                for n, axis in enumerate(_AXES, start=1)
            },
        },
        "sums": {
            name: [_shown(name, merged[key].get(name, _ZERO), scale) for key in keys]
            for name in names
        },
        "gaps": GAPS,
        "token_classes": list(TOKEN_CLASSES),
        "histogram": [*(f"cost_le_{bound}" for bound in HISTOGRAM_BOUNDS), "cost_le_inf"],
        "pending": [
            {"day": p.day, "tenant": p.tenant, "model": p.model, "count": p.count}
            for p in snapshot.pending
        ],
        "pending_more": snapshot.pending_more,
        "fixed_month_usd": plain(fixed_total(aws_prices())),
        "failures": {
            "rows": [dict(row) for row in snapshot.failures.rows],
            "looked_at": snapshot.failures.looked_at,
            "complete_since": snapshot.failures.complete_since,
        },
        "sessions": {
            "rows": [_session(*row) for row in snapshot.sessions.rows],
            "found": snapshot.sessions.found,
            "complete_since": snapshot.sessions.complete_since,
        },
        "budgets": [
            {
                "tenant": budget.tenant,
                "period": budget.period,
                "limit_usd": plain(budget.limit_usd),
                "committed_usd": f"{budget.committed_usd:.6f}",
                "reserved_usd": f"{budget.reserved_usd:.6f}",
            }
            for budget in snapshot.budgets
        ],
    }


def _session(tenant: str, session: str, sums: Sums) -> dict[str, Any]:
    known = not nothing_priced(sums)
    cost, overhead = (sums.get(name, _ZERO) for name in ("cost_usd", "overhead_usd"))
    return {
        "tenant": tenant,
        "session": session,
        "requests": int(sums.get("requests", _ZERO)),
        "attempts": int(sums.get("attempts", _ZERO)),
        "models_usd": f"{cost:.6f}" if known else None,
        "total_usd": f"{cost + overhead:.6f}" if known else None,
        "not_priced": int(sum(sums.get(n, _ZERO) for n in GAPS if n != "baseline_unpriced")),
    }


def _without_shards(
    cells: Iterable[Mapping[str, Any]],
) -> dict[Parts, Sums]:
    grouped: dict[Parts, list[Sums]] = {}
    for cell in cells:
        key = Cell(cell["day"], cell["cell"]).parts
        grouped.setdefault(key, []).append({n: v for n, v in cell.items() if n not in _KEY})
    return {key: add(parts) for key, parts in grouped.items()}


def _money(name: str) -> bool:
    return name.endswith("_usd")


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _shown(name: str, value: Decimal, scale: int) -> int | str:
    if not _money(name):
        return int(value)
    return str(int(value.scaleb(scale))) if value else 0
