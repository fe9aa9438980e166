"""What a demo shows of its requests: a table, `build/demo.json`, totals, the next commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cost_calculator.usage import TOKEN_CLASSES
from local.client import Traced
from local.deployment import Deployment

Requests = Sequence[Mapping[str, Any]]
_INPUT_CLASSES = tuple(name for name in TOKEN_CLASSES if name != "output")
_NUMBERS = ("conf.", "in", "out", "cost $", "on COMPLEX $")
_TEXTS = ("prompt", "complexity", "model", "status")
_ORDER = (*_TEXTS[:2], "conf.", *_TEXTS[2:], *_NUMBERS[1:])


def document(requests: Requests, traces: Sequence[Traced]) -> dict[str, Any]:
    """Return what `build/demo.json` holds; money as decimal strings, null if it is not known."""
    rows = [_entry(request, traced) for request, traced in zip(requests, traces, strict=True)]
    return {"requests": rows, "totals": _totals(traces)}


def _entry(request: Mapping[str, Any], traced: Traced) -> dict[str, Any]:
    row = traced.request
    return {
        "request_id": traced.request_id,
        "input": _prompt_of(request),
        "complexity": row.get("complexity"),
        "confidence": float(row["confidence"]) if "confidence" in row else None,
        "model": row.get("model"),
        "provider": row.get("provider"),
        "status": row.get("status"),
        "input_tokens": traced.tokens(*_INPUT_CLASSES),
        "output_tokens": traced.tokens("output"),
        "cost_usd": _decimal_string(traced.cost_usd),
        "overhead_usd": _decimal_string(traced.overhead_usd),
        "baseline_usd": _decimal_string(traced.baseline_usd),
    }


def _totals(traces: Sequence[Traced]) -> dict[str, Any]:
    cost = _total([traced.cost_usd for traced in traces])
    overhead = _total([traced.overhead_usd for traced in traces])
    baseline = _total([traced.baseline_usd for traced in traces])
    return {
        "requests": len(traces),
        "unsettled": sum(not traced.settled for traced in traces),
        "unpriced_attempts": sum(
            row.get("cost_status") != "PRICED" for traced in traces for row in traced.attempts
        ),
        "cost_usd": f"{cost:f}",
        "overhead_usd": f"{overhead:f}",
        "spend_usd": f"{cost + overhead:f}",
        "baseline_usd": f"{baseline:f}",
        "net_savings_usd": f"{baseline - cost - overhead:f}",
    }


def table(requests: Requests, traces: Sequence[Traced]) -> Table:
    """Return the requests as a table, `?` if something is not known."""
    shown = Table(title="Routed prompts", header_style="bold")
    for name in _ORDER:
        shown.add_column(
            name,
            justify="right" if name in _NUMBERS else "left",
            no_wrap=True,
            max_width=48 if name == "prompt" else None,
        )
    for request, traced in zip(requests, traces, strict=True):
        row = traced.request
        shown.add_row(
            escape(_cut(_prompt_of(request))),
            row.get("complexity", "?"),
            f"{row['confidence']:.2f}" if "confidence" in row else "?",
            row.get("model", "-"),
            row.get("status", "not accepted"),
            _shown(traced.tokens(*_INPUT_CLASSES)),
            _shown(traced.tokens("output")),
            _money(traced.cost_usd),
            _money(traced.baseline_usd),
        )
    return shown


def print_totals(console: Console, totals: Mapping[str, Any]) -> None:
    """Print what was spent and what routing saved or lost, the workflow's own cost included."""
    cost, overhead, baseline, net = (
        Decimal(totals[name])
        for name in ("cost_usd", "overhead_usd", "baseline_usd", "net_savings_usd")
    )
    console.print(f"models                   $ {cost:.6f}")
    console.print(f"workflow and Lambda      $ {overhead:.6f}  (estimated)")
    console.print(f"all on the COMPLEX model $ {baseline:.6f}")
    share = f", {abs(net) / baseline:.0%} of it" if baseline else ""
    verb = "saved" if net >= 0 else "LOST "
    console.print(f"[bold]routing {verb}            $ {abs(net):.6f}[/bold] net{share}")
    if unknown := totals["unpriced_attempts"] + totals["unsettled"]:
        console.print(f"[red]not in these sums: {unknown} of unknown cost[/red]")


def print_commands(console: Console, deployment: Deployment) -> None:
    """Print commands that do the same by hand."""
    console.print("\nThe same by hand (on AWS without the first two lines, and with your own ARN):")
    for command in (
        "make up",
        'eval "$(make -s env)"',
        f"aws stepfunctions start-execution --state-machine-arn {deployment.state_machine_arn}"
        """ --input '{"input": "What is the capital of France?", "request_id": "r-1"}'""",
        f"aws dynamodb query --table-name {deployment.usage_table}"
        " --key-condition-expression 'request_id = :id'"
        """ --expression-attribute-values '{":id": {"S": "r-1"}}'""",
    ):
        console.print("  " + command, soft_wrap=True, markup=False, highlight=False)


def _prompt_of(request: Mapping[str, Any]) -> str:
    return str(request.get("input") or request["messages"][-1]["content"])


def _cut(text: str, width: int = 38) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _shown(value: Any) -> str:
    return "?" if value is None else str(value)


def _money(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:.6f}"


def _decimal_string(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _total(values: Sequence[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), Decimal(0))
