"""The figures of a workflow run, as reports and the HTTP API show them. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_calculator.contributions import Sums
from cost_calculator.pricing import plain
from cost_calculator.reports import GAPS, nothing_priced, tokens
from cost_calculator.workflow_cost import Step, WorkflowRun

_ZERO = Decimal(0)


def run_as_json(run: WorkflowRun) -> dict[str, Any]:
    """Return a run as JSON; money as decimal strings, absent if it is not known."""
    about = {"workflow": run.workflow, "status": run.status, "cause": run.cause}
    return {
        "workflow_id": run.run_id,
        **{name: value for name, value in about.items() if value},
        "steps": [_step_as_json(step) for step in run.steps],
        **{f"own_{name}": usd for name, usd in money_as_json(run.own).items()},
        "total": _figures(run.total) | {"pending": run.pending},
        "gaps": {name: plain(run.total.get(name, _ZERO)) for name in GAPS},
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "request_id": step.request_id,
        "step": step.name,
        "status": step.status,
        "model": step.model,
        **_figures(step.sums),
        "pending": step.pending,
    }
    if step.steps:
        shown["steps"] = [_step_as_json(each) for each in step.steps]
    return shown


def _figures(sums: Sums) -> dict[str, Any]:
    sent, received = tokens(sums)
    counts = {
        "attempts": sums.get("attempts", _ZERO),
        "retries": sums.get("retries", _ZERO),
        "tokens_in": sent,
        "tokens_out": received,
    }
    return {name: int(value) for name, value in counts.items()} | money_as_json(sums)


def money(sums: Sums) -> dict[str, Decimal | None]:
    """Return cost of models, overhead and their sum; ``None`` if the models' cost is not known."""
    overhead = sums.get("overhead_usd", _ZERO)
    cost = None if nothing_priced(sums) else sums.get("cost_usd", _ZERO)
    return {
        "cost_usd": cost,
        "overhead_usd": overhead,
        "total_usd": None if cost is None else cost + overhead,
    }


def money_as_json(sums: Sums) -> dict[str, str]:
    """Return ``money`` as decimal strings; absent if it is not known."""
    return {name: plain(value) for name, value in money(sums).items() if value is not None}
