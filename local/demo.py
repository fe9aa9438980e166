"""The main job on one machine: route `local/prompts.jsonl`, wait for the costs, print the table.

    python -m local.demo

Exits non-zero when a request is not terminal or an attempt has no price; leaves nothing running.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local import cloud, routing
from local.cloud import ROOT, CloudError
from local.deployment import Deployment, deploy
from local.routing import Traced
from local.terraform import TerraformError

PROMPTS = ROOT / "local" / "prompts.jsonl"
FOLDER = ROOT / "build" / "demo"
RESULT = ROOT / "build" / "demo.json"
_SETTLE_SECONDS = 120
_TABLE_WIDTH = 150


def main() -> int:
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    started = time.monotonic()

    def say(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {escape(step)}")

    try:
        say("starting the local cloud and the provider simulator")
        # A folder of its own, so that a demo does not disturb a cloud that `make up` left running.
        running = cloud.start(folder=FOLDER)
        try:
            return _run(deploy(running, say, FOLDER / "terraform"), console, say)
        finally:
            say("stopping the local cloud")
            cloud.stop(running, folder=FOLDER)
    except (CloudError, TerraformError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(deployment: Deployment, console: Console, say: Any) -> int:
    requests = [json.loads(line) for line in PROMPTS.read_text(encoding="utf-8").splitlines()]
    say(f"starting {len(requests)} executions")
    arns = routing.start(deployment, requests)
    ids = [arn.rsplit(":", 1)[1] for arn in arns]
    say("waiting for the executions to end")
    runs = [routing.wait_for_execution(deployment, arn, _SETTLE_SECONDS) for arn in arns]
    say("waiting for the rows' costs")
    accepted = [i for i in ids if routing.trace(deployment, i).request]
    routing.wait_until_settled(deployment, accepted, _SETTLE_SECONDS)
    traces = [routing.trace(deployment, request_id) for request_id in ids]
    say("done")
    totals = _totals(traces)
    _write(requests, traces, totals)
    console.print(_table(requests, traces))
    _print_totals(console, totals)
    _print_commands(console, deployment, ids[0])
    return _verdict(console, runs, traces)


def _table(requests: Sequence[Mapping[str, Any]], traces: Sequence[Traced]) -> Table:
    table = Table(title="Routed prompts", header_style="bold")
    for name in (
        "prompt",
        "complexity",
        "conf.",
        "model",
        "status",
        "in",
        "out",
        "cost $",
        "on COMPLEX $",
    ):
        right = name in ("conf.", "in", "out", "cost $", "on COMPLEX $")
        table.add_column(
            name,
            justify="right" if right else "left",
            no_wrap=True,
            max_width=48 if name == "prompt" else None,
        )
    for request, traced in zip(requests, traces, strict=True):
        row = traced.request
        table.add_row(
            escape(_cut(_prompt_of(request))),
            row.get("complexity", "?"),
            f"{row['confidence']:.2f}" if "confidence" in row else "?",
            row.get("model", "-"),
            row.get("status", "not accepted"),
            _shown(
                traced.tokens(
                    "input_tokens",
                    "cache_read_tokens",
                    "cache_write_5m_tokens",
                    "cache_write_1h_tokens",
                )
            ),
            _shown(traced.tokens("output_tokens")),
            _money(traced.cost_usd),
            _money(traced.baseline_usd),
        )
    return table


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
        "cost_usd": str(cost),
        "overhead_usd": str(overhead),
        "spend_usd": str(cost + overhead),
        "baseline_usd": str(baseline),
        "net_savings_usd": str(baseline - cost - overhead),
    }


def _write(
    requests: Sequence[Mapping[str, Any]], traces: Sequence[Traced], totals: Mapping[str, Any]
) -> None:
    rows = [
        {
            "request_id": traced.request_id,
            "input": _prompt_of(request),
            "complexity": traced.request.get("complexity"),
            "confidence": float(traced.request.get("confidence", 0)),
            "model": traced.request.get("model"),
            "provider": traced.request.get("provider"),
            "status": traced.request.get("status"),
            "input_tokens": traced.tokens(
                "input_tokens",
                "cache_read_tokens",
                "cache_write_5m_tokens",
                "cache_write_1h_tokens",
            ),
            "output_tokens": traced.tokens("output_tokens"),
            "cost_usd": _decimal_string(traced.cost_usd),
            "overhead_usd": _decimal_string(traced.overhead_usd),
            "baseline_usd": _decimal_string(traced.baseline_usd),
        }
        for request, traced in zip(requests, traces, strict=True)
    ]
    result = {"requests": rows, "totals": totals}
    RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _print_totals(console: Console, totals: Mapping[str, Any]) -> None:
    cost, overhead, baseline, net = (
        Decimal(totals[name])
        for name in ("cost_usd", "overhead_usd", "baseline_usd", "net_savings_usd")
    )
    console.print(f"models                  $ {cost:.6f}")
    console.print(f"workflow and Lambda     $ {overhead:.6f}  (estimated)")
    console.print(f"all on the COMPLEX model $ {baseline:.6f}")
    share = f", {net / baseline:.0%} of it" if baseline else ""
    verb = "saved" if net >= 0 else "LOST"
    console.print(f"[bold]routing {verb}           $ {abs(net):.6f}[/bold] net{share}")


def _print_commands(console: Console, deployment: Deployment, request_id: str) -> None:
    arn = deployment.state_machine_arn
    table = deployment.usage_table
    console.print(
        "\nThe same by hand, while a cloud is up (make up; on AWS leave --endpoint-url out):"
    )
    endpoint = f"--endpoint-url {deployment.cloud.emulator_url}"
    for command in (
        f"aws {endpoint} stepfunctions start-execution --state-machine-arn {arn}"
        """ --input '{"input": "What is the capital of France?"}'""",
        f"aws {endpoint} dynamodb query --table-name {table}"
        " --key-condition-expression 'request_id = :id'"
        f""" --expression-attribute-values '{{":id": {{"S": "{request_id}"}}}}'""",
    ):
        console.print("  " + command, soft_wrap=True, markup=False, highlight=False)


def _verdict(console: Console, runs: Sequence[Mapping[str, Any]], traces: Sequence[Traced]) -> int:
    for run, traced in zip(runs, traces, strict=True):
        if not traced.settled:
            reason = f"{run['status']} {run.get('error', '')}"
            console.print(f"[red]{traced.request_id} is not settled: {escape(reason)}[/red]")
        elif not traced.priced:
            console.print(f"[red]{traced.request_id} has an attempt without a price[/red]")
    return 0 if all(traced.priced for traced in traces) else 1


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


if __name__ == "__main__":
    raise SystemExit(main())
