"""What ``batch`` shows: an estimate, a progress bar, how a batch ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cost_calculator.pricing import plain
from router.cli.batch_cloud import Status
from router.cli.breakeven import DEFAULT_TIERS
from router.config.settings import Config
from router.ingress.batch.estimate import Estimate

_MAX_TOKENS = {"SIMPLE": 2048, "CALCULATION": 4096, "COMPLEX": 8192}
_POLL_SECONDS = 1.0


def configuration(text: str) -> Config:
    """Return the deployment's settings (``FAREGATE_CONFIG`` of analyze), or the module's own."""
    if text:
        return Config.from_json(text)
    tiers = {
        name: {"provider": model.provider, "model": model.model, "max_tokens": _MAX_TOKENS[name]}
        for name, model in DEFAULT_TIERS.items()
    }
    defaults = {
        "tiers": tiers,
        "routing": {"raise_above": 1.0, "lower_below": 0.0},
        "limits": {"input_bytes": 131072},
        "store_text": True,
        "text_ttl_days": 30,
        "workflow_type": "STANDARD",
        "workflow_seconds": 900,
    }
    return Config.from_json(json.dumps(defaults))


def print_estimate(found: Estimate, answer_tokens: int) -> None:
    """Print what the file will cost by tier, and what the figures rest on."""
    table = Table(title=f"{found.prompts:,} prompts, US dollars, estimated")
    for heading in ("tier", "model", "prompts", "tokens in", "tokens out", "cost"):
        table.add_column(heading, justify="left" if heading in ("tier", "model") else "right")
    for (tier, model), sums in sorted(found.tiers.items()):
        counts = (sums.prompts, sums.input_tokens, sums.output_tokens)
        table.add_row(tier, model, *(f"{count:,}" for count in counts), _usd(sums.usd))
    console = Console(width=120)
    console.print(table)
    console.print(f"models                   {_usd(found.models_usd)}")
    console.print(f"workflow, Lambda, tables {_usd(found.overhead_usd)}")
    console.print(f"all on the COMPLEX model {_usd(found.baseline_usd)}")
    for model, prompts in found.unpriced.items():
        console.print(f"{model} has no price ({prompts:,} prompts): add a row to PRICE_OVERRIDES")
    console.print(
        f"A token is taken as 4 bytes, an answer as {answer_tokens} tokens (--answer-tokens)."
        " Nothing was started."
    )


def print_estimate_json(found: Estimate, answer_tokens: int) -> None:
    """Print the same as JSON: money as decimal strings, null if it is not known."""
    tiers = [
        {
            "tier": tier,
            "model": model,
            "prompts": sums.prompts,
            "input_tokens": sums.input_tokens,
            "output_tokens": sums.output_tokens,
            "cost_usd": _text(sums.usd),
        }
        for (tier, model), sums in sorted(found.tiers.items())
    ]
    totals = {
        "prompts": found.prompts,
        "bad_lines": len(found.bad),
        "answer_tokens": answer_tokens,
        "models_usd": _text(found.models_usd),
        "overhead_usd": _text(found.overhead_usd),
        "baseline_usd": _text(found.baseline_usd),
        "unpriced": dict(found.unpriced),
    }
    print(json.dumps({**totals, "tiers": tiers}))


def follow(status: Callable[[], Status], prompts: int) -> None:
    """Show a progress bar until the batch is over; interrupting leaves the batch running."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("prompts", total=prompts)
            while not (now := status()).is_over:
                progress.update(task, completed=min(now.prompts_done, prompts))
                time.sleep(_POLL_SECONDS)
            progress.update(task, completed=min(now.prompts_done, prompts))
    except KeyboardInterrupt:
        raise SystemExit("the batch continues: `faregate batch status` shows it") from None


def print_status(status: Status) -> int:
    """Print the state of a batch; return the exit code: 0 unless it failed."""
    console = Console(width=120)
    console.print(f"batch {status.batch_id}: {status.state}")
    if status.summary is None:
        console.print(f"about {status.prompts_done:,} prompts done")
    else:
        console.print(_summary(status.summary))
        for line in _totals(status.summary):
            console.print(line)
    if status.error:
        console.print(f"{status.error}: {status.cause}")
    return _exit_code(status)


def print_status_json(status: Status) -> int:
    """Print the same as JSON."""
    print(json.dumps(asdict(status)))
    return _exit_code(status)


def _exit_code(status: Status) -> int:
    return 0 if status.state in ("RUNNING", "SUCCEEDED") else 1


def _summary(summary: Mapping[str, Any]) -> Table:
    table = Table()
    for heading in ("tier", "prompts", "cost $", "cost not known", "on COMPLEX $"):
        table.add_column(heading, justify="left" if heading == "tier" else "right")
    for tier, sums in sorted(summary["tiers"].items()):
        unknown = sum(n for name, n in sums.items() if name in _UNKNOWN)
        money = (sums.get("cost_usd", "–"), f"{unknown:,}", sums.get("baseline_usd", "–"))
        table.add_row(tier, f"{sums['prompts']:,}", *money)
    return table


_UNKNOWN = ("cost_pending", "cost_unpriced", "cost_unknown", "cost_invalid_usage")


def _totals(summary: Mapping[str, Any]) -> list[str]:
    statuses = ", ".join(f"{count:,} {name}" for name, count in summary["statuses"].items())
    lines = [f"{statuses or 'no prompts'}; {summary['bad_lines']:,} bad lines"]
    cost = f"models $ {summary['cost_usd']}, workflow and Lambda $ {summary['overhead_usd']}"
    if summary["cost_not_known"]:
        cost += f"; of {summary['cost_not_known']:,} prompts the cost is not known yet"
    lines.append(cost)
    if not summary["complete"]:
        lines.append("Not complete: submit again, which does only what is missing.")
    return lines


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"$ {amount:.4f}"
